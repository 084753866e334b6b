from collections.abc import Callable
from typing import Any

import pytest

from phototriage.evaluation import Mistake, Scorer, worst_mistakes
from phototriage.labels import Comparisons

approx: Any = pytest.approx  # stands where a number is expected

MakeComparisons = Callable[..., Comparisons]
SCORES = {"a": 0.0, "b": 1.0, "c": 3.0, "d": 0.0, "e": 2.0, "f": 0.0, "g": 5.0, "h": 0.0, "i": 1.0}


def test_the_surest_comes_first_and_a_series_once(make_comparisons: MakeComparisons) -> None:
    comparisons = make_comparisons(
        ("s", "a", "b", 0.9),  # wrong by 1
        ("s", "c", "a", 0.2),  # wrong by 3
        ("t", "e", "d", 0.25),  # wrong by 2
        ("u", "f", "g", 0.6),  # wrong by 5, and people hardly agree
        ("v", "i", "h", 0.9),  # right
        ("w", "a", "x", 0.9),  # without a score
    )
    found = worst_mistakes(comparisons, Scorer("x", SCORES, calibrated=True), 5)
    assert [(each.preferred, each.other) for each in found] == [("a", "c"), ("d", "e")]
    sure = 1 / (1 + 2.718281828459045**3)
    assert found[0] == Mistake("s", "a", "c", 0.8, 0, 3, approx(sure))
    assert worst_mistakes(comparisons, Scorer("x", SCORES), 1)[0].probability is None
    assert len(worst_mistakes(comparisons, Scorer("x", SCORES), 1)) == 1


def test_equal_scores_and_none_at_all_are_no_mistakes(make_comparisons: MakeComparisons) -> None:
    comparisons = make_comparisons(("s", "a", "d", 0.9), ("t", "b", "i", 0.1))
    assert worst_mistakes(comparisons, Scorer("x", SCORES), 5) == ()
    assert worst_mistakes(comparisons, Scorer("x", {}), 5) == ()
