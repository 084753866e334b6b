import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.ExifTags import Base

from phototriage.errors import PhotoError
from phototriage.photos import Capture, decode, read_capture


def written(pixels: np.ndarray, *, planes: bool = False, **options: Any) -> bytes:
    """A TIFF of (h, w) or (h, w, channels), written by tifffile."""
    file = io.BytesIO()
    how: dict[str, Any] = {"photometric": "rgb" if pixels.ndim == 3 else "minisblack", "metadata": None}
    if planes:
        pixels, how["planarconfig"] = np.moveaxis(pixels, -1, 0), "separate"
    tifffile.imwrite(file, pixels, **{**how, **options})
    return file.getvalue()


def grey(pixels: np.ndarray) -> np.ndarray:
    return np.repeat(pixels[..., np.newaxis], 3, axis=2)


@pytest.fixture
def deep(scene: np.ndarray) -> np.ndarray:
    """The scene in 16 bits, its lower bytes unlike its upper ones."""
    low = np.random.default_rng(0).integers(0, 256, scene.shape)
    return (scene.astype(np.uint16) * 256 + low).astype(np.uint16)


NO_PLANES = "a TIFF in separate planes, of a kind that cannot be read: save it interleaved"


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("layout", [{}, {"rowsperstrip": 16}, {"tile": (32, 32)}])
def test_16_bit_planes_are_refused_where_they_would_be_noise(
    deep: np.ndarray, byteorder: str, layout: dict[str, Any]
) -> None:
    with pytest.raises(PhotoError) as raised:
        decode(written(deep, planes=True, byteorder=byteorder, **layout), None)
    assert str(raised.value) == NO_PLANES
    pixels = decode(
        written(deep, planes=True, byteorder=byteorder, compression="deflate", **layout), None
    ).pixels
    np.testing.assert_array_equal(pixels, deep >> 8)


@pytest.mark.parametrize(
    ("channels", "options"),
    [
        (4, {"dtype": np.uint16, "photometric": "separated"}),
        (4, {"dtype": np.uint16, "extrasamples": ["unassalpha"]}),
        (3, {"photometric": "cielab"}),
        (3, {"photometric": "cielab", "compression": "deflate"}),
        (2, {"photometric": "minisblack", "extrasamples": ["unassalpha"], "compression": "deflate"}),
    ],
)
def test_other_planes_that_would_be_misread_are_refused(channels: int, options: dict[str, Any]) -> None:
    pixels = np.full((8, 8, channels), 200, options.pop("dtype", np.uint8))
    with pytest.raises(PhotoError) as raised:
        decode(written(pixels, planes=True, **options), None)
    assert str(raised.value) == NO_PLANES


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_8_bit_planes_are_read(scene: np.ndarray, compression: str | None) -> None:
    pixels = decode(written(scene, planes=True, compression=compression), None).pixels
    np.testing.assert_array_equal(pixels, scene)


@pytest.mark.parametrize(("photometric", "readable"), [("minisblack", True), ("miniswhite", False)])
def test_one_plane(scene: np.ndarray, photometric: str, readable: bool) -> None:
    # tifffile does not write this tag for a single plane, so it stands in the place of another.
    stand_in, wanted = (
        struct.pack("<HHI", Base.PageName, 3, 1),
        struct.pack("<HHI", Base.PlanarConfiguration, 3, 1),
    )
    data = written(scene[..., 0], photometric=photometric, extratags=[(Base.PageName, "H", 1, 2, True)])
    assert data.count(stand_in) == 1
    data = data.replace(stand_in, wanted)
    if readable:
        np.testing.assert_array_equal(decode(data, None).pixels, grey(scene[..., 0]))
    else:
        with pytest.raises(PhotoError, match="in separate planes"):
            decode(data, None)


@pytest.mark.parametrize(("kind", "white"), [("i2", 32767), ("i4", 65535), ("f4", 1)])
def test_compressed_big_endian_numbers_are_refused_where_they_would_be_noise(kind: str, white: float) -> None:
    levels = np.arange(256).reshape(16, 16)
    numbers = (levels / 255 * white).astype(kind)
    for byteorder, compression in (("<", None), (">", None), ("<", "deflate")):
        pixels = decode(written(numbers, byteorder=byteorder, compression=compression), None).pixels
        np.testing.assert_array_equal(pixels, grey(levels))
    with pytest.raises(PhotoError) as raised:
        decode(written(numbers, byteorder=">", compression="deflate"), None)
    expected = "a compressed big-endian TIFF of a kind that cannot be read: save it uncompressed"
    assert str(raised.value) == expected


def test_compressed_big_endian_16_bits_are_read(deep: np.ndarray) -> None:
    data = written(deep, byteorder=">", compression="deflate")
    np.testing.assert_array_equal(decode(data, None).pixels, deep >> 8)


def test_signed_bytes_are_refused() -> None:
    with pytest.raises(PhotoError, match="a TIFF of signed bytes cannot be read"):
        decode(written(np.arange(-8, 8, dtype=np.int8).reshape(4, 4)), None)


def pages(*pictures: tuple[np.ndarray, int, str]) -> bytes:
    """A TIFF of pictures, each with its NewSubfileType and the time when it was taken."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as tiff:
        for pixels, kind, time in pictures:
            extra: list[Any] = [
                (Base.DateTimeOriginal, "s", 0, time),
                (Base.Orientation, "H", 1, 8 if kind & 1 else 3),
            ]
            tiff.write(pixels, photometric="rgb", subfiletype=kind, metadata=None, extratags=extra)
    return file.getvalue()


@pytest.mark.parametrize("thumbnails", [0, 1, 3])
@pytest.mark.parametrize("kind", [0, 2])
def test_a_thumbnail_is_not_taken_for_the_picture(scene: np.ndarray, thumbnails: int, kind: int) -> None:
    small = (np.zeros((6, 9, 3), np.uint8), 1, "2001:01:01 01:01:01")
    data = pages(*[small] * thumbnails, (scene, kind, "2024:02:29 12:00:00"), small)
    decoded = decode(data, None)
    np.testing.assert_array_equal(decoded.pixels, scene[::-1, ::-1])
    assert (decoded.width, decoded.height, decoded.warnings) == (90, 60, ())
    capture = read_capture(data)
    assert (capture.width, capture.height) == (90, 60)
    assert capture.time is not None
    assert capture.time.local.year == 2024


@pytest.mark.parametrize("count", [1, 2, 40])
def test_where_all_are_thumbnails_the_first_is_taken(scene: np.ndarray, count: int) -> None:
    other = np.zeros((6, 9, 3), np.uint8)
    data = pages((scene, 1, "2024:02:29 12:00:00"), *[(other, 1, "2001:01:01 01:01:01")] * (count - 1))
    decoded = decode(data, None)
    np.testing.assert_array_equal(decoded.pixels, np.rot90(scene))
    assert read_capture(data).width == 90


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["TIFF", "PNG", "JPEG", "WEBP"])
def test_the_size_of_a_capture_is_that_before_the_rotation(
    scene: np.ndarray, kind: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    file = io.BytesIO()
    Image.fromarray(scene).save(file, kind, exif=exif)
    assert read_capture(file.getvalue()) == Capture(width=90, height=60)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize(
    "options", [{}, {"compression": "deflate"}, {"byteorder": ">"}, {"planes": True}], ids=str
)
@pytest.mark.parametrize("channels", [3, 4])
def test_colors_as_floats_are_refused_in_words(kind: str, options: dict[str, Any], channels: int) -> None:
    pixels = np.random.default_rng(0).random((8, 9, channels)).astype(kind)
    with pytest.raises(PhotoError) as raised:
        decode(written(pixels, **options), None)
    assert str(raised.value) == (
        f"a TIFF of {kind[5:]}-bit floating-point colors cannot be read: save it with 8 or 16 bits per "
        "channel, as integers"
    )


@pytest.mark.parametrize("kind", ["float16", "float64"])
def test_grey_floats_of_other_sizes_are_refused_in_words(kind: str) -> None:
    with pytest.raises(PhotoError, match=f"a TIFF of {kind[5:]}-bit floating-point colors cannot be read"):
        decode(written(np.zeros((8, 9), kind)), None)
