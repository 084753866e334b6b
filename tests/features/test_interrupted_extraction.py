import multiprocessing
import os
import random
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.features import interrupted_extraction
from tests.features.interrupted_extraction import EXTRACTORS

from phototriage.errors import OutputError
from phototriage.features import Features, FeatureStore, extract, measuring
from phototriage.features.cache.maintenance import survey

_PHOTOS = 120
_KILLS = 30

Start = Callable[[Path, Path], tuple[BaseProcess, Connection]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from PIL import Image

    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(_PHOTOS):
        Image.fromarray(rng.integers(0, 256, (24, 32, 3), np.uint8)).save(folder / f"{number:03}.png")
    return folder


@pytest.fixture(scope="module")
def undisturbed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Features:
    return features_of(folder, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts an extraction; gives its process and where it tells what is safe. Kills what is left."""
    # A server that has everything imported: thirty starts take a second in place of a minute.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["phototriage.features", "tests.features.interrupted_extraction"])
    started: list[BaseProcess] = []

    def start(folder: Path, cache_dir: Path) -> tuple[BaseProcess, Connection]:
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=interrupted_extraction.run, args=(folder, cache_dir, sending))
        process.start()
        sending.close()
        started.append(process)
        return process, receiving

    yield start
    for process in started:
        if process.is_alive():
            kill(process)


def features_of(folder: Path, cache_dir: Path) -> Features:
    return extract({path.name: path for path in sorted(folder.iterdir())}, EXTRACTORS, cache_dir, workers=2)


def kill(process: BaseProcess) -> None:
    """kill -9 of the process and its workers."""
    assert process.pid
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # so early that it leads no group yet
        process.kill()
    process.join()


def first(kept: Connection, count: int) -> list[tuple[str, list[str]]]:
    """The first messages, waited for; fewer where the process ends before."""
    messages: list[Any] = []
    try:
        while len(messages) < count:
            messages.append(kept.recv())
    except EOFError:
        pass
    return messages


def received(kept: Connection) -> list[tuple[str, list[str]]]:
    """Everything that was sent before the end."""
    messages: list[Any] = []
    try:
        while kept.poll():
            messages.append(kept.recv())
    except EOFError:
        pass
    return messages


def expected_vectors(undisturbed: Features, cache_dir: Path) -> dict[str, dict[str, bytes]]:
    """Block name → content hash → bytes of the vector, as an undisturbed run leaves them."""
    stores = [FeatureStore(cache_dir, block) for block in undisturbed.blocks]
    return {
        store.block.name: {each: store.vectors([each]).tobytes() for each in store.content_hashes}
        for store in stores
    }


def test_thirty_kills_at_random_moments_lose_at_most_the_batch_in_flight(
    folder: Path, undisturbed: Features, tmp_path: Path, start: Start
) -> None:
    features_of(folder, tmp_path / "reference")
    reference = expected_vectors(undisturbed, tmp_path / "reference")
    lives = random.Random(2026)
    killed, partly = 0, 0
    rounds = iter(range(_KILLS))
    cache_dir = tmp_path / f"cache-{next(rounds)}"
    safe: set[tuple[str, str]] = set()
    while killed < _KILLS:
        process, kept = start(folder, cache_dir)
        # A moment somewhere in the start, or somewhere behind the first, second or third part on disk.
        messages = first(kept, lives.randrange(4))
        process.join(lives.uniform(0, 0.03 if messages else 0.3))
        kill(process)
        assert process.exitcode in (0, -signal.SIGKILL)
        finished = process.exitcode == 0
        safe |= {(name, each) for name, hashes in messages + received(kept) for each in hashes}

        # What is there is right, and what was called safe is there.
        stored = survey(cache_dir)
        assert [part for each in stored for part in each.unusable] == []
        here: set[tuple[str, str]] = set()
        for block in undisturbed.blocks:
            store = FeatureStore(cache_dir, block)
            here |= {(block.name, each) for each in store.content_hashes}
            for each in store.content_hashes:
                assert store.vectors([each]).tobytes() == reference[block.name][each]
        assert safe <= here

        if finished:
            assert len(here) == 2 * _PHOTOS
            assert_equal(features_of(folder, cache_dir), undisturbed)
            cache_dir, safe = tmp_path / f"cache-{next(rounds)}", set()
        else:
            killed += 1
            partly += 0 < len(here) < 2 * _PHOTOS
    assert partly >= _KILLS // 3
    assert_equal(features_of(folder, cache_dir), undisturbed)


def test_two_processes_extract_the_same_folder_at_once(
    folder: Path, undisturbed: Features, tmp_path: Path, start: Start
) -> None:
    both = [start(folder, tmp_path / "cache") for _ in range(2)]
    for process, _ in both:
        process.join(60)
    assert [process.exitcode for process, _ in both] == [0, 0]
    assert all(each.unusable == () and each.photos == _PHOTOS for each in survey(tmp_path / "cache"))
    assert_equal(features_of(folder, tmp_path / "cache"), undisturbed)


def assert_equal(features: Features, undisturbed: Features) -> None:
    assert features.photos == undisturbed.photos
    assert features.failures == ()
    assert features.matrix.tobytes() == undisturbed.matrix.tobytes()


def test_a_photo_that_vanishes_while_running_is_a_failure_and_the_rest_go_on(
    folder: Path, undisturbed: Features, tmp_path: Path
) -> None:
    photos = {}
    for path in sorted(folder.iterdir()):
        photos[path.name] = tmp_path / path.name
        photos[path.name].write_bytes(path.read_bytes())
    last = list(photos)[-1]

    def vanish(done: int, total: int) -> None:
        photos[last].unlink(missing_ok=True)

    features = extract(photos, EXTRACTORS, tmp_path / "cache", workers=2, on_progress=vanish)
    assert [failure.photo for failure in features.failures] == [last]
    assert "No such file or directory" in features.failures[0].reason
    assert features.matrix.tobytes() == undisturbed.matrix[:-1].tobytes()


def test_a_photo_replaced_by_one_of_the_same_size_is_measured_again(
    folder: Path, undisturbed: Features, tmp_path: Path
) -> None:
    # Bitmaps of equal sides have equal sizes, whatever they show.
    from PIL import Image

    photo = tmp_path / "a.bmp"
    for row, name in enumerate(undisturbed.photos[:2]):
        Image.open(folder / name).save(photo)
        features = extract({"a.bmp": photo}, EXTRACTORS, tmp_path / "cache", workers=1)
        assert features.matrix[0].tobytes() == undisturbed.matrix[row].tobytes()


def test_a_full_disk_is_one_clear_error_and_what_was_kept_stays(
    folder: Path, undisturbed: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "_PHOTOS_PER_PART", 20)
    write_table, written = pq.ParquetWriter.write_table, []

    def filling(writer: pq.ParquetWriter, *arguments: object, **options: object) -> None:
        written.append(arguments)
        if len(written) > 3:
            raise OSError(28, "No space left on device")
        write_table(writer, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(pq.ParquetWriter, "write_table", filling)
        with pytest.raises(OutputError, match=r"No space left on device; free some space, or choose another"):
            features_of(folder, tmp_path)
    assert sum(each.parts for each in survey(tmp_path)) == 3
    assert not list(tmp_path.rglob(".writing-*"))
    assert_equal(features_of(folder, tmp_path), undisturbed)


def test_a_damaged_index_is_said_and_costs_only_another_reading(
    folder: Path, undisturbed: Features, tmp_path: Path
) -> None:
    features_of(folder, tmp_path)
    (tmp_path / "index.sqlite").write_bytes(b"no database at all" * 1000)
    before = survey(tmp_path)
    notes: list[str] = []
    photos = {path.name: path for path in sorted(folder.iterdir())}
    for _ in range(2):
        features = extract(photos, EXTRACTORS, tmp_path, workers=1, on_note=notes.append)
        assert_equal(features, undisturbed)
    assert len(notes) == 1
    assert "is damaged" in notes[0]
    assert survey(tmp_path) == before
