import io
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, PngImagePlugin

from phototriage.errors import PhotoError
from phototriage.photos import decode, read_capture
from phototriage.photos.formats import missing_heif_bytes, own_pillow_settings, without_padding


def png(scene: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(scene).save(file, "PNG", **options)
    return file.getvalue()


def xmp(size: int) -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", "x" * size, zip=True)
    return texts


def test_a_large_profile_of_a_png_is_used(scene: np.ndarray, swapped_profile: bytes) -> None:
    large = swapped_profile + np.random.default_rng(0).bytes(3 << 20)
    decoded = decode(png(scene, icc_profile=large), None)
    np.testing.assert_allclose(decoded.pixels, scene[..., [1, 0, 2]], rtol=0, atol=1)
    assert decoded.warnings == ()


def test_a_large_text_of_a_png_does_no_harm(scene: np.ndarray) -> None:
    data = png(scene, pnginfo=xmp(16 << 20))
    np.testing.assert_array_equal(decode(data, None).pixels, scene)
    assert read_capture(data).width == 90


def test_a_huge_text_of_a_png_is_refused(scene: np.ndarray) -> None:
    data = png(scene, pnginfo=xmp((16 << 20) + 1))
    assert len(data) < 50_000
    with pytest.raises(PhotoError, match=r"^the picture is damaged: "):
        decode(data, None)


def test_the_settings_are_put_back() -> None:
    with suppress(KeyError), own_pillow_settings():
        assert PngImagePlugin.MAX_TEXT_CHUNK == 16 << 20
        raise KeyError
    assert PngImagePlugin.MAX_TEXT_CHUNK == 1 << 20


def reason(data: bytes) -> str:
    with pytest.raises(PhotoError) as raised:
        decode(data, None)
    return str(raised.value)


def test_a_kind_of_tiff_that_cannot_be_opened_is_called_so() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((8, 8), np.uint64), photometric="minisblack", metadata=None)
    assert reason(file.getvalue()) == (
        "a TIFF of a kind that cannot be read, or its header is damaged: save it as an ordinary 8-bit TIFF"
    )


def test_a_cut_off_file_is_called_incomplete(scene: np.ndarray) -> None:
    file = io.BytesIO()
    Image.fromarray(scene).save(file, "TIFF", compression="tiff_lzw")  # its directory is the last part
    assert reason(file.getvalue()[:-100]).startswith("the picture is incomplete: ")
    assert reason(b"BM" + bytes(6)).startswith("the picture is incomplete: ")


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def large_box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body


HEIF_START = box(b"ftyp", b"heic\0\0\0\0") + box(b"meta", bytes(20))


@pytest.mark.parametrize("make", [box, large_box])
@pytest.mark.parametrize("cut", [0, 1, 50, 99])
def test_heif_image_data_cut_off(make: type, cut: int) -> None:
    data = HEIF_START + make(b"mdat", bytes(100))
    assert missing_heif_bytes(data[: len(data) - cut]) == cut


def test_a_heif_directory_cut_off() -> None:
    assert missing_heif_bytes(HEIF_START[:-3]) == 3


@pytest.mark.parametrize(
    "tail",
    [
        b"",
        struct.pack(">I4s", 0, b"mdat") + bytes(10),
        box(b"free", bytes(5)),
        box(b"mpvd", bytes(500))[:100],
        b"\xff\xd8\xff\xe1 not a box at all",
        b"\0\0\0\2????",
        b"\0\0\0\1mdat",
        b"SEFT",
    ],
)
def test_a_heif_is_whole_with_any_tail(tail: bytes) -> None:
    assert missing_heif_bytes(HEIF_START + box(b"mdat", bytes(100)) + tail) == 0


def test_real_heif_files(shared: Path) -> None:
    for name in ["pug.heic", "cat.hif", "spatial_photo.heic"]:
        data = (shared / "awkward/formats" / name).read_bytes()
        assert missing_heif_bytes(data) == 0
        assert missing_heif_bytes(data[:-1000]) == 1000


def test_a_real_heif_file_with_a_tail_of_the_camera(shared: Path) -> None:
    data = (shared / "awkward/formats/200MP.heic").read_bytes()
    assert missing_heif_bytes(data) == 0
    assert missing_heif_bytes(data[:-1000]) == 0
    assert missing_heif_bytes(data[:1_000_000]) > 1_000_000


def photo_of(scene: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[272] = "Pocket 1"
    Image.fromarray(scene).save(file, kind, exif=exif)
    return file.getvalue()


BEHIND = {
    "nothing": b"",
    "three zeros": bytes(3),
    "zeros": bytes(5000),
    "zeros up to a block": bytes(1 << 20),
}
FREE = {
    "a free box": struct.pack(">I4s", 5008, b"free") + bytes(5000),
    "a free box that says its size in 64 bits": struct.pack(">I4sQ", 1, b"free", 5016) + bytes(5000),
    "a skip box and zeros": struct.pack(">I4s", 5008, b"skip") + bytes(9000),
    "two free boxes": 2 * (struct.pack(">I4s", 4108, b"free") + bytes(4100)),
}


@pytest.mark.parametrize(
    ("kind", "behind"),
    [("WEBP", behind) for behind in BEHIND] + [("AVIF", behind) for behind in {**BEHIND, **FREE}],
)
def test_what_is_behind_a_whole_photo_does_no_harm(scene: np.ndarray, kind: str, behind: str) -> None:
    data = photo_of(scene, kind)
    padded = data + {**BEHIND, **FREE}[behind]
    np.testing.assert_array_equal(decode(padded, None).pixels, decode(data, None).pixels)
    assert read_capture(padded).model == "Pocket 1"
    assert without_padding(padded) == data


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_other_things_behind_a_photo_stay(scene: np.ndarray, kind: str) -> None:
    data = photo_of(scene, kind) + bytes(5000) + b"x"
    assert without_padding(data) == data


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_a_photo_that_stops_half_way_is_refused_whatever_fills_the_rest(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    data = photo_of(noise, kind)
    half = data[: len(data) // 2] + bytes(len(data) - len(data) // 2)
    for broken in (half, half + bytes(5000), data[: len(data) // 2] + bytes(5000)):
        assert without_padding(broken) == broken or len(without_padding(broken)) == len(data)
        with pytest.raises(PhotoError):
            decode(broken, None)
