"""Real files that are broken, hostile or rare: what becomes of each."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from phototriage.errors import PhotoError
from phototriage.photos import load, read_capture
from phototriage.photos.geometry import shrink

MAX_SIDE = 800

INCOMPLETE = "the picture is incomplete: the file was cut off or not copied whole, copy it again"
DAMAGED = "the picture is damaged: restore the file from the card or from a backup"

# (width, height) where the photo decodes, else the pattern of the reason.
FORMATS: dict[str, tuple[int, int] | str] = {
    "16bit.cropped.tif": (64, 64),
    "200MP.heic": r"too large: 12240 × 16320 pixels to be decoded at once, the limit is 160,000,000",
    "200x32_rgba.png": (200, 32),
    "cat.hif": (4240, 2832),
    "exif.avif": (512, 512),
    "flower.webp": (480, 360),
    "hopper.iccprofile.tif": (128, 128),
    "hopper_gray.jpg": (128, 128),
    "icc_profile_big.jpg": (425, 250),
    "pal8.png": (127, 64),
    "pil_sample_cmyk.jpg": (100, 100),
    "pug.heic": (4032, 3024),
    "spatial_photo.heic": (2560, 2560),
    "sugarshack.mpo": (640, 480),
    "tiny.png": (4, 4),
    "transparent.webp": (200, 150),
    # Cut off within its first strip: 48 kB of a photo of 4 megapixels.
    "ultrahdr.jpg": INCOMPLETE,
}

CORRUPT: dict[str, tuple[int, int] | str] = {
    "broken_data_stream.png": DAMAGED,
    "broken_exif_dpi.jpg": (100, 100),
    "corrupted.heic": INCOMPLETE,
    "crash-2020-10-test.tif": INCOMPLETE,
    "crash-338516dbd2f0e83caddb8ce256c22db3bd6dc40f.tif": INCOMPLETE,
    "empty.heic": r"the file is empty",
    "empty.jpg": r"the file is empty",
    "exif_gps_typeerror.jpg": (800, 531),
    # Its picture is in stripes, not only its EXIF broken.
    "hopper_bad_exif.jpg": DAMAGED,
    "invalid-exif.jpg": (200, 200),
    "jpeg_ff00_header.jpg": (300, 225),
    "junk_jpeg_header.jpg": (1024, 768),
    "photoshop-200dpi-broken.jpg": (200, 200),
    # Three texts of 2 MB unpacked, which does no harm.
    "png_decompression_dos.png": (1, 1),
    "text.jpg": r"not a photo in a format that can be read: JPEG, PNG, TIFF, WEBP, HEIF, AVIF, BMP",
    # Only its second picture is cut short, but so is the file.
    "truncated.heic": INCOMPLETE,
    "truncated_app14.jpg": (100, 100),
    "truncated_image.png": INCOMPLETE,
    # Progressive: nothing tells whether it lacks more than the mark of its end.
    "truncated_jpeg.jpg": INCOMPLETE,
}

OUTCOMES = {f"formats/{name}": outcome for name, outcome in FORMATS.items()} | {
    f"corrupt/{name}": outcome for name, outcome in CORRUPT.items()
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_outcome(shared: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    outcome = OUTCOMES[name]
    path = shared / "awkward" / name
    if isinstance(outcome, str):
        with pytest.raises(PhotoError) as raised:
            load(path, MAX_SIDE)
        reason = str(raised.value)
        assert re.fullmatch(outcome, reason)
        assert len(reason) <= 200
    else:
        photo = load(path, MAX_SIDE)
        assert (photo.width, photo.height) == outcome
        scale = min(1, MAX_SIDE / max(outcome))
        assert photo.pixels.shape == (round(outcome[1] * scale), round(outcome[0] * scale), 3)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


# What OpenCV does not read is compared with nothing, but is no plain colour at least.
UNKNOWN_TO_OPENCV = {"formats/cat.hif", "formats/pug.heic", "formats/spatial_photo.heic"}
# Levels by which a pixel may differ: OpenCV cuts 16 bits off, has another way from CMYK, and uses no profile.
TOLERANCES = {
    "formats/16bit.cropped.tif": 1,
    "formats/pil_sample_cmyk.jpg": 2,
    "formats/icc_profile_big.jpg": 21,
}


@pytest.mark.parametrize("name", [name for name, outcome in OUTCOMES.items() if not isinstance(outcome, str)])
def test_pixels_are_those_of_opencv(shared: Path, name: str) -> None:
    path = shared / "awkward" / name
    pixels = load(path, MAX_SIDE).pixels
    if name in UNKNOWN_TO_OPENCV:
        assert pixels.std() > 40
        return
    expected = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB))
    with_alpha = np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
    if with_alpha.shape[2:] == (4,):
        alpha = with_alpha[..., 3:] / 255
        expected = np.rint(with_alpha[..., 2::-1] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    expected = shrink(expected, (pixels.shape[1], pixels.shape[0]))
    np.testing.assert_allclose(pixels, expected.astype(int), rtol=0, atol=TOLERANCES.get(name, 0))


def test_every_file_has_an_outcome(shared: Path) -> None:
    folder = shared / "awkward"
    files = {f"{path.parent.name}/{path.name}" for path in folder.glob("[fc]o*/*")}
    assert files == set(OUTCOMES)


def test_warnings_are_few(shared: Path) -> None:
    warnings = {}
    for name, outcome in OUTCOMES.items():
        if not isinstance(outcome, str):
            warnings[name] = load(shared / "awkward" / name, MAX_SIDE).warnings
    assert {name: lines for name, lines in warnings.items() if lines} == {
        "corrupt/jpeg_ff00_header.jpg": ("4 extraneous bytes before marker 0xdb",),
        "corrupt/junk_jpeg_header.jpg": ("5 extraneous bytes before marker 0xdb",),
        "corrupt/photoshop-200dpi-broken.jpg": ("16 extraneous bytes before marker 0xe1",),
        "corrupt/truncated_app14.jpg": ("1 extraneous bytes before marker 0xdb",),
    }


@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
@pytest.mark.parametrize("orientation", range(9))
def test_orientations_look_the_same(shared: Path, shape: str, orientation: int) -> None:
    folder = shared / "awkward" / "orientation"
    upright = load(folder / f"{shape}_1.jpg", MAX_SIDE)
    photo = load(folder / f"{shape}_{orientation}.jpg", MAX_SIDE)
    assert (photo.width, photo.height) == ((1800, 1200) if shape == "Landscape" else (1200, 1800))
    assert photo.pixels.shape == upright.pixels.shape

    def small(pixels: np.ndarray) -> np.ndarray:
        height, width, _ = pixels.shape
        return np.asarray(Image.fromarray(pixels).reduce(8), dtype=float)[: height // 8, : width // 8]

    difference = np.abs(small(photo.pixels) - small(upright.pixels))
    # Each file prints its own number into the picture, which a mean over the picture hardly sees.
    assert difference.mean() < 3


@pytest.mark.parametrize(
    ("name", "local", "utc_offset"),
    [
        ("formats/cat.hif", datetime(2020, 9, 14, 11, 9, 34, 641_000), timedelta(hours=-5)),
        ("formats/pug.heic", datetime(2023, 2, 21, 14, 33, 8, 302_000), timedelta(hours=3)),
        ("formats/spatial_photo.heic", datetime(2024, 4, 22, 14, 38, 9), timedelta(hours=2)),
        ("formats/flower.webp", datetime(2003, 12, 14, 12, 1, 44), None),
        ("formats/sugarshack.mpo", datetime(2014, 3, 2, 14, 17, 39), None),
        ("corrupt/broken_exif_dpi.jpg", datetime(2013, 9, 11, 16, 45, 13, 900_000), None),
    ],
)
def test_capture_times(shared: Path, name: str, local: datetime, utc_offset: timedelta | None) -> None:
    time = read_capture((shared / "awkward" / name).read_bytes()).time
    assert time is not None
    assert (time.local, time.utc_offset) == (local, utc_offset)


def test_a_photo_without_capture_time(shared: Path) -> None:
    assert read_capture((shared / "awkward/formats/hopper_gray.jpg").read_bytes()).time is None


@pytest.mark.parametrize("name", ["pug.heic", "cat.hif", "exif.avif", "flower.webp"])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_half_a_photo_is_refused(shared: Path, tmp_path: Path, name: str, share: float) -> None:
    data = (shared / "awkward/formats" / name).read_bytes()
    half = tmp_path / name
    half.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(PhotoError):
        load(half, MAX_SIDE)


@pytest.mark.parametrize("name", ["pug.heic", "exif.avif"])
def test_a_photo_whose_copying_stopped_half_way_is_refused(shared: Path, tmp_path: Path, name: str) -> None:
    data = (shared / "awkward/formats" / name).read_bytes()
    copied = tmp_path / name
    copied.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    with pytest.raises(PhotoError, match="the end of the file is empty: it was not copied whole"):
        load(copied, MAX_SIDE)


def test_a_display_p3_photo_is_brought_to_srgb(shared: Path) -> None:
    """Against the linear algebra of the two colour spaces (SMPTE EG 432-1 and IEC 61966-2-1 primaries)."""
    path = shared / "awkward/formats/pug.heic"
    photo = load(path, MAX_SIDE)
    stored = shrink(np.asarray(Image.open(path)), (800, 600)) / 255
    light = np.where(stored <= 0.04045, stored / 12.92, ((stored + 0.055) / 1.055) ** 2.4)
    p3_to_srgb = np.array([[1.2249, -0.2249, 0], [-0.0421, 1.0421, 0], [-0.0197, -0.0786, 1.0983]])
    light = np.clip(light @ p3_to_srgb.T, 0, 1)
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(photo.pixels - expected).max() < 1
    assert np.abs(photo.pixels - 255 * stored).max() > 4
