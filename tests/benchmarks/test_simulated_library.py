import csv
import hashlib
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from phototriage.errors import OutputError
from phototriage.photos import Capture, read_capture, read_photo
from simulated_library import EVENTS, write_library

SIZE = {"width": 120, "height": 80}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    assert write_library(folder, 2 * len(EVENTS), 1, **SIZE) == folder / "truth.csv"
    return folder


@pytest.fixture(scope="module")
def truth(written: Path) -> dict[str, tuple[str, str]]:
    with (written / "truth.csv").open(newline="", encoding="utf-8") as file:
        return {row["photo"]: (row["series"], row["kind"]) for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def captures(written: Path, truth: dict[str, tuple[str, str]]) -> dict[str, Capture]:
    return {photo: read_capture(read_photo(written / "photos" / photo)) for photo in truth}


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    def digest(folder: Path) -> dict[str, str]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    written = {}
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_library(tmp_path / name, 3, seed, **SIZE)
        written[name] = digest(tmp_path / name)
    assert written["a"] == written["b"] != written["c"]


def test_every_photo_is_in_the_truth(written: Path, truth: dict[str, tuple[str, str]]) -> None:
    files = {path.relative_to(written / "photos").as_posix() for path in written.rglob("*.jpg")}
    assert files == set(truth)


def test_a_series_is_of_one_camera_and_one_kind(truth: dict[str, tuple[str, str]]) -> None:
    of_series: dict[str, set[tuple[str, str]]] = {}
    for photo, (series, kind) in truth.items():
        of_series.setdefault(series, set()).add((photo.partition("/")[0], kind))
    assert all(len(seen) == 1 for seen in of_series.values())
    kinds = Counter(kind for seen in of_series.values() for _, kind in seen)
    assert kinds["exposure bracket"] == 2 * (1 + 3)
    assert kinds["focus stack"] == kinds["panorama"] == 2
    assert kinds["single"] >= 4


def test_what_each_cameras_files_say(captures: dict[str, Capture]) -> None:
    by_camera: dict[str, list[Capture]] = {}
    for photo, capture in captures.items():
        by_camera.setdefault(photo.partition("/")[0], []).append(capture)
    full, bare, scans = (by_camera[name] for name in ("100FULL", "101BARE", "scans"))
    assert all(one.time and one.time.utc_offset == timedelta(hours=2) for one in full)
    assert any(one.time and one.time.local.microsecond for one in full)
    assert all(one.time and one.time.utc_offset is None and not one.time.local.microsecond for one in bare)
    assert all(one == Capture(width=120, height=80) for one in scans)
    assert {one.model for one in full} == {"Full 1"}


def test_photos_are_numbered_in_the_order_of_time(captures: dict[str, Capture]) -> None:
    for camera in ("100FULL", "101BARE"):
        times = [captures[photo].time for photo in sorted(captures) if photo.startswith(camera)]
        local = [time.local for time in times if time]
        assert local == sorted(local)
        assert len(local) == len(times) > 10


def test_brackets_say_so_in_one_of_three_ways(
    captures: dict[str, Capture], truth: dict[str, tuple[str, str]]
) -> None:
    series: dict[str, list[Capture]] = {}
    for photo, (name, kind) in truth.items():
        if kind == "exposure bracket" and not photo.startswith("scans"):
            series.setdefault(name, []).append(captures[photo])
    assert series
    for shots in series.values():
        assert len({one.exposure_time for one in shots}) == len(shots)
        assert all(one.manual for one in shots) or len({one.exposure_bias for one in shots}) == len(shots)


def test_a_full_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(OutputError, match="is not empty"):
        write_library(tmp_path, 1, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
