import io
import random
import struct
import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile
from PIL.ExifTags import Base

from phototriage.errors import PhotoError, PhotoReadError
from phototriage.photos import decode, decoding
from phototriage.photos.geometry import SIDEWAYS, shrink, upright

# The EXIF orientation that turns back what each orientation does.
INVERSE = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


def encoded(pixels: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(**tags: object) -> Image.Exif:
    made = Image.Exif()
    made.update({int(Base[name]): value for name, value in tags.items()})
    return made


def reason(data: bytes, max_side: int | None = None) -> str:
    with pytest.raises(PhotoError) as raised:
        decode(data, max_side)
    text = str(raised.value)
    assert len(text.splitlines()) == 1
    assert "BytesIO" not in text
    return text


LOSSLESS = [
    ("PNG", {}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("WEBP", {"lossless": True}),
]
EVERY_FORMAT = [*LOSSLESS, ("JPEG", {}), ("JPEG", {"progressive": True}), ("AVIF", {})]


@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_lossless_formats_keep_every_pixel(scene: np.ndarray, kind: str, options: dict[str, object]) -> None:
    decoded = decode(encoded(scene, kind, **options), None)
    np.testing.assert_array_equal(decoded.pixels, scene)
    assert decoded.pixels.dtype == np.uint8
    assert (decoded.width, decoded.height) == (90, 60)
    assert decoded.warnings == ()


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 98}), ("AVIF", {"quality": 98})])
def test_lossy_formats_look_the_same(scene: np.ndarray, kind: str, options: dict[str, object]) -> None:
    decoded = decode(encoded(scene, kind, **options), None)
    assert np.abs(decoded.pixels.astype(int) - scene).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("max_side", [None, 30])
def test_orientation(scene: np.ndarray, kind: str, orientation: int, max_side: int | None) -> None:
    stored = upright(scene, INVERSE[orientation])
    options = {"lossless": True} if kind == "WEBP" else {}
    decoded = decode(encoded(stored, kind, exif=exif(Orientation=orientation), **options), max_side)
    expected = scene if max_side is None else shrink(scene, (30, 20))
    np.testing.assert_array_equal(decoded.pixels, expected)
    assert (decoded.width, decoded.height) == (90, 60)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "AVIF"])
def test_orientation_of_lossy_formats(scene: np.ndarray, kind: str, orientation: int) -> None:
    stored = upright(scene, INVERSE[orientation])
    decoded = decode(encoded(stored, kind, quality=98, exif=exif(Orientation=orientation)), 45)
    assert (decoded.width, decoded.height) == (90, 60)
    assert np.abs(decoded.pixels.astype(int) - shrink(scene, (45, 30))).mean() < 4


@pytest.mark.parametrize("orientation", [1, 6, 3])
def test_pixels_can_be_written_and_lie_in_one_piece(scene: np.ndarray, orientation: int) -> None:
    pixels = decode(encoded(scene, "PNG", exif=exif(Orientation=orientation)), None).pixels
    assert pixels.flags.writeable
    assert pixels.flags.c_contiguous


def test_png_is_area_averaged(scene: np.ndarray) -> None:
    expected = scene.reshape(20, 3, 30, 3, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(decode(encoded(scene, "PNG"), 30).pixels, expected, rtol=0, atol=0.501)


def photo_of_size(width: int, height: int) -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize(
    ("long_side", "scale"),
    [(100, 1), (399, 1), (400, 2), (799, 2), (800, 4), (1599, 4), (1600, 8), (2000, 8)],
)
def test_jpeg_is_decoded_at_the_smallest_scale_that_is_not_below_twice_the_size(
    long_side: int, scale: int
) -> None:
    data = encoded(photo_of_size(long_side, long_side * 3 // 5), "JPEG", quality=95)
    flag = {
        1: cv2.IMREAD_COLOR_RGB,
        2: cv2.IMREAD_REDUCED_COLOR_2,
        4: cv2.IMREAD_REDUCED_COLOR_4,
        8: cv2.IMREAD_REDUCED_COLOR_8,
    }[scale]
    reduced = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), flag))
    if scale > 1:
        reduced = np.asarray(cv2.cvtColor(reduced, cv2.COLOR_BGR2RGB))
    decoded = decode(data, 100)
    assert decoded.pixels.shape == (
        60 if long_side % 5 == 0 else round(100 * (long_side * 3 // 5) / long_side),
        100,
        3,
    )
    expected = shrink(reduced, (100, decoded.pixels.shape[0]))
    # OpenCV may smooth colour differently while it enlarges it.
    assert np.abs(decoded.pixels.astype(int) - expected).mean() < 1
    assert (decoded.width, decoded.height) == (long_side, long_side * 3 // 5)


@given(
    width=st.integers(1, 400),
    height=st.integers(1, 400),
    max_side=st.integers(1, 500),
    kind=st.sampled_from(["PNG", "JPEG"]),
    orientation=st.integers(1, 8),
)
def test_size(width: int, height: int, max_side: int, kind: str, orientation: int) -> None:
    data = encoded(Image.new("RGB", (width, height)), kind, exif=exif(Orientation=orientation))
    decoded = decode(data, max_side)
    upright_size = (height, width) if orientation in SIDEWAYS else (width, height)
    assert (decoded.width, decoded.height) == upright_size
    size = decoded.pixels.shape[1::-1]
    assert max(size) == min(max_side, max(upright_size))
    scale = max(size) / max(upright_size)
    for before, after in zip(upright_size, size, strict=True):
        assert after == 1 or abs(after - before * scale) <= 0.5 + 1e-9


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_16_bit_colour(suffix: str) -> None:
    deep = np.random.default_rng(4).integers(0, 65536, (20, 30, 3), np.uint16)
    data = cv2.imencode(suffix, deep)[1].tobytes()
    pixels = decode(data, None).pixels
    # Pillow keeps the upper byte, which is at most one level below the nearest.
    np.testing.assert_allclose(pixels, deep[..., ::-1] / 257, rtol=0, atol=1)


def test_16_bit_grey() -> None:
    deep = np.random.default_rng(4).integers(0, 65536, (20, 30), np.uint16)
    expected = np.repeat(np.rint(deep / 257)[..., np.newaxis], 3, axis=2)
    for kind in ("PNG", "TIFF"):
        np.testing.assert_array_equal(decode(encoded(deep, kind), None).pixels, expected)


def test_transparency_is_laid_over_white_before_it_is_averaged() -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0] = 0, 0, 0, 255
    assert decode(encoded(pixels, "PNG"), 1).pixels.tolist() == [[[128, 128, 128]]]


@pytest.mark.parametrize(("kind", "tolerance"), [("TIFF", 1), ("JPEG", 6)])
def test_cmyk(kind: str, tolerance: float) -> None:
    inks = np.full((16, 16, 4), (0, 51, 102, 51), np.uint8)
    image = Image.frombytes("CMYK", (16, 16), inks.tobytes())
    pixels = decode(encoded(image, kind), None).pixels
    np.testing.assert_allclose(pixels, np.full((16, 16, 3), (204, 163.2, 122.4)), rtol=0, atol=tolerance)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_colour_profile(scene: np.ndarray, swapped_profile: bytes, kind: str) -> None:
    decoded = decode(encoded(scene, kind, icc_profile=swapped_profile), None)
    np.testing.assert_allclose(decoded.pixels, scene[..., [1, 0, 2]], rtol=0, atol=1)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_a_broken_colour_profile_is_a_warning(scene: np.ndarray, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    decoded = decode(encoded(scene, kind, icc_profile=b"broken" * 40, **options), None)
    np.testing.assert_array_equal(decoded.pixels, decode(encoded(scene, kind, **options), None).pixels)
    assert len(decoded.warnings) == 1
    assert decoded.warnings[0].startswith("the ICC profile is ignored: ")


def test_broken_exif_is_a_warning(scene: np.ndarray) -> None:
    decoded = decode(encoded(scene, "PNG", exif=b"Exif\0\0no TIFF header here"), None)
    np.testing.assert_array_equal(decoded.pixels, scene)
    assert len(decoded.warnings) == 1
    assert decoded.warnings[0].startswith("the EXIF is broken: ")


def test_the_orientation_is_kept_where_only_the_rest_of_the_exif_is_broken(scene: np.ndarray) -> None:
    made = exif(Orientation=3)
    made.get_ifd(Base.ExifOffset)[Base.DateTimeOriginal] = "2024:02:29 12:00:00"
    pointer = struct.pack(">HHI", Base.ExifOffset, 4, 1)
    before, after = made.tobytes().split(pointer)
    broken = before + pointer + struct.pack(">I", 99_999_999) + after[4:]
    decoded = decode(encoded(scene, "PNG", exif=broken), None)
    np.testing.assert_array_equal(decoded.pixels, scene[::-1, ::-1])


def test_a_webp_whose_copying_stopped_half_way_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    data = encoded(noise, "WEBP", quality=90)
    assert decode(data, None).pixels.shape == (200, 300, 3)
    with pytest.raises(PhotoError, match="the end of the file is empty: it was not copied whole"):
        decode(data[: len(data) // 2] + bytes(len(data) - len(data) // 2), None)


def test_the_first_frame_counts(animated_webp: bytes, scene: np.ndarray) -> None:
    assert decode(animated_webp, None).pixels[0, 0].tolist() == [255, 0, 0]
    second = Image.new("RGB", (90, 60))
    mpo = encoded(scene, "MPO", quality=98, save_all=True, append_images=[second])
    assert np.abs(decode(mpo, None).pixels.astype(int) - scene).mean() < 3
    assert decode(mpo, 45).pixels.shape == (30, 45, 3)


@pytest.mark.parametrize(("kind", "options"), EVERY_FORMAT)
@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("max_side", [None, 20])
def test_half_a_photo_is_refused(
    kind: str, options: dict[str, object], share: float, max_side: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encoded(photo_of_size(200, 160), kind, **options)
    # Even where the program around us has told Pillow not to mind.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    reason(data[: int(len(data) * share)], max_side)
    assert ImageFile.LOAD_TRUNCATED_IMAGES


def test_no_data() -> None:
    assert reason(b"") == "the file is empty"


@pytest.mark.parametrize("kind", ["GIF", "PPM", "ICO"])
def test_formats_that_are_not_photos(scene: np.ndarray, kind: str) -> None:
    expected = "not a photo in a format that can be read: JPEG, PNG, TIFF, WEBP, HEIF, AVIF, BMP"
    assert reason(encoded(scene, kind)).removeprefix("a GIF, ") == expected


def test_infinite_values_are_refused() -> None:
    data = encoded(np.full((4, 4), np.inf, np.float32), "TIFF")
    assert reason(data) == ("some pixels are infinite or no numbers: save it with 8 or 16 bits per color")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "BMP", "AVIF"])
def test_too_many_pixels(scene: np.ndarray, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_DECODED_PIXELS", 5_399)
    expected = "too large: 90 × 60 pixels to be decoded at once, the limit is 5,399"
    assert reason(encoded(scene, kind), 20) == expected
    monkeypatch.setattr(decoding, "MAX_DECODED_PIXELS", 5_400)
    assert decode(encoded(scene, kind), 20).width == 90


def test_the_limit_is_on_what_is_decoded_not_on_the_photo(
    scene: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MAX_DECODED_PIXELS", 45 * 30)
    data = encoded(scene, "JPEG")
    assert decode(data, 20).pixels.shape == (13, 20, 3)
    assert reason(data, None).startswith("too large: 90 × 60 ")
    assert reason(encoded(scene, "JPEG", progressive=True), 20).startswith("too large: 90 × 60 ")


def test_pillow_neither_warns_of_large_photos_nor_refuses_them(
    scene: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    decoded = decode(encoded(scene, "PNG"), None)
    assert decoded.warnings == ()
    assert Image.MAX_IMAGE_PIXELS == 100


def test_no_memory(scene: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(image: ImageFile.ImageFile) -> None:
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(PhotoReadError, match=r"^there is not enough memory to decode it$"):
        decode(encoded(scene, "BMP"), None)


def test_warnings_are_single_short_lines_without_repeats(
    scene: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def complain(image: Image.Image) -> Image.Exif:
        for n in [1, 1, 2, 3, 4, 5, 6, 7]:
            warnings.warn(f"warning\n  {n} " + n * 100 * "x", stacklevel=1)
        return Image.Exif()

    monkeypatch.setattr(Image.Image, "getexif", complain)
    first, second, third, fourth, last = decode(encoded(scene, "BMP"), None).warnings
    assert first.startswith("warning 1 xx")
    assert [line[:10] for line in (second, third, fourth)] == ["warning 2 ", "warning 3 ", "warning 4 "]
    assert [len(line) for line in (first, second, third, fourth)] == [110, 200, 200, 200]
    assert last == "and 3 more warnings"


@pytest.mark.parametrize("max_side", [0, -1])
def test_max_side_must_be_positive(max_side: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        decode(b"anything", max_side)


@pytest.mark.parametrize(("kind", "options"), EVERY_FORMAT)
def test_damaged_files_decode_or_give_a_reason(
    kind: str, options: dict[str, object], scene: np.ndarray
) -> None:
    data = encoded(scene, kind, exif=exif(Orientation=6, DateTime="2024:02:29 12:00:00"), **options)
    chance = random.Random(kind)
    outcomes = set()
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chance.choice([1, 3, 10])):
            damaged[chance.randrange(chance.choice([100, len(data)]))] = chance.randrange(256)
        try:
            decoded = decode(bytes(damaged), 40)
        except PhotoError as error:
            outcomes.add(len(str(error).splitlines()))
        else:
            outcomes.add(decoded.pixels.shape[2])
    assert outcomes == {1, 3}


@pytest.mark.parametrize(("kind", "options"), EVERY_FORMAT)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_grey_is_the_luma_of_the_colours(
    scene: np.ndarray, kind: str, options: dict[str, object], orientation: int
) -> None:
    data = encoded(scene, kind, exif=exif(Orientation=orientation), **options)
    colours, grey = (decode(data, 70, grey=each) for each in (False, True))
    luma = cv2.cvtColor(colours.pixels, cv2.COLOR_RGB2GRAY)
    assert (grey.width, grey.height, grey.pixels.shape) == (colours.width, colours.height, luma.shape)
    assert np.abs(grey.pixels.astype(int) - luma).max() <= 2
    assert grey.pixels.flags.writeable
    assert grey.pixels.flags.c_contiguous


def test_grey_of_a_jpeg_is_the_luma_that_it_stores(scene: np.ndarray) -> None:
    data = encoded(scene, "JPEG", quality=90)
    with Image.open(io.BytesIO(data)) as image:
        image.draft("YCbCr", image.size)
        stored = np.asarray(image)[..., 0]
    np.testing.assert_array_equal(decode(data, None, grey=True).pixels, stored)


def test_grey_of_a_jpeg_is_halved_by_its_decoder_where_enough_is_left(scene: np.ndarray) -> None:
    data = encoded(scene, "JPEG", quality=90)
    height, width = scene.shape[:2]
    half = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_2)
    found = decode(data, max(half.shape), grey=True)
    np.testing.assert_array_equal(found.pixels, half)
    assert (found.width, found.height) == (width, height)
    assert max(decode(data, max(half.shape) + 1, grey=True).pixels.shape) == max(half.shape) + 1
    assert max(decode(data, max(half.shape) - 1, grey=True).pixels.shape) == max(half.shape) - 1


@pytest.mark.parametrize("levels", [np.uint8, np.uint16])
def test_grey_of_a_grey_photo_is_the_photo(scene: np.ndarray, levels: type) -> None:
    grey = scene[..., 0]
    data = encoded(grey if levels is np.uint8 else grey.astype(np.uint16) * 257, "PNG")
    np.testing.assert_array_equal(decode(data, None, grey=True).pixels, grey)


def test_grey_of_a_cut_off_photo_is_refused() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 600, 3), np.uint8)
    data = encoded(noise, "JPEG")
    with pytest.raises(PhotoError, match="the picture is incomplete"):
        decode(data[: len(data) // 2], None, grey=True)
