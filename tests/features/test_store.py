from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phototriage.errors import OutputError
from phototriage.features import Block, FeatureStore

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


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    store = FeatureStore(tmp_path, BLOCK)
    with pytest.raises(OutputError, match=r"No space left on device; free some space"):
        store.add(HASHES, VECTORS)
    assert list(store.folder.iterdir()) == []
    assert len(store) == 0
