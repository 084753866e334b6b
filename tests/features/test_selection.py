from pathlib import Path

import numpy as np
import pytest

from phototriage.errors import FeatureError
from phototriage.features import Block, FeatureStore
from phototriage.features.cache.index import PhotoIndex
from phototriage.features.selection import select_photos, select_stores

IQA = Block("iqa", "iqa/1", ("sharpness", "contrast"))
CLIP = Block("clip", "clip/1", ("a", "b", "c"))
HASHES = [f"{number:032x}" for number in range(2)]


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    for block in (IQA, CLIP):
        FeatureStore(tmp_path, block).add(HASHES, np.ones((2, block.dim), np.float32))
    with PhotoIndex(tmp_path) as index:
        paths = [Path("/photos/trip/a.jpg"), Path("/photos/b.jpg")]
        known = zip(paths, HASHES, strict=True)
        index.remember([(path, tmp_path.stat(), digest) for path, digest in known], {})
    return tmp_path


def test_blocks_come_in_the_order_of_concatenation(cache_dir: Path) -> None:
    notes: list[str] = []
    assert [store.block for store in select_stores(cache_dir, (), notes.append)] == [CLIP, IQA]
    assert [store.block for store in select_stores(cache_dir, ["iqa"], notes.append)] == [IQA]
    assert notes == []
    with pytest.raises(FeatureError, match="no block 'resnet'"):
        select_stores(cache_dir, ["resnet"], notes.append)
    with pytest.raises(FeatureError, match="there are no features in"):
        select_stores(cache_dir / "nowhere", (), notes.append)


def test_a_block_of_which_nothing_can_be_read_is_noted(cache_dir: Path) -> None:
    for part in FeatureStore(cache_dir, CLIP).folder.glob("part-*"):
        part.write_bytes(b"torn")
    notes: list[str] = []
    assert [store.block for store in select_stores(cache_dir, (), notes.append)] == [IQA]
    assert len(notes) == 1
    assert notes[0].startswith("left out: ")


def test_photos_are_those_of_a_folder_however_it_is_named(cache_dir: Path) -> None:
    trip = {Path("/photos/trip/a.jpg"): HASHES[0]}
    assert select_photos(cache_dir, Path("/photos/trip"), print) == trip
    assert select_photos(cache_dir, Path("/photos/other/../trip"), print) == trip
    assert len(select_photos(cache_dir, None, print)) == 2
