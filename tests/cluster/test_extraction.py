"""A cluster of one machine against the local pipeline."""

import logging
import os
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phototriage.cluster import extraction, work
from phototriage.cluster.extraction import ClusterOptions, _tasks, extract_on_ray
from phototriage.cluster.source import Item
from phototriage.cluster.work import Batch, Decode, Infer, Job, task
from phototriage.errors import Failure, FeatureError, OptionError, OutputError, PhotoError
from phototriage.features import ExtractorOptions, FeatureStore, MultiFeatureExtractor, build_extractors
from phototriage.features.cache.index import PhotoIndex

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ray", "ignore::ResourceWarning")

FEATURES = ("iqa", "look")
COLUMNS = ("key", "place", "kind", "group")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(
        address="local",
        num_cpus=2,
        num_gpus=1,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    yield
    ray.shutdown()


@pytest.fixture
def photos(make_photo: Callable[..., Path], tmp_path: Path) -> Path:
    for number in range(6):
        make_photo(f"photos/{number}.jpg", number)
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    return tmp_path / "photos"


def stored(cache_dir: Path) -> dict[tuple[str, str], bytes]:
    """(fingerprint, content hash) → vector."""
    stores = [
        FeatureStore(cache_dir, each.block)
        for each in build_extractors(FEATURES, ExtractorOptions(), cache_dir)
    ]
    return {
        (store.block.fingerprint, digest): store.vectors([digest]).tobytes()
        for store in stores
        for digest in store.content_hashes
    }


def options(store: Path) -> ClusterOptions:
    return ClusterOptions(features=FEATURES, store=store, cache_dir=store)


def as_batch(items: list[Item]) -> Batch:
    """As Ray hands it to a worker."""
    return {
        name: column.to_numpy(zero_copy_only=False)
        for name, column in zip(COLUMNS, task(items).columns, strict=True)
    }


def test_the_store_is_that_of_the_local_pipeline(photos: Path, tmp_path: Path) -> None:
    extractor = MultiFeatureExtractor(FEATURES, cache_dir=tmp_path / "local")
    files = {path.name: path for path in photos.iterdir()}
    local = extractor(files)
    found = extract_on_ray(str(photos), options(tmp_path / "ray"))
    assert (found.photos, found.read) == (6, 7)
    assert found.failures == local.failures
    assert stored(tmp_path / "ray") == stored(tmp_path / "local")
    # The index came along: nothing is read again, here or there.
    again = extract_on_ray(str(photos), options(tmp_path / "ray"))
    assert (again.photos, again.read, again.failures) == (6, 0, found.failures)
    (tmp_path / "ray" / "features").rename(tmp_path / "kept")
    (tmp_path / "kept").rename(tmp_path / "ray" / "features")
    rows = MultiFeatureExtractor(FEATURES, cache_dir=tmp_path / "ray")(files)
    assert np.array_equal(rows.matrix, local.matrix)


def test_a_run_goes_on_where_it_was_left(photos: Path, tmp_path: Path) -> None:
    store = tmp_path / "ray"
    first = {"0.jpg": photos / "0.jpg", "1.jpg": photos / "1.jpg"}
    MultiFeatureExtractor(FEATURES, cache_dir=store)(first)
    done: list[tuple[int, int]] = []
    found = extract_on_ray(str(photos), options(store), on_progress=lambda *each: done.append(each))
    assert (found.photos, found.read) == (6, 5)
    assert (done[0], done[-1]) == ((2, 7), (7, 7))


def test_archives_and_moved_photos_are_known_by_their_contents(photos: Path, tmp_path: Path) -> None:
    store = tmp_path / "ray"
    with tarfile.open(tmp_path / "shard.tar", "w") as archive:
        archive.add(photos, "shard")
    found = extract_on_ray(str(tmp_path / "shard.tar"), options(store))
    assert (found.photos, [each.photo for each in found.failures]) == (6, ["shard.tar/shard/broken.jpg"])
    before = stored(store)
    assert len(before) == 12
    parts = set(store.rglob("part-*"))
    assert extract_on_ray(str(photos), options(store)).photos == 6
    assert set(store.rglob("part-*")) == parts
    assert stored(store) == before


def test_odd_names_torn_archives_and_twins(photos: Path, tmp_path: Path) -> None:
    archives = tmp_path / "archives"
    archives.mkdir()
    with tarfile.open(archives / "0.tar", "w") as archive:
        for number in (0, 1):
            archive.add(photos / f"{number}.jpg", "twin.jpg")
        archive.add(photos / "2.jpg", os.fsdecode(b"\xff.jpg"))
    whole = (archives / "0.tar").read_bytes()
    (archives / "1.tar").write_bytes(whole[:600])
    found = extract_on_ray(str(archives), options(tmp_path / "ray"))
    assert (found.photos, [each.photo for each in found.failures]) == (3, ["1.tar"])
    assert len(stored(tmp_path / "ray")) == 6
    (photos / "0.jpg").rename(photos / os.fsdecode(b"\xfe.jpg"))
    found = extract_on_ray(str(photos), options(tmp_path / "ray"))
    assert (found.photos, found.read, [each.photo for each in found.failures]) == (6, 7, ["broken.jpg"])
    assert extract_on_ray(str(photos), options(tmp_path / "ray")).read == 0


def test_a_list_of_which_a_photo_is_missing(photos: Path, tmp_path: Path) -> None:
    paths = ["photos/0.jpg", "photos/none.jpg", "photos/1.jpg"]
    pq.write_table(pa.table({"path": paths}), tmp_path / "list.parquet")
    found = extract_on_ray(str(tmp_path / "list.parquet"), options(tmp_path / "ray"))
    assert found.failures == (Failure("photos/none.jpg", "cannot be read: No such file or directory"),)
    assert (found.photos, found.read) == (2, 2)
    again = extract_on_ray(str(tmp_path / "list.parquet"), options(tmp_path / "ray"))
    assert (again.photos, again.read) == (2, 0)


def test_archives_without_a_photo(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "empty.tar", "w"):
        pass
    with pytest.raises(PhotoError, match=r"empty.tar contains no photo"):
        extract_on_ray(str(tmp_path / "empty.tar"), options(tmp_path / "ray"))


def test_tasks_keep_all_workers_busy() -> None:
    def sizes(photos: int, archives: int, workers: int) -> list[int]:
        items = [Item(f"{number}.jpg", "") for number in range(photos)]
        items += [Item(f"{number}.tar", "", "tar", photos=0) for number in range(archives)]
        found = list(_tasks(items, workers))
        assert sorted(each.key for some in found for each in some) == sorted(each.key for each in items)
        return [len(each) for each in found]

    assert sizes(0, 3, 2) == [1, 1, 1]
    assert sizes(20, 0, 2) == [16, 4]
    assert sizes(320, 1, 2) == [1] + [40] * 8
    assert set(sizes(100_000, 0, 2)[:-1]) == {128}


def test_a_worker_that_measures_otherwise_is_refused(tmp_path: Path) -> None:
    (extractor,) = build_extractors(("iqa",), ExtractorOptions(), tmp_path)
    other = replace(extractor.block, fingerprint="of another version")
    job = Job(("iqa",), ExtractorOptions(), (other,), tmp_path, (frozenset(),), tmp_path)
    with pytest.raises(FeatureError, match="and not as of another version: install the same version"):
        job.extractors()


def test_a_store_that_cannot_be_written_is_one_error(photos: Path, tmp_path: Path) -> None:
    store = tmp_path / "ray"
    (extractor,) = build_extractors(("iqa",), ExtractorOptions(), store)
    folder = FeatureStore.folder_of(store, extractor.block)
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    with pytest.raises((OutputError, FeatureError), match=folder.name):
        extract_on_ray(str(photos), replace(options(store), features=("iqa",)))


def test_two_drivers_at_once_share_a_store(photos: Path, tmp_path: Path) -> None:
    MultiFeatureExtractor(FEATURES, cache_dir=tmp_path / "local")(
        {path.name: path for path in photos.iterdir()}
    )
    with ThreadPoolExecutor() as drivers:
        ends = [drivers.submit(extract_on_ray, str(photos), options(tmp_path / "ray")) for _ in range(2)]
        found = [each.result() for each in ends]
    assert [(each.photos, [failed.photo for failed in each.failures]) for each in found] == [
        (6, ["broken.jpg"])
    ] * 2
    assert stored(tmp_path / "ray") == stored(tmp_path / "local")
    assert extract_on_ray(str(photos), options(tmp_path / "ray")).read == 0


def test_a_full_disk_is_one_error(photos: Path, small_disk: Path) -> None:
    store = small_disk / "store"
    with PhotoIndex(store):
        pass
    with (small_disk / "full").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    with pytest.raises(OutputError, match="No space left on device; free some space"):
        extract_on_ray(str(photos), options(store))
    assert not list(store.rglob("part-*"))


def test_a_batch_that_cannot_be_written_leaves_nothing_behind(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = tuple(each.block for each in build_extractors(FEATURES, ExtractorOptions(), tmp_path))
    job = Job(FEATURES, ExtractorOptions(), blocks, tmp_path / "store", (frozenset(),) * 2, tmp_path)
    batch = as_batch([Item("0.jpg", str(photos / "0.jpg"))])

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    (ready,) = Decode(job)(batch)
    with pytest.raises(OutputError, match="No space left on device; free some space"):
        Infer(job)(ready)
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_credentials_that_a_worker_lacks_are_one_failure_and_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = "s3://AKIA:hidden@bucket/a.jpg"

    def denied(item: Item) -> Iterator[tuple[str, bytes]]:
        yield from ()
        raise OSError(f"When reading {item.place}?secret_key=abc: AWS Error ACCESS_DENIED\nat line 3")

    monkeypatch.setattr(work, "read_item", denied)
    (failure,) = Decode._read([Item("a.jpg", place)], tmp_path)
    assert failure == Failure(
        "a.jpg", "cannot be read: When reading s3://…@bucket/a.jpg?secret_key=… AWS Error ACCESS_DENIED"
    )


def test_networks_have_actors_of_their_own_with_gpus(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Those that decode take both cores, and the others must not wait for one.
    monkeypatch.setattr(extraction, "_PHOTOS_PER_TASK", 2)
    gpus = replace(options(tmp_path / "gpus"), gpus_per_worker=0.5)
    found = extract_on_ray(str(photos), gpus)
    assert (found.photos, [each.photo for each in found.failures]) == (6, ["broken.jpg"])
    assert len(stored(tmp_path / "gpus")) == 12


def test_a_worker_that_no_cluster_has_room_for(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no machine of the cluster has 2 GPU, at most 1"):
        extract_on_ray(str(photos), replace(options(tmp_path / "ray"), gpus_per_worker=2.0))
    with pytest.raises(OptionError, match="no machine of the cluster has 3 CPU, at most 2"):
        extract_on_ray(str(photos), replace(options(tmp_path / "ray"), cpus_per_worker=3))


def test_an_actor_has_its_share_of_a_single_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [{"Alive": alive, "Resources": {"CPU": 3.0, "GPU": 1.0}} for alive in (True, True, False)]
    monkeypatch.setattr(ray, "nodes", lambda: nodes)
    assert [extraction._most("CPU", each) for each in (1, 2, 3)] == [6, 2, 2]
    assert [extraction._most("GPU", each) for each in (0.1, 0.3, 0.5, 1.0)] == [20, 6, 4, 2]
    with pytest.raises(OptionError, match="no machine of the cluster has 4 CPU, at most 3"):
        extraction._most("CPU", 4)


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"cpus_per_worker": 0}, {"gpus_per_worker": -1.0}])
def test_options_that_are_none(wrong: dict[str, float]) -> None:
    with pytest.raises(OptionError, match=next(iter(wrong))):
        ClusterOptions(**wrong)  # type: ignore[arg-type]
