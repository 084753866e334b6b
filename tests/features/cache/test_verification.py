from pathlib import Path

import numpy as np
import pytest

from phototriage.features import Block, FeatureStore
from phototriage.features.cache.verification import Verification, verify_cache

IQA = Block("iqa", "iqa/1", ("sharpness", "contrast"))
HASHES = [f"{number:032x}" for number in range(4)]


def test_what_is_sound_is_counted(tmp_path: Path) -> None:
    assert verify_cache(tmp_path / "nowhere") == Verification(True, 0, 0, 0)
    FeatureStore(tmp_path, IQA).add(HASHES[:2], np.ones((2, 2), np.float32))
    FeatureStore(tmp_path, IQA).add(HASHES[2:], np.ones((2, 2), np.float32))
    assert verify_cache(tmp_path) == Verification(True, 2, 4, 0)


@pytest.mark.parametrize("fault", ["torn", "not a number"])
def test_faults_are_noted_and_repaired_when_asked(tmp_path: Path, fault: str) -> None:
    FeatureStore(tmp_path, IQA).add(HASHES[:2], np.ones((2, 2), np.float32))
    if fault == "torn":
        (part,) = FeatureStore(tmp_path, IQA).folder.glob("part-*")
        part.write_bytes(part.read_bytes()[:-5])
    else:
        FeatureStore(tmp_path, IQA).add(HASHES[2:3], np.full((1, 2), np.nan, np.float32))
    notes: list[str] = []
    assert not verify_cache(tmp_path, on_note=notes.append).sound
    assert len(notes) == 1
    assert notes[0].startswith("damaged: ")
    assert verify_cache(tmp_path, repair=True).sound
    assert verify_cache(tmp_path, on_note=notes.append) == Verification(
        True, *((0, 0) if fault == "torn" else (1, 2)), 0
    )
    assert len(notes) == 1
