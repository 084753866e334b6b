import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base

from phototriage.errors import PhotoReadError
from phototriage.features import (
    Block,
    Failure,
    Features,
    MultiFeatureExtractor,
    extract,
    measure_iqa,
    measuring,
)
from phototriage.features.cache.index import PhotoIndex
from phototriage.photos import load, read_capture

MakePhoto = Callable[..., Path]


def mean_colour(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return pixels.mean(axis=(0, 1)).astype(np.float32)


def mean_colour_or_crash(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Dies as a C library does on a hostile file, where the photo is 40 pixels wide."""
    if pixels.shape[1] == 40:
        os.kill(os.getpid(), signal.SIGSEGV)
    return mean_colour(pixels)


def no_memory_to_decode(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    raise PhotoReadError("there is not enough memory to decode it")


def no_memory_to_measure(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    raise MemoryError


class MeanColour:
    """A second block; counts how many photos reach it."""

    max_side = 50

    def __init__(self, prepare: Callable[..., NDArray[np.float32]] = mean_colour, version: int = 1) -> None:
        self.block = Block("colour", f"colour/{version}", ("red", "green", "blue"))
        self.prepare = prepare
        self.photos_seen = 0

    def __call__(self, batch: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        self.photos_seen += len(batch)
        return np.stack(batch)


IQA = MultiFeatureExtractor(["iqa"]).extractors


def test_what_was_wrong_with_photos_that_were_used_is_said_once(
    make_photo: MakePhoto, tmp_path: Path
) -> None:
    photos = {name: make_photo(name) for name in ("a.jpg", "b.jpg", "c.jpg")}
    for name in ("b.jpg", "c.jpg"):
        data = photos[name].read_bytes()
        photos[name].write_bytes(data[:-2] + bytes([int(name == "c.jpg")] * 40) + data[-2:])
    notes: list[str] = []
    features = extract(photos, IQA, tmp_path / "cache", workers=1, on_note=notes.append)
    assert len(features) == 3
    (note,) = notes
    assert note.startswith("photos used although something is wrong with them: 2, the first b.jpg: ")
    assert note.endswith(" extraneous bytes before marker 0xd9")
    assert len(extract(photos, IQA, tmp_path / "cache", workers=1, on_note=notes.append)) == 3
    assert notes == [note]


@pytest.fixture
def photos(make_photo: MakePhoto) -> dict[str, Path]:
    return {f"{number}.jpg": make_photo(f"photos/{number}.jpg", seed=number) for number in range(6)}


def run(
    photos: dict[str, Path], cache_dir: Path, extractors: Sequence[Any] = IQA, **options: Any
) -> Features:
    return extract(photos, extractors, cache_dir, workers=2, **options)


def test_features_are_those_of_the_extractors_in_order(photos: dict[str, Path], tmp_path: Path) -> None:
    features = run(photos, tmp_path / "cache", [MeanColour(), *IQA])
    assert features.photos == tuple(photos)
    assert features.columns[:4] == ("red", "green", "blue", "sharpness")
    for key, row in zip(features.photos, features.matrix, strict=True):
        pixels = load(photos[key], 800).pixels
        assert np.array_equal(row[3:], measure_iqa(pixels))
        assert np.array_equal(row[:3], mean_colour(pixels))


def test_nothing_is_measured_twice(photos: dict[str, Path], tmp_path: Path) -> None:
    colour = MeanColour()
    first = run(photos, tmp_path / "cache", [colour])
    steps: list[tuple[int, int]] = []
    again = run(photos, tmp_path / "cache", [colour], on_progress=lambda *done: steps.append(done))
    assert colour.photos_seen == 6
    assert steps == [(6, 6)]
    assert np.array_equal(first.matrix, again.matrix)


def test_a_new_block_leaves_the_others_alone(photos: dict[str, Path], tmp_path: Path) -> None:
    old, new = MeanColour(version=1), MeanColour(version=2)
    run(photos, tmp_path / "cache", [old])
    run(photos, tmp_path / "cache", [old, new])
    assert (old.photos_seen, new.photos_seen) == (6, 6)


def test_a_moved_or_copied_photo_is_not_measured_again(photos: dict[str, Path], tmp_path: Path) -> None:
    colour = MeanColour()
    run(photos, tmp_path / "cache", [colour])
    moved = tmp_path / "elsewhere.jpg"
    photos["0.jpg"].rename(moved)
    features = run({"moved": moved}, tmp_path / "cache", [colour])
    assert colour.photos_seen == 6
    assert features.photos == ("moved",)


def test_copies_within_a_run_have_the_same_features(make_photo: MakePhoto, tmp_path: Path) -> None:
    copies = {name: make_photo(name, seed=3) for name in ("a.jpg", "b.jpg")}
    features = run(copies, tmp_path / "cache")
    assert features.photos == ("a.jpg", "b.jpg")
    assert np.array_equal(features.matrix[0], features.matrix[1])


def test_a_changed_photo_is_measured_again(
    photos: dict[str, Path], tmp_path: Path, make_photo: MakePhoto
) -> None:
    before = run(photos, tmp_path / "cache")
    make_photo("photos/2.jpg", seed=99)
    after = run(photos, tmp_path / "cache")
    changed = np.flatnonzero((before.matrix != after.matrix).any(axis=1))
    assert changed.tolist() == [2]


def test_a_photo_repaired_with_its_size_and_time_kept_is_measured(
    make_photo: MakePhoto, tmp_path: Path
) -> None:
    photo = make_photo("a.jpg")
    sound, before = photo.read_bytes(), photo.stat()
    photo.write_bytes(bytes(len(sound)))
    os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [failure.photo for failure in run({"a": photo}, tmp_path / "cache").failures] == ["a"]
    photo.write_bytes(sound)
    os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))
    features = run({"a": photo}, tmp_path / "cache")
    assert np.array_equal(features.matrix[0], measure_iqa(load(photo, 800).pixels))


def test_a_photo_of_other_permissions_is_not_decoded_again(make_photo: MakePhoto, tmp_path: Path) -> None:
    photo = make_photo("a.jpg", size=(40, 40))
    before = run({"a": photo}, tmp_path / "cache", [MeanColour()])
    photo.chmod(0o600)
    after = run({"a": photo}, tmp_path / "cache", [MeanColour(mean_colour_or_crash)])
    assert after.failures == ()
    assert np.array_equal(before.matrix, after.matrix)


def test_bad_photos_are_reported_and_the_rest_go_on(photos: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no photo at all")
    (tmp_path / "empty.jpg").touch()
    asked = {
        "text": tmp_path / "text.jpg",
        **photos,
        "gone": tmp_path / "gone.jpg",
        "empty": tmp_path / "empty.jpg",
    }
    features = run(asked, tmp_path / "cache")
    assert features.photos == tuple(photos)
    assert [failure.photo for failure in features.failures] == ["text", "gone", "empty"]
    assert features.failures[1].reason == "cannot be read: No such file or directory"
    assert all(failure.reason and "\n" not in failure.reason for failure in features.failures)


def test_a_file_that_is_no_photo_is_not_decoded_again(
    photos: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos["text.jpg"] = tmp_path / "text.jpg"
    photos["text.jpg"].write_text("no photo at all")
    first = run(photos, tmp_path / "cache")
    monkeypatch.delattr("phototriage.features.decoding_pool.DecodingPool.run")
    again = run(photos, tmp_path / "cache")
    assert again.failures == first.failures
    assert again.failures[0].photo == "text.jpg"


@pytest.mark.parametrize("short_of_memory", [no_memory_to_decode, no_memory_to_measure])
def test_a_shortage_of_memory_is_not_remembered(
    make_photo: MakePhoto, tmp_path: Path, short_of_memory: Callable[..., NDArray[np.float32]]
) -> None:
    photo = {"a": make_photo("a.jpg")}
    (failure,) = run(photo, tmp_path / "cache", [MeanColour(short_of_memory)]).failures
    assert failure.reason.startswith("there is not enough memory to ")
    again = run(photo, tmp_path / "cache", [MeanColour()])
    assert (again.photos, again.failures) == (("a",), ())


def test_how_a_photo_was_taken_is_read_once_and_remembered(
    photos: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif[Base.DateTime], exif[Base.Model] = "2026:06:01 12:00:00", "X100"
    with Image.open(photos["2.jpg"]) as picture:
        picture.save(photos["2.jpg"], exif=exif)
    first = run(photos, tmp_path / "cache")
    monkeypatch.delattr("phototriage.features.decoding_pool.DecodingPool.run")
    again = run(photos, tmp_path / "cache")
    assert (
        first.captures == again.captures == tuple(read_capture(path.read_bytes()) for path in photos.values())
    )
    assert again.captures is not None
    assert [capture.model for capture in again.captures] == [None, None, "X100", None, None, None]


def test_a_photo_that_crashes_the_decoder_is_named(
    photos: dict[str, Path], tmp_path: Path, make_photo: MakePhoto
) -> None:
    hostile = make_photo("hostile.jpg", size=(40, 40))
    names = list(photos)
    asked = {names[0]: photos[names[0]], "hostile": hostile, **photos}
    features = run(asked, tmp_path / "cache", [MeanColour(mean_colour_or_crash)])
    assert features.failures == (
        Failure("hostile", "the decoder died on it: the file is damaged or hostile, or the memory too small"),
    )
    assert set(features.photos) == set(photos)


def test_features_that_are_no_numbers_are_a_failure(photos: dict[str, Path], tmp_path: Path) -> None:
    class SometimesNan(MeanColour):
        def __call__(self, batch: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
            vectors = np.stack(batch)
            vectors[np.argmax(vectors[:, 0]), 1] = np.nan
            return vectors

    features = run(photos, tmp_path / "cache", [SometimesNan()])
    assert len(features) == 5
    assert [failure.reason for failure in features.failures] == ["its colour features are not finite numbers"]


def test_where_no_photo_can_be_used_there_are_failures_only(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    features = run({"empty.jpg": tmp_path / "empty.jpg"}, tmp_path / "cache")
    assert features.matrix.shape == (0, 4)
    assert [failure.photo for failure in features.failures] == ["empty.jpg"]


def test_an_interrupted_run_keeps_what_it_had(
    photos: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "PHOTOS_PER_BATCH", 1)

    def interrupt(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    colour = MeanColour()
    with pytest.raises(KeyboardInterrupt):
        run(photos, tmp_path / "cache", [colour], on_progress=interrupt)
    assert colour.photos_seen == 3
    features = run(photos, tmp_path / "cache", [colour])
    assert colour.photos_seen == 6
    assert np.array_equal(features.matrix, run(photos, tmp_path / "other", [MeanColour()]).matrix)


def test_slow_photos_are_measured_and_kept_before_a_batch_is_full(
    photos: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "_SECONDS_PER_PART", 0.0)
    steps: list[tuple[int, int]] = []

    def interrupt(done: int, total: int) -> None:
        steps.append((done, total))
        if done == 3:
            raise KeyboardInterrupt

    colour = MeanColour()
    with pytest.raises(KeyboardInterrupt):
        run(photos, tmp_path / "cache", [colour], on_progress=interrupt)
    assert steps == [(0, 6), (1, 6), (2, 6), (3, 6)]
    run(photos, tmp_path / "cache", [colour])
    assert colour.photos_seen == 6


def test_what_cannot_be_asked_for_is_refused(photos: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one extractor"):
        extract(photos, [], tmp_path / "cache")
    with pytest.raises(ValueError, match="workers must be at least 1, not 0"):
        extract(photos, IQA, tmp_path / "cache", workers=0)
    assert not (tmp_path / "cache").exists()


def test_a_damaged_part_that_has_to_stay_is_not_called_set_aside(
    photos: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(photos, tmp_path / "cache")
    (part,) = (tmp_path / "cache" / "features").rglob("part-*.parquet")
    part.write_bytes(part.read_bytes()[:-10])
    rename = Path.rename

    def forbidden(path: Path, target: Path) -> Path:
        if path == part:
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", forbidden)
    notes: list[str] = []
    assert len(run(photos, tmp_path / "cache", on_note=notes.append)) == 6
    assert notes == [f"left out a damaged part of the feature store, its photos are measured again: {part}"]


def test_a_damaged_part_is_said_and_measured_again(photos: dict[str, Path], tmp_path: Path) -> None:
    before = run(photos, tmp_path / "cache")
    (part,) = (tmp_path / "cache" / "features").rglob("part-*.parquet")
    part.write_bytes(part.read_bytes()[:-10])
    notes: list[str] = []
    after = run(photos, tmp_path / "cache", on_note=notes.append)
    assert notes == [f"set aside a damaged part of the feature store, its photos are measured again: {part}"]
    assert np.array_equal(before.matrix, after.matrix)


def with_alternatives(
    tmp_path: Path, make_photo: MakePhoto
) -> tuple[dict[str, Path], dict[str, dict[str, str]]]:
    """Of `first` and `last` the file is no photo; `first` has a usable alternative, the second of three."""
    (tmp_path / "text.jpg").write_text("no photo at all")
    photos = {"first": tmp_path / "text.jpg", "sound": make_photo("sound.jpg"), "last": tmp_path / "gone.jpg"}
    alternatives: dict[str, dict[str, str | Path]] = {
        "first": {"raw": tmp_path / "gone.dng", "edited": make_photo("edited.jpg", seed=7), "copy": "unread"},
        "sound": {"sound raw": "unread"},
        "last": {"last raw": tmp_path / "text.jpg"},
    }
    return photos, {
        photo: {key: str(path) for key, path in each.items()} for photo, each in alternatives.items()
    }


def test_the_first_usable_alternative_stands_in_for_a_photo(make_photo: MakePhoto, tmp_path: Path) -> None:
    photos, alternatives = with_alternatives(tmp_path, make_photo)
    steps: list[tuple[int, int]] = []
    features = run(
        photos, tmp_path / "cache", alternatives=alternatives, on_progress=lambda *done: steps.append(done)
    )
    assert features.photos == ("edited", "sound")
    assert features.replaced == {"first": "edited"}
    for path, row in zip((tmp_path / "edited.jpg", photos["sound"]), features.matrix, strict=True):
        assert np.array_equal(row, measure_iqa(load(path, 800).pixels))
    assert [failure.photo for failure in features.failures] == ["first", "raw", "last", "last raw"]
    assert steps[0] == (1, 3)
    assert steps[-1] == (6, 6)
    assert steps == sorted(steps)


def test_what_is_known_of_alternatives_is_looked_up_once_per_file(
    make_photo: MakePhoto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, alternatives = with_alternatives(tmp_path, make_photo)
    first = run(photos, tmp_path / "cache", alternatives=alternatives)
    monkeypatch.delattr("phototriage.features.decoding_pool.DecodingPool.run")
    asked: list[Path] = []
    content_hashes = PhotoIndex.content_hashes

    def listening(index: PhotoIndex, files: Any) -> list[str | None]:
        files = list(files)
        asked.extend(path for path, _ in files)
        return content_hashes(index, files)

    monkeypatch.setattr(PhotoIndex, "content_hashes", listening)
    again = run(photos, tmp_path / "cache", alternatives=alternatives)
    names = [Path(path).name for path in asked]
    assert names == ["text.jpg", "sound.jpg", "text.jpg", "edited.jpg"]  # `last raw` is the same text
    assert (again.photos, again.failures, again.replaced) == (first.photos, first.failures, first.replaced)
    assert np.array_equal(again.matrix, first.matrix)


@pytest.mark.parametrize(
    ("alternatives", "message"),
    [
        ({"gone": {"raw": "raw.dng"}}, "alternatives for 'gone', which is none of the photos"),
        ({"0.jpg": {"1.jpg": "1.jpg"}}, "an alternative has the key of another file"),
        ({"0.jpg": {"raw": "a"}, "1.jpg": {"raw": "b"}}, "an alternative has the key of another file"),
    ],
)
def test_alternatives_that_fit_nothing_are_refused(
    photos: dict[str, Path], tmp_path: Path, alternatives: dict[str, dict[str, str]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        run(photos, tmp_path / "cache", alternatives=alternatives)
    assert not (tmp_path / "cache").exists()


def test_text_is_as_good_as_a_path(photos: dict[str, Path], tmp_path: Path) -> None:
    extractor = MultiFeatureExtractor(["iqa"], cache_dir=str(tmp_path / "cache"))
    features = extractor({key: str(path) for key, path in photos.items()}, workers=1)
    assert np.array_equal(features.matrix, run(photos, tmp_path / "other").matrix)
