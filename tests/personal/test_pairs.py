"""Pairs of rows from comparisons."""

from collections.abc import Callable

import numpy as np
import pytest

from phototriage.labels import Comparisons
from phototriage.personal.pairs import Pairs

PICK_OF_FOUR = [("s", "a", "b", 1.0), ("s", "a", "c", 1.0), ("s", "a", "d", 1.0)]


def test_a_series_counts_by_its_photos_not_by_its_pairs(
    make_comparisons: Callable[..., Comparisons],
) -> None:
    rows = {name: place for place, name in enumerate("dcbaxyz")}
    decided = [*PICK_OF_FOUR, ("s", "b", "c", 0.5), ("t", "x", "y", 0.0)]
    pairs = Pairs.of(make_comparisons(*decided), rows, {"t": 0.5})
    assert pairs.series.tolist() == [0, 0, 0, 0, 1]
    assert pairs.a.tolist() == [3, 3, 3, 2, 4]
    assert pairs.b.tolist() == [2, 1, 0, 1, 5]
    assert pairs.preference.tolist() == [1, 1, 1, 0.5, 0]
    assert pairs.weight == pytest.approx([1.5 / 4] * 4 + [0.5])
    part = pairs.take(np.array([False, True, False, False, True]))
    assert (part.a.tolist(), part.weight.tolist()) == ([3, 4], pytest.approx([1.5 / 4, 0.5]))


def test_photos_without_a_row_are_left_out(make_comparisons: Callable[..., Comparisons]) -> None:
    pairs = Pairs.of(make_comparisons(*PICK_OF_FOUR), {"a": 0, "b": 1})
    assert (len(pairs), pairs.weight.tolist()) == (1, [1.0])
    assert len(Pairs.of(make_comparisons(*PICK_OF_FOUR), {"z": 0})) == 0
