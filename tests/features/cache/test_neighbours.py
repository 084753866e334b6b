from pathlib import Path

import numpy as np
import pytest

from phototriage.errors import FeatureError, PhotoError
from phototriage.features import Block, FeatureStore
from phototriage.features.cache.neighbours import stored_neighbours
from phototriage.photos import content_hash

IQA = Block("iqa", "iqa/1", ("x", "y"))


def test_the_nearest_by_cosine_come_first_and_the_photo_itself_does_not(tmp_path: Path) -> None:
    names = ("asked", "far", "near")
    files = {name: tmp_path / f"{name}.jpg" for name in names}
    for name, path in files.items():
        path.write_bytes(name.encode())
    hashes = {name: content_hash(name.encode()) for name in names}
    store = FeatureStore(tmp_path / "cache", IQA)
    store.add(list(hashes.values()), np.array([[1, 0], [0, 1], [1, 1]], np.float32))
    known = {files["near"]: hashes["near"], tmp_path / "copy.jpg": hashes["near"]}
    found = stored_neighbours(files["asked"], [(store, sorted(hashes.values()))], known, 2)
    assert found == {
        store.folder.name: [
            (pytest.approx(0.5**0.5), f"{files['near']}, {tmp_path / 'copy.jpg'}"),
            (pytest.approx(0), f"content {hashes['far']}"),
        ]
    }
    files["far"].write_bytes(b"changed")
    with pytest.raises(FeatureError, match="was not measured yet, or has changed since"):
        stored_neighbours(files["far"], [(store, sorted(hashes.values()))], known, 2)
    with pytest.raises(PhotoError, match=r"gone\.jpg"):
        stored_neighbours(tmp_path / "gone.jpg", [(store, [])], known, 2)
