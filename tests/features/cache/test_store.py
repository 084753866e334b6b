import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phototriage.errors import FeatureError, OutputError
from phototriage.features import Block, FeatureStore
from phototriage.features.cache.part import Part, read_part

BLOCK = Block("iqa", "iqa/1", ("sharpness", "contrast", "exposure"))
HASHES = [f"{number:032x}" for number in range(5)]
VECTORS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def test_what_is_added_is_there_for_the_next_process(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, BLOCK)
    store.add(HASHES[:2], VECTORS[:2])
    store.add(HASHES[2:], VECTORS[2:])
    for each in (store, FeatureStore(tmp_path, BLOCK)):
        assert each.content_hashes == frozenset(HASHES)
        assert np.array_equal(each.vectors([HASHES[4], HASHES[0]]), VECTORS[[4, 0]])


def test_vectors_come_in_any_order_from_any_part(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, BLOCK)
    store.add(HASHES[:2], VECTORS[:2])
    store.add(HASHES[2:], VECTORS[2:])
    for order in ([0, 1, 2, 3, 4], [4, 3, 0, 2, 1], [3, 0, 4], [1]):
        assert np.array_equal(store.vectors([HASHES[place] for place in order]), VECTORS[order])
    assert store.among({HASHES[1], "of another"}) == {HASHES[1]}


def test_blocks_with_other_fingerprints_do_not_mix(tmp_path: Path) -> None:
    FeatureStore(tmp_path, BLOCK).add(HASHES, VECTORS)
    assert len(FeatureStore(tmp_path, Block("iqa", "iqa/2", BLOCK.columns))) == 0


def test_a_part_of_several_row_groups_loads_whole(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, BLOCK)
    store.add(HASHES, VECTORS)
    (part,) = store.folder.glob("part-*.parquet")
    pq.write_table(pq.read_table(part), part, row_group_size=2)
    assert np.array_equal(FeatureStore(tmp_path, BLOCK).vectors(HASHES), VECTORS)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign"])
def test_a_damaged_part_is_set_aside_and_the_others_are_used(tmp_path: Path, damage: str) -> None:
    store = FeatureStore(tmp_path, BLOCK)
    store.add(HASHES[:2], VECTORS[:2])
    (torn,) = store.folder.glob("part-*.parquet")
    store.add(HASHES[2:], VECTORS[2:])
    data = bytearray(torn.read_bytes())
    if damage == "cut":
        torn.write_bytes(data[: len(data) // 2])
    elif damage == "flipped":
        data[data.index(VECTORS[0].tobytes()) + 5] ^= 0x10
        torn.write_bytes(data)
    elif damage == "empty":
        torn.write_bytes(b"")
    else:
        pq.write_table(pa.table({"content_hash": ["a"], "vector": [1.0]}), torn)
    after = FeatureStore(tmp_path, BLOCK)
    assert after.torn == [torn]
    assert after.content_hashes == frozenset(HASHES[2:])
    assert not torn.exists()
    assert torn.with_suffix(".broken").exists()


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "features").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="--cache_dir"):
        FeatureStore(tmp_path, BLOCK).add(HASHES, VECTORS)


def full(*arguments: object, **options: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    store = FeatureStore(tmp_path, BLOCK)
    with pytest.raises(OutputError, match=r"No space left on device; free some space"):
        store.add(HASHES, VECTORS)
    assert list(store.folder.iterdir()) == []
    assert len(store) == 0


def parts_of(store: FeatureStore) -> list[Path]:
    return sorted(store.folder.glob("part-*.parquet"))


def one_part_each(cache_dir: Path) -> FeatureStore:
    """A store of as many parts as photos."""
    store = FeatureStore(cache_dir, BLOCK)
    for row in range(len(HASHES)):
        store.add(HASHES[row : row + 1], VECTORS[row : row + 1])
    return store


def test_no_flipped_byte_gives_wrong_numbers(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, BLOCK)
    store.add(HASHES, VECTORS)
    (part,) = parts_of(store)
    data = part.read_bytes()
    newer = 0
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << (place % 8)
        part.write_bytes(flipped)
        try:
            after = FeatureStore(tmp_path, BLOCK)
        except FeatureError:
            newer += 1  # the one byte of the format's number
            continue
        if not after.torn:
            assert np.array_equal(after.vectors(HASHES), VECTORS)
    assert newer <= 1


def test_merging_keeps_every_vector_and_leaves_one_part(tmp_path: Path) -> None:
    store = one_part_each(tmp_path)
    assert store.compact() == 5
    (part,) = parts_of(store)
    for each in (store, FeatureStore(tmp_path, BLOCK)):
        assert np.array_equal(each.vectors(HASHES), VECTORS)
    assert store.compact() == 1
    assert parts_of(store) == [part]


def test_what_others_add_while_merging_stays(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, BLOCK)
    store.add(HASHES[:1], VECTORS[:1])
    store.add(HASHES[1:2], VECTORS[1:2])
    FeatureStore(tmp_path, BLOCK).add(HASHES[2:], VECTORS[2:])
    store.compact()
    assert len(parts_of(store)) == 2
    assert np.array_equal(FeatureStore(tmp_path, BLOCK).vectors(HASHES), VECTORS)


def test_two_that_merge_at_once_lose_nothing(tmp_path: Path) -> None:
    one = one_part_each(tmp_path)
    other = FeatureStore(tmp_path, BLOCK)
    one.compact()
    other.compact()
    after = FeatureStore(tmp_path, BLOCK)
    assert np.array_equal(after.vectors(HASHES), VECTORS)
    after.compact()
    assert len(parts_of(after)) == 1
    assert np.array_equal(FeatureStore(tmp_path, BLOCK).vectors(HASHES), VECTORS)


def test_a_merge_killed_before_it_removed_the_old_parts_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = one_part_each(tmp_path)

    def killed(path: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        store.compact()
    monkeypatch.undo()
    assert len(parts_of(store)) == 6
    assert np.array_equal(FeatureStore(tmp_path, BLOCK).vectors(HASHES), VECTORS)


def test_a_reader_beside_a_merge_misses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = one_part_each(tmp_path)
    merged: list[int] = []

    def merging_read(path: Path) -> object:
        if not merged:  # after the listing, before the first part is read
            merged.append(writer.compact())
        return read_part(path)

    monkeypatch.setattr("phototriage.features.cache.store.read_part", merging_read)
    reader = FeatureStore(tmp_path, BLOCK)
    assert merged == [5]
    assert reader.torn == []
    assert np.array_equal(reader.vectors(HASHES), VECTORS)


def test_very_many_parts_are_merged_when_a_store_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phototriage.features.cache.store._MANY_PARTS", 4)
    store = one_part_each(tmp_path)
    assert len(FeatureStore(tmp_path, BLOCK, merge=False)) == len(parts_of(store)) == 5
    assert np.array_equal(FeatureStore(tmp_path, BLOCK).vectors(HASHES), VECTORS)
    assert len(parts_of(store)) == 1


def test_parts_that_cannot_be_merged_are_of_use_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = one_part_each(tmp_path)
    monkeypatch.setattr("phototriage.features.cache.store._MANY_PARTS", 4)
    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    assert np.array_equal(FeatureStore(tmp_path, BLOCK).vectors(HASHES), VECTORS)
    assert len(parts_of(store)) == 5
    with pytest.raises(OutputError, match="No space left"):
        store.compact()
    assert len(parts_of(store)) == 5


def test_a_disk_that_fills_up_in_the_middle_of_a_part_is_one_clear_error(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    store = FeatureStore(tmp_path, BLOCK)
    store.add(HASHES, VECTORS)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"cannot write .*part-.*: File too large; free some space"):
            store.add(HASHES, VECTORS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(list(store.folder.iterdir())) == 1
    assert np.array_equal(FeatureStore(tmp_path, BLOCK).vectors(HASHES), VECTORS)


def test_a_part_of_a_newer_version_is_named_and_stays_as_it_is(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, BLOCK)
    store.add(HASHES, VECTORS)
    (part,) = parts_of(store)
    label = {"format": "2", **asdict(BLOCK), "something": "new"}
    pq.write_table(pa.table({"new": [1]}).replace_schema_metadata({"phototriage": json.dumps(label)}), part)
    before = part.read_bytes()
    with pytest.raises(FeatureError, match=rf"{part} was written by a newer version .*upgrade.*--cache_dir"):
        FeatureStore(tmp_path, BLOCK)
    assert part.read_bytes() == before


def test_a_part_that_cannot_be_read_is_no_damage(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, BLOCK)
    store.add(HASHES, VECTORS)
    loop = store.folder / "part-loop.parquet"
    loop.symlink_to(loop)
    with pytest.raises(FeatureError, match=r"part-loop.parquet cannot be read: .*--cache_dir"):
        FeatureStore(tmp_path, BLOCK)
    assert loop.is_symlink()


def test_a_damaged_part_in_a_read_only_cache_is_left_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FeatureStore(tmp_path, BLOCK)
    store.add(HASHES[:2], VECTORS[:2])
    (torn,) = parts_of(store)
    torn.write_bytes(torn.read_bytes()[:-1])
    store.add(HASHES[2:], VECTORS[2:])

    def read_only(path: Path, target: Path) -> Path:
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr(Path, "rename", read_only)
    after = FeatureStore(tmp_path, BLOCK)
    assert after.torn == [torn]
    assert after.content_hashes == frozenset(HASHES[2:])


def test_a_part_in_the_folder_of_another_block_is_not_used(tmp_path: Path) -> None:
    other = FeatureStore(tmp_path, Block("iqa", "iqa/2", BLOCK.columns))
    other.add(HASHES, VECTORS)
    store = FeatureStore(tmp_path, BLOCK)
    store.folder.mkdir()
    (part,) = parts_of(other)
    part.rename(store.folder / part.name)
    after = FeatureStore(tmp_path, BLOCK)
    assert len(after) == 0
    assert after.torn == [store.folder / part.name]


def test_what_are_no_numbers_counts_as_not_measured_and_goes_with_a_merge(tmp_path: Path) -> None:
    broken = VECTORS.copy()
    broken[1, 2], broken[3, 0] = np.nan, -np.inf
    FeatureStore(tmp_path, BLOCK).add(HASHES, broken)
    store = FeatureStore(tmp_path, BLOCK)
    assert store.content_hashes == {HASHES[0], HASHES[2], HASHES[4]}
    store.add([HASHES[1], HASHES[3]], VECTORS[[1, 3]])
    after = FeatureStore(tmp_path, BLOCK)
    assert np.array_equal(after.vectors(HASHES), VECTORS)
    after.compact()
    (part,) = parts_of(after)
    read = read_part(part)
    assert isinstance(read, Part)
    assert read.finite.all()
    assert len(read.finite) == 5
