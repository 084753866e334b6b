import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from phototriage import doctor
from phototriage.errors import PhotoError
from phototriage.features.decoding_pool import DecodingPool
from phototriage.photos import content_hash, decode
from phototriage.web.renditions import LARGE_SIDE, PREVIEW_SIDE, Renditions, encode_jpeg


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def renditions(cache: Path) -> Iterator[Renditions]:
    made = Renditions(cache)
    yield made
    made.close()


def scene(width: int, height: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(1).integers(30, 226, (12, 18, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def pixels(picture: bytes) -> NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)


def test_jpeg_of_quality_92_is_close_to_the_pixels() -> None:
    original = scene(301, 203)
    again = pixels(encode_jpeg(original).tobytes())
    assert again.shape == original.shape
    assert np.abs(again.astype(int) - original).mean() < 1.0


def save_tiff(path: Path) -> None:
    Image.fromarray(scene(320, 200)).save(path, compression="tiff_lzw")


def save_sideways(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(scene(320, 200)).save(path, quality=95, exif=exif)


def save_png(path: Path) -> None:
    Image.fromarray(scene(320, 200)).save(path)


SAVERS: dict[str, Callable[[Path], None]] = {
    "a.tif": save_tiff,
    "b.jpg": save_sideways,
    "c.png": save_png,
}


@pytest.mark.parametrize("name", SAVERS)
def test_every_pixel_is_shown_upright(name: str, tmp_path: Path, renditions: Renditions) -> None:
    path = tmp_path / name
    SAVERS[name](path)
    data = path.read_bytes()
    reference = decode(data, None).pixels
    shown = pixels(renditions.get("full", name, path, content_hash(data)))
    assert shown.shape == reference.shape
    assert np.abs(shown.astype(int) - reference).mean() < 1.5
    assert path.read_bytes() == data


def test_the_preview_of_a_raw_file_is_shown_1_to_1(renditions: Renditions) -> None:
    (path,) = Path(doctor.__file__).parent.glob("*.dng")
    data = path.read_bytes()
    shown = pixels(renditions.get("full", "raw", path, content_hash(data)))
    reference = decode(data, None).pixels
    assert shown.shape == reference.shape
    assert np.abs(shown.astype(int) - reference).mean() < 1.5


def test_heic_is_shown_1_to_1(shared: Path, renditions: Renditions) -> None:
    sizes = {path: path.stat().st_size for path in shared.rglob("*.heic")}
    found = sorted((path for path in sizes if 100_000 < sizes[path] < 4_000_000), key=sizes.__getitem__)
    if not found:
        pytest.skip(f"needs a HEIC photo in {shared}")
    data = found[0].read_bytes()
    reference = decode(data, None).pixels
    shown = pixels(renditions.get("full", "heic", found[0], content_hash(data)))
    assert shown.shape == reference.shape
    assert np.abs(shown.astype(int) - reference).mean() < 2.0


def test_previews_and_thumbnails_come_from_one_decode(
    tmp_path: Path, cache: Path, renditions: Renditions
) -> None:
    path = tmp_path / "wide.jpg"
    Image.fromarray(scene(2600, 1300)).save(path, quality=95)
    digest = content_hash(path.read_bytes())
    assert pixels(renditions.get("large", "wide", path, digest)).shape == (1024, LARGE_SIDE, 3)
    assert [each.parent.parent.name for each in cache.rglob(digest)] == ["large"]
    assert pixels(renditions.get("preview", "wide", path, digest)).shape == (375, PREVIEW_SIDE, 3)
    path.unlink()  # from the cache from now on
    assert pixels(renditions.get("thumbnail", "wide", path, digest)).shape == (160, 320, 3)


def test_a_photo_that_cannot_be_shown_says_why(tmp_path: Path, renditions: Renditions) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff" + bytes(100))
    with pytest.raises(PhotoError, match="the picture is damaged"):
        renditions.get("large", "broken", broken, content_hash(broken.read_bytes()))
    with pytest.raises(PhotoError, match="the file cannot be read: No such file"):
        renditions.get("large", "gone", tmp_path / "gone.jpg", "1" * 32)


def test_photos_are_prepared_ahead(tmp_path: Path, renditions: Renditions, cache: Path) -> None:
    photos = []
    for number in range(3):
        path = tmp_path / f"{number}.png"
        Image.fromarray(scene(300 + number, 200)).save(path)
        photos.append((f"ahead-{number}", path, content_hash(path.read_bytes())))
    renditions.prepare([("large", *each) for each in photos])
    # What is asked for meanwhile comes first, and the plan goes on.
    assert renditions.get("large", *photos[2])
    for _ in range(200):
        if all((cache / "renditions" / "1" / "large" / each[2][:2] / each[2]).exists() for each in photos):
            break
        threading.Event().wait(0.05)
    else:
        pytest.fail("they were not prepared")


def test_a_changed_file_is_neither_shown_nor_kept_as_what_it_was(
    tmp_path: Path, renditions: Renditions, cache: Path
) -> None:
    path = tmp_path / "changed.png"
    Image.fromarray(scene(300, 210)).save(path)
    with pytest.raises(PhotoError, match="has changed since it was measured"):
        renditions.get("large", "changed", path, "2" * 32)
    assert not list(cache.rglob("2" * 32))


def test_who_waits_when_it_ends_is_told(tmp_path: Path) -> None:
    ending = Renditions(tmp_path / "cache")
    path = tmp_path / "a.png"
    Image.fromarray(scene(300, 210)).save(path)
    ending.prepare([("large", "a", path, "3" * 32)])
    ending.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("rendition")]


def test_an_unexpected_error_ends_one_picture_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    save_png(tmp_path / "a.png")
    save_tiff(tmp_path / "b.tif")
    run = DecodingPool.run

    def fail_at_a(self: DecodingPool, photos: dict[str, Path], *rest: Any, **options: Any) -> Any:
        if "a" in photos:
            raise ZeroDivisionError("by zero")
        return run(self, photos, *rest, **options)

    monkeypatch.setattr(DecodingPool, "run", fail_at_a)
    made = Renditions(tmp_path / "cache", renderers=1)
    try:
        for _ in range(2):
            with pytest.raises(PhotoError, match=r"cannot be rendered \(ZeroDivisionError: by zero\)"):
                made.get("thumbnail", "a", tmp_path / "a.png", "")
        data = (tmp_path / "b.tif").read_bytes()
        assert made.get("thumbnail", "b", tmp_path / "b.tif", content_hash(data))
    finally:
        made.close()
    assert [record.exc_info is not None for record in caplog.records] == [True, True]
