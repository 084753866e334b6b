import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from phototriage.errors import PhotoError
from phototriage.photos import decode, decoding
from phototriage.photos.jpeg import START_OF_SCAN, count_scans, decode_jpeg, is_ended, reduction


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """A detailed picture of 600 × 401 pixels."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)).resize((600, 401))
    fine = rng.integers(-20, 20, (401, 600, 3))
    return Image.fromarray((np.asarray(coarse).astype(int) + fine).clip(0, 255).astype(np.uint8))


def encoded(picture: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", **{"quality": 90, **options})
    return file.getvalue()


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True},
        {"subsampling": "4:4:4"},
        {"subsampling": "4:2:2"},
        {"keep_rgb": True, "subsampling": "4:4:4"},
        {"restart_marker_rows": 1},
    ],
)
def test_pixels_are_those_of_pillow(picture: Image.Image, scale: int, options: dict[str, object]) -> None:
    data = encoded(picture, **options)
    with Image.open(io.BytesIO(data)) as image:
        image.draft(None, (600 // scale, 401 // scale))
        expected = np.asarray(image)
    pixels, warnings = decode_jpeg(data, scale, grey=False)
    np.testing.assert_array_equal(pixels, expected)
    assert warnings == ()


@pytest.mark.parametrize("scale", [1, 8])
def test_grey_stays_grey(picture: Image.Image, scale: int) -> None:
    data = encoded(picture.convert("L"))
    with Image.open(io.BytesIO(data)) as image:
        image.draft(None, (600 // scale, 401 // scale))
        expected = np.asarray(image)
    pixels, _ = decode_jpeg(data, scale, grey=True)
    np.testing.assert_array_equal(pixels, expected)


def test_a_progressive_picture_without_its_end_may_lack_scans(picture: Image.Image) -> None:
    data = encoded(picture, progressive=True)
    second = data.index(START_OF_SCAN, data.index(START_OF_SCAN) + 2)
    first_scan = data[: data.rindex(b"\xff\xc4", 0, second)]  # up to the tables of the second scan
    assert decode_jpeg(first_scan, 1, grey=False)[1] == ()  # libjpeg finds nothing wrong with it
    for cut in (first_scan, data[:-2]):
        with pytest.raises(PhotoError, match="the picture is incomplete"):
            decode(cut, None)
    assert is_ended(data + data[:50])


def test_the_mark_of_the_end_may_be_missing(picture: Image.Image) -> None:
    data = encoded(picture)
    assert not is_ended(data[:-2])
    pixels, warnings = decode_jpeg(data[:-2], 1, grey=False)
    np.testing.assert_array_equal(pixels, decode_jpeg(data, 1, grey=False)[0])
    assert warnings == ()


def test_a_few_bytes_before_the_end_are_padding(picture: Image.Image) -> None:
    data = encoded(picture)
    padded = data[:-2] + bytes(30) + data[-2:]
    pixels, warnings = decode_jpeg(padded, 1, grey=False)
    np.testing.assert_array_equal(pixels, decode_jpeg(data, 1, grey=False)[0])
    assert len(warnings) == 1
    assert warnings[0].endswith(" extraneous bytes before marker 0xd9")
    assert decode(padded, None).warnings == warnings


def lost(data: bytes) -> dict[str, bytes]:
    """The same file as cards, copies and downloads spoil it."""
    half = len(data) // 2
    noise = np.random.default_rng(1).bytes(4096)
    return {
        "cut off": data[:half],
        "cut off near the end": data[:-200],
        "cut off, and ended": data[:half] + b"\xff\xd9",
        "the second half empty": data[:half] + bytes(len(data) - half),
        "a block empty": data[:half] + bytes(8192) + data[half + 8192 :],
        "a block of another file": data[:half] + noise + data[half + 4096 :],
        "a block gone": data[:half] + data[half + 4096 :],
    }


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("fault", sorted(lost(b"")))
def test_a_spoilt_picture_is_refused(picture: Image.Image, options: dict[str, object], fault: str) -> None:
    data = encoded(picture, **options)
    with pytest.raises(PhotoError, match=r"^the picture is (damaged|incomplete): "):
        decode(lost(data)[fault], 200)


def test_what_follows_the_picture_does_not_matter(picture: Image.Image) -> None:
    data = encoded(picture)
    pixels, warnings = decode_jpeg(data + bytes(1000) + data[:500], 1, grey=False)
    np.testing.assert_array_equal(pixels, decode_jpeg(data, 1, grey=False)[0])
    assert warnings == ()


# Ten for colour and six for grey is how libjpeg makes progressive pictures, see jsimple_progression.
@pytest.mark.parametrize(
    ("mode", "options", "scans"),
    [
        ("RGB", {}, 1),
        ("L", {}, 1),
        ("RGB", {"restart_marker_blocks": 1}, 1),
        ("RGB", {"progressive": True}, 10),
        ("RGB", {"progressive": True, "restart_marker_rows": 1}, 10),
        ("L", {"progressive": True}, 6),
    ],
)
def test_scans_are_those_of_the_first_picture(
    picture: Image.Image, mode: str, options: dict[str, object], scans: int
) -> None:
    preview = encoded(picture.resize((60, 40)), progressive=True)
    data = encoded(picture.convert(mode), exif=b"Exif\0\0" + preview, **options)
    assert preview in data
    assert count_scans(data) == scans
    assert count_scans(data + preview) == scans
    assert count_scans(data[:-2]) == scans


def test_a_picture_of_very_many_scans_is_refused(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encoded(picture, progressive=True)
    monkeypatch.setattr(decoding, "_MAX_SCANNED_PIXELS", 10 * 600 * 401)
    assert decode(data + 99 * START_OF_SCAN, 200).warnings == ()
    monkeypatch.setattr(decoding, "_MAX_SCANNED_PIXELS", 10 * 600 * 401 - 1)
    with pytest.raises(
        PhotoError, match=r"^hostile: 10 scans of 600 × 401 pixels, where about 10 are usual$"
    ):
        decode(data, 200)


@given(st.integers(1, 65_500), st.integers(1, 65_500), st.none() | st.integers(1, 70_000), st.booleans())
def test_reduction_leaves_twice_the_size_asked_for_and_once_of_luma(
    width: int, height: int, max_side: int | None, grey: bool
) -> None:
    scale = reduction(width, height, max_side, grey=grey)
    wanted = (1 if grey else 2) * (max_side or math.inf)
    assert scale in (1, 2, 4, 8)
    long_side = max(width, height)
    if scale > 1:
        assert long_side / scale >= wanted
    if scale < 8:
        assert long_side // (2 * scale) < wanted
