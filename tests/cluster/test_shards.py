"""Machines that share a folder, as processes, against one undisturbed run."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from phototriage.cli import main
from phototriage.cluster.shards import ShardOptions, extract_shard
from phototriage.errors import FeatureError, OptionError, OutputError
from phototriage.features import ExtractorOptions, FeatureStore, MultiFeatureExtractor, build_extractors
from phototriage.features.cache.index import PhotoIndex, known_photos

FEATURES = ("iqa", "look")
NEVER = 1 << 30


@pytest.fixture
def photos(make_photo: Callable[..., Path], tmp_path: Path) -> Path:
    for number in range(12):
        make_photo(f"photos/{number % 3}/{number}.jpg", number)
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    return tmp_path / "photos"


def options(cache_dir: Path) -> ShardOptions:
    return ShardOptions(1, 3, features=FEATURES, cache_dir=cache_dir, workers=1, lease_seconds=1.0)


def stored(cache_dir: Path) -> dict[tuple[str, str], bytes]:
    """(fingerprint, content hash) → vector."""
    blocks = [each.block for each in build_extractors(FEATURES, ExtractorOptions(), cache_dir)]
    stores = [FeatureStore(cache_dir, block) for block in blocks]
    return {
        (store.block.fingerprint, digest): store.vectors([digest]).tobytes()
        for store in stores
        for digest in store.content_hashes
    }


def start(
    photos: Path, cache_dir: Path, shard: str, *, seconds: float, dies_at: int
) -> "subprocess.Popen[str]":
    program = Path(__file__).with_name("sharding.py")
    command = [sys.executable, *map(str, (program, photos, cache_dir, shard, seconds, dies_at))]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    )


def test_unequal_machines_of_which_one_is_killed_measure_what_one_does(photos: Path, tmp_path: Path) -> None:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    local = MultiFeatureExtractor(FEATURES, cache_dir=alone)(
        {path.relative_to(photos).as_posix(): path for path in photos.rglob("*.jpg")}, workers=1
    )
    killed = start(photos, shared, "1/3", seconds=0.0, dies_at=1)
    assert (killed.communicate()[0], killed.returncode) == ("", -signal.SIGKILL)
    assert len(list(shared.glob("shards/*/*.lease"))) == 1
    others = [
        start(photos, shared, "2/3", seconds=0.0, dies_at=NEVER),
        start(photos, shared, "3/3", seconds=0.1, dies_at=NEVER),
    ]
    said = [each.communicate()[0].split() for each in others]
    assert [each.returncode for each in others] == [0, 0]
    assert [(found, failures) for found, _, *failures in said] == [("12", ["broken.jpg"])] * 2
    assert stored(shared) == stored(alone)
    assert not list(shared.glob("shards/*/*.lease"))
    # Whoever reads the store next reads no photo again, and finds the same.
    rows = MultiFeatureExtractor(FEATURES, cache_dir=shared)(
        {path.relative_to(photos).as_posix(): path for path in photos.rglob("*.jpg")}
    )
    assert set(rows.photos) == set(local.photos)
    assert rows.failures == local.failures


def test_a_machine_measures_what_is_new(
    photos: Path, make_photo: Callable[..., Path], tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    assert extract_shard(photos, options(shared)).read == 13
    again = extract_shard(photos, replace(options(shared), shard=2))
    assert (again.photos, again.read, [each.photo for each in again.failures]) == (12, 0, ["broken.jpg"])
    make_photo("photos/new.jpg", 99)
    done: list[tuple[int, int]] = []
    found = extract_shard(photos, options(shared), on_progress=lambda *each: done.append(each))
    assert (found.photos, found.read) == (13, 1)
    assert done[-1] == (14, 14)


def test_the_next_reader_takes_in_what_machines_found(photos: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    extract_shard(photos, options(shared))
    assert set(known_photos(shared)) == set()
    with PhotoIndex(shared) as index:
        assert set(index.photos()) == set(photos.rglob("*.jpg"))
        index.forget_all()
    with PhotoIndex(shared) as index:
        assert len(index.photos()) == 13
    damaged = sorted(shared.glob("shards/*/*.sqlite"))[0]
    damaged.rename(damaged.with_name("damaged.sqlite"))
    damaged.with_name("damaged.sqlite").write_bytes(b"no database at all")
    notes: list[str] = []
    with PhotoIndex(shared, notes.append) as index:
        assert len(index.photos()) == 13
    assert [("damaged.sqlite" in each, each.endswith("its photos are read once more")) for each in notes] == [
        (True, True)
    ]


def test_a_full_disk_is_one_error_and_leaves_no_lease(photos: Path, small_disk: Path) -> None:
    (small_disk / "full").write_bytes(bytes(50_000))
    with pytest.raises((OutputError, FeatureError), match=r"No space left|disk is full"):
        extract_shard(photos, options(small_disk))
    assert not list(small_disk.glob("shards/*/*.lease"))
    (small_disk / "full").unlink()


@pytest.mark.parametrize("wrong", [(0, 3), (4, 3), (1, 0)])
def test_shards_that_are_none(wrong: tuple[int, int]) -> None:
    with pytest.raises(OptionError, match="shard must be from 1"):
        ShardOptions(*wrong)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--shard", "2"], "must be I/N, such as 2/3, not '2'"),
        (["--shard", "4/3"], "must be from 1/3 on, not 4/3"),
        (["--shard", "1/3", "--engine", "ray"], "splits the work itself"),
        (["--shard", "1/3", "--address", "head:6379"], "need --engine ray"),
    ],
)
def test_options_that_do_not_fit(
    arguments: list[str], said: str, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["features", "extract", str(photos), "--cache_dir", str(tmp_path), *arguments]) == 2
    assert said in capsys.readouterr().err
