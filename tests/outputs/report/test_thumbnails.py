import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phototriage.features import Failure
from phototriage.outputs.report.thumbnails import Thumbnail, ThumbnailCache, encode_thumbnail, thumbnails
from phototriage.photos import content_hash


def opened(thumbnail: Thumbnail) -> Image.Image:
    return Image.open(io.BytesIO(thumbnail.webp))


@pytest.mark.parametrize(
    ("size", "small"), [((960, 640), (320, 213)), ((300, 900), (107, 320)), ((90, 60), (90, 60))]
)
def test_the_long_side_shrinks_and_the_picture_stays(size: tuple[int, int], small: tuple[int, int]) -> None:
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2] = (200, 40, 40)
    pixels[height // 2 :] = (40, 40, 200)
    with Image.open(io.BytesIO(encode_thumbnail(pixels).tobytes())) as picture:
        assert (picture.format, picture.size) == ("WEBP", small)
        shown = np.asarray(picture.convert("RGB")).astype(int)
    assert abs(shown[: small[1] // 3] - (200, 40, 40)).max() < 12
    assert abs(shown[-small[1] // 3 :] - (40, 40, 200)).max() < 12


def test_thumbnails_come_in_the_order_asked_for_upright_or_with_a_reason(
    tmp_path: Path, make_photo: Callable[..., Path]
) -> None:
    # The first takes longest, so that the others are ready before it.
    sizes = [(6000, 4000), (96, 64), (64, 96), (900, 300)]
    photos = {f"{size}": make_photo(f"{size}.jpg", size=size) for size in sizes}
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (400, 200)).save(tmp_path / "turned.jpg", exif=turned)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff but no photo")
    photos |= {name: tmp_path / f"{name}.jpg" for name in ("turned", "broken", "missing")}
    told: list[tuple[int, int]] = []
    made = list(thumbnails(photos, lambda *progress: told.append(progress), workers=2))
    assert [photo for photo, _ in made] == list(photos)
    *good, broken, missing = (outcome for _, outcome in made)
    assert [(each.width, each.height) for each in good if isinstance(each, Thumbnail)] == [
        (320, 213),
        (96, 64),
        (64, 96),
        (320, 107),
        (160, 320),
    ]
    assert all(opened(each).size == (each.width, each.height) for each in good if isinstance(each, Thumbnail))
    assert isinstance(broken, Failure)
    assert broken.reason == ("the picture is damaged: restore the file from the card or from a backup")
    assert isinstance(missing, Failure)
    assert "No such file" in missing.reason
    assert told == [(done, 7) for done in range(8)]


def test_kept_thumbnails_need_no_photo(tmp_path: Path, make_photo: Callable[..., Path]) -> None:
    cache = ThumbnailCache(tmp_path / "cache")
    photos = {name: make_photo(f"{name}.jpg", seed=ord(name)) for name in "abc"}
    hashes = {name: content_hash(path.read_bytes()) for name, path in photos.items()}
    first = dict(thumbnails(photos, lambda *_: None, workers=1, cache=cache))
    for path in photos.values():
        path.unlink()
    (damaged,) = (tmp_path / "cache").rglob(f"{hashes['b']}.webp")
    damaged.write_bytes(b"RIFF")
    told: list[tuple[int, int]] = []
    second = dict(
        thumbnails(photos, lambda *at: told.append(at), workers=1, cache=cache, content_hashes=hashes)
    )
    assert (second["a"], second["c"]) == (first["a"], first["c"])
    assert isinstance(second["b"], Failure)  # made anew from a photo that is gone
    assert told == [(2, 3), (3, 3)]


def test_a_cache_that_cannot_be_written_costs_only_time(
    tmp_path: Path, make_photo: Callable[..., Path]
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    photos = {"a": make_photo("a.jpg")}
    made = thumbnails(photos, lambda *_: None, workers=1, cache=ThumbnailCache(tmp_path / "cache"))
    assert [type(outcome) for _, outcome in made] == [Thumbnail]


def test_no_photos_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("phototriage.outputs.report.thumbnails.DecodingPool")
    assert list(thumbnails({}, lambda *_: None)) == []
