import io
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base

from phototriage.errors import PhotoError
from phototriage.photos import decode, read_capture
from phototriage.photos.geometry import upright
from phototriage.photos.raw import LEAST_PREVIEW_SIDE, read_preview

SIZE = (LEAST_PREVIEW_SIDE, 320)


def picture() -> np.ndarray:
    """A smooth picture with no symmetry, uint8 (320, 480, 3)."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    return np.stack([x // 2, y // 2, 255 - x // 4 - y // 4], axis=-1).astype(np.uint8)


def jpeg(pixels: np.ndarray, orientation: int | None = None) -> bytes:
    exif = Image.Exif()
    if orientation is not None:
        exif[Base.Orientation] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95, subsampling=0, exif=exif)
    return file.getvalue()


def assert_looks_like(pixels: np.ndarray, expected: np.ndarray) -> None:
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected).max() <= 6


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_preview_is_turned_as_the_raw_file_says(make_dng: Callable[..., bytes], orientation: int) -> None:
    decoded = decode(make_dng(jpeg(picture()), SIZE, orientation), None)
    assert_looks_like(decoded.pixels, upright(picture(), orientation))
    assert (decoded.width, decoded.height) == ((96, 64) if orientation in (1, 3) else (64, 96))
    assert decoded.pixels.flags.writeable
    assert decoded.pixels.flags.c_contiguous


def test_a_preview_that_turns_itself_is_turned_once(make_dng: Callable[..., bytes]) -> None:
    decoded = decode(make_dng(jpeg(picture(), orientation=6), SIZE, 6), None)
    assert_looks_like(decoded.pixels, upright(picture(), 6))


def test_a_preview_is_shrunk_like_any_photo(make_dng: Callable[..., bytes]) -> None:
    assert decode(make_dng(jpeg(picture()), SIZE), 240).pixels.shape == (160, 240, 3)


@pytest.mark.parametrize("orientation", [1, 6])
def test_grey_is_that_of_the_preview(make_dng: Callable[..., bytes], orientation: int) -> None:
    grey = decode(make_dng(jpeg(picture()), SIZE, orientation), None, grey=True).pixels
    expected = np.asarray(cv2.cvtColor(picture(), cv2.COLOR_RGB2GRAY), np.uint8)
    assert_looks_like(grey, upright(expected, orientation))


def test_the_time_of_a_raw_file_is_its_own(make_dng: Callable[..., bytes]) -> None:
    data = make_dng(jpeg(picture()), SIZE)
    capture = read_capture(data)
    assert capture.time is not None
    assert capture.time.local == datetime(2024, 5, 6, 7, 8, 9)
    assert (capture.make, capture.model, capture.exposure_time) == ("Maker", "Model 1", 1 / 250)


def test_a_small_preview_is_refused(make_dng: Callable[..., bytes]) -> None:
    small = picture()[:200, :300]
    with pytest.raises(PhotoError, match="preview is too small, 300 × 200 pixels: put its JPEG next to it"):
        decode(make_dng(jpeg(small), (300, 200)), 800)


def test_without_a_preview_there_is_one_reason(make_dng: Callable[..., bytes]) -> None:
    with pytest.raises(PhotoError, match="a RAW file without a preview") as error:
        decode(make_dng(), 800)
    assert "\n" not in str(error.value)


def test_a_cut_off_raw_file_has_one_reason(make_dng: Callable[..., bytes]) -> None:
    whole = make_dng(jpeg(picture()), SIZE)
    with pytest.raises(PhotoError):
        decode(whole[: len(whole) // 3], 800)


def test_a_broken_raw_file_is_called_so() -> None:
    with pytest.raises(PhotoError, match=r"^a RAW file that is damaged") as error:
        decode(b"FUJIFILMCCD-RAW " + bytes(500), 800)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_preview_of_pixels(
    monkeypatch: pytest.MonkeyPatch, make_dng: Callable[..., bytes], orientation: int
) -> None:
    import rawpy

    data = make_dng(jpeg(picture()), SIZE, orientation)
    bitmap = rawpy.Thumbnail(rawpy.ThumbFormat.BITMAP, picture())
    reader = rawpy.imread

    class Raw:
        def __init__(self, file: io.BytesIO) -> None:
            self.sizes = reader(file).sizes

        def __enter__(self) -> "Raw":
            return self

        def __exit__(self, *_: object) -> None: ...

        def extract_thumb(self) -> object:
            return bitmap

    monkeypatch.setattr(rawpy, "imread", Raw)
    preview = read_preview(data)
    assert not preview.turned_by_itself
    np.testing.assert_array_equal(decode(data, None).pixels, upright(picture(), orientation))


def test_rawpy_is_imported_only_for_raw_files() -> None:
    code = (
        "import sys, io; from PIL import Image; from phototriage.photos import decode\n"
        "file = io.BytesIO(); Image.new('RGB', (8, 8)).save(file, 'TIFF'); decode(file.getvalue(), 8)\n"
        "sys.exit('rawpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
