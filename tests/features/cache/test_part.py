from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from phototriage.features import Block, FeatureStore
from phototriage.features.cache import part as parts
from phototriage.features.cache.mapped import MappedVectors
from phototriage.features.cache.part import Part, Unusable, read_part, write_part

BLOCK = Block("x", "x/1", ("a", "b", "c"))
HASHES = [f"{number:032x}" for number in range(7)]
VECTORS = np.random.default_rng(0).random((7, 3), np.float32)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part is a large one, of row groups of two photos."""
    monkeypatch.setattr(parts, "_LARGE", 1)
    monkeypatch.setattr(parts, "_ROWS", 2)


def read(path: Path) -> Part:
    found = read_part(path)
    assert isinstance(found, Part)
    return found


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5, 6], [6, 3, 4, 0, 5], [2], [5, 5], []])
def test_vectors_of_a_large_part_stay_on_disk_and_come_in_any_order(tmp_path: Path, order: list[int]) -> None:
    path = write_part(tmp_path, BLOCK, HASHES, VECTORS)
    found = read(path)
    assert isinstance(found.vectors, MappedVectors)
    assert found.content_hashes == tuple(HASHES)
    path.unlink()
    assert np.array_equal(found.vectors[np.array(order, np.intp)], VECTORS[order])
    assert np.array_equal(found.vectors[2:5], VECTORS[2:5])


@pytest.mark.usefixtures("large")
def test_a_large_part_is_written_from_what_fetches_some_at_a_time(tmp_path: Path) -> None:
    asked = []

    def fetch(hashes: Sequence[str]) -> NDArray[np.float32]:
        asked.append(len(hashes))
        return VECTORS[[HASHES.index(each) for each in hashes]]

    found = read(write_part(tmp_path, BLOCK, HASHES, fetch))
    assert asked == [2, 2, 2, 1]
    assert np.array_equal(found.vectors[:], VECTORS)


@pytest.mark.usefixtures("large")
def test_numbers_that_are_none_and_damage_are_found_in_large_parts(tmp_path: Path) -> None:
    broken = VECTORS.copy()
    broken[4, 1] = np.nan
    path = write_part(tmp_path, BLOCK, HASHES, broken)
    assert np.flatnonzero(~read(path).finite).tolist() == [4]
    content = path.read_bytes()
    path.write_bytes(content.replace(VECTORS[5].tobytes(), VECTORS[6].tobytes()))
    found = read_part(path)
    assert isinstance(found, Unusable)
    assert found.kind == "damaged"


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    "how",
    [{"row_group_size": 2}, {"row_group_size": 3, "use_dictionary": False, "compression": "none"}]
    + [{"row_group_size": 2, "use_dictionary": False, "compression": each} for each in ("none", "zstd")],
    ids=["dictionary", "other groups", "alike", "compressed"],
)
def test_parts_of_another_layout_are_read_as_well(tmp_path: Path, how: dict[str, object]) -> None:
    path = write_part(tmp_path, BLOCK, HASHES, VECTORS)
    pq.write_table(pq.read_table(path), path, **how)
    assert np.array_equal(read(path).vectors[:], VECTORS)


@pytest.mark.usefixtures("large")
def test_pages_of_a_few_rows_are_read_as_well(tmp_path: Path) -> None:
    path = write_part(tmp_path, BLOCK, HASHES, VECTORS)
    table = pq.read_table(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "_ROWS", len(HASHES))
        how = {"use_dictionary": False, "write_statistics": False, "compression": "none"}
        pq.write_table(table, path, data_page_size=1, write_batch_size=1, **how)
        found = read(path)
    assert not isinstance(found.vectors, MappedVectors)
    assert np.array_equal(found.vectors, VECTORS)


@pytest.mark.usefixtures("large")
def test_a_store_of_large_and_small_parts_gives_the_same_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FeatureStore(tmp_path, BLOCK).add(HASHES[:5], VECTORS[:5])
    monkeypatch.setattr(parts, "_LARGE", 3 * 4 * 3)
    FeatureStore(tmp_path, BLOCK).add(HASHES[5:], VECTORS[5:])
    store = FeatureStore(tmp_path, BLOCK)
    kept = store.in_store([HASHES[place] for place in (6, 0, 5, 3)])
    assert np.array_equal(kept.fetch(np.array([3, 0, 1])), VECTORS[[3, 6, 0]])
    assert store.compact() == 2
    assert np.array_equal(kept.fetch(np.array([2])), VECTORS[[5]])
    assert np.array_equal(FeatureStore(tmp_path, BLOCK).vectors(HASHES[::-1]), VECTORS[::-1])
