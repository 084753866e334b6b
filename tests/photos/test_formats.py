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
from phototriage.photos.formats import missing_heif_bytes, own_pillow_settings


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
    tifffile.imwrite(file, np.zeros((8, 8), np.float64), photometric="minisblack", metadata=None)
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
