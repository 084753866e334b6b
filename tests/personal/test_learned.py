"""A person's own ranker on disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from phototriage.errors import ModelError
from phototriage.personal.gate import Gate
from phototriage.personal.learned import (
    Learned,
    forget,
    is_switched_off,
    keep_learned,
    load_learned,
    ranker_file,
    retires,
    supersedes,
)
from phototriage.ranker import load_default_ranker, load_ranker, save_ranker

OPEN = Gate(series=40, default=0.63, personal=0.71, lead=0.08, low=0.02, high=0.14, p_value=0.001, more=None)
CLOSED = replace(OPEN, p_value=0.5)


@pytest.fixture
def learned() -> Learned:
    return Learned(
        ranker=load_default_ranker(),
        gate=OPEN,
        series=160,
        pairs=410,
        sources=("ratings: 300 decisions",),
        words=("you prefer brighter frames",),
        at="2026-11-27T05:00:00+00:00",
        by="0.1",
    )


def test_what_is_kept_comes_back(learned: Learned, tmp_path: Path) -> None:
    assert load_learned(tmp_path / "personal") is None
    file = keep_learned(learned, tmp_path / "personal")
    found = load_learned(tmp_path / "personal")
    assert found is not None
    assert replace(found, ranker=learned.ranker) == learned
    for name, array in learned.ranker.weights.items():
        assert np.array_equal(found.ranker.weights[name], array)
    assert np.array_equal(load_ranker(file).seen_keys, learned.ranker.seen_keys)


def test_forgetting_removes_it(learned: Learned, tmp_path: Path) -> None:
    file = keep_learned(learned, tmp_path)
    assert forget(tmp_path)
    assert not file.exists()
    assert not forget(tmp_path)


def test_learning_again_replaces_it(learned: Learned, tmp_path: Path) -> None:
    keep_learned(learned, tmp_path)
    keep_learned(replace(learned, series=200), tmp_path)
    found = load_learned(tmp_path)
    assert found is not None
    assert found.series == 200
    assert [path.name for path in tmp_path.iterdir()] == [ranker_file(tmp_path).name]


def test_other_files_are_refused(learned: Learned, tmp_path: Path) -> None:
    ranker_file(tmp_path).write_bytes(b"no ranker")
    with pytest.raises(ModelError, match="is no ranker"):
        load_learned(tmp_path)
    save_ranker(learned.ranker, ranker_file(tmp_path))
    with pytest.raises(ModelError, match="does not say how it was learned"):
        load_learned(tmp_path)


@pytest.mark.parametrize(
    ("value", "off"), [("off", True), ("OFF", True), ("0", True), ("", False), ("on", False)]
)
def test_a_variable_switches_it_off(value: str, off: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOTRIAGE_PERSONAL", value)
    assert is_switched_off() is off


def test_a_ranker_takes_the_place_of_one_that_learned_from_no_other_photo(
    learned: Learned, tmp_path: Path
) -> None:
    def of(*photos: int) -> Learned:
        return replace(learned, ranker=replace(learned.ranker, seen_contents=np.array(photos, np.uint32)))

    assert supersedes(of(1), tmp_path)
    keep_learned(of(1, 2), tmp_path)
    assert supersedes(of(3, 2, 1), tmp_path)
    assert not supersedes(of(1, 3), tmp_path)
    ranker_file(tmp_path).write_bytes(b"damaged")
    assert supersedes(of(1), tmp_path)


def test_a_ranker_that_failed_does_not_retire_one_that_passed_with_other_photos(
    learned: Learned, tmp_path: Path
) -> None:
    def of(gate: Gate, *photos: int) -> Learned:
        ranker = replace(learned.ranker, seen_contents=np.array(photos, np.uint32))
        return replace(learned, ranker=ranker, gate=gate)

    assert not retires(of(CLOSED, 3), tmp_path)
    keep_learned(of(OPEN, 1, 2), tmp_path)
    assert retires(of(CLOSED, 3), tmp_path)
    assert retires(of(CLOSED, 1), tmp_path)
    assert not retires(of(CLOSED, 1, 2, 3), tmp_path)
    assert not retires(of(OPEN, 3), tmp_path)
    keep_learned(of(CLOSED, 1, 2), tmp_path)
    assert not retires(of(CLOSED, 3), tmp_path)
    ranker_file(tmp_path).write_bytes(b"damaged")
    assert not retires(of(CLOSED, 3), tmp_path)


def test_what_is_said_of_a_ranker_that_is_switched_off(
    learned: Learned, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert learned.lines == (*learned.findings[:-1], OPEN.verdict)
    monkeypatch.setenv("PHOTOTRIAGE_PERSONAL", "off")
    off = f"{OPEN.figures}; PHOTOTRIAGE_PERSONAL is off: rank and review use the default ranker"
    assert learned.lines == (*learned.findings[:-1], off)
    closed = replace(learned, gate=CLOSED)
    assert closed.lines == (*learned.findings[:-1], CLOSED.verdict)
