from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from tests.labels.conftest import MakeComparisons, Row

from phototriage.errors import LabelError
from phototriage.labels import Comparisons, clear_preference, filter_comparisons
from phototriage.labels.filtering import clear_majority

ROWS: list[Row] = [
    ("1", "a", "b", 0.55, 7, 3),
    ("1", "a", "c", 0.99, 2, 1),
    ("1", "b", "c", 0.99, 1, 0),
    ("1", "c", "d", 0.3),
    ("1", "a", "d", 0.31),
]


def kept(comparisons: Comparisons) -> list[str]:
    return [
        f"{a}{b}" for a, b in zip(comparisons.table["photo_a"], comparisons.table["photo_b"], strict=True)
    ]


def test_votes_count_where_they_are_known_and_the_preference_elsewhere(
    make_comparisons: MakeComparisons,
) -> None:
    comparisons = make_comparisons(ROWS)
    assert kept(filter_comparisons(comparisons)) == ["ab", "cd"]
    assert kept(filter_comparisons(comparisons, min_reviewers=1)) == ["ab", "bc", "cd"]
    assert kept(filter_comparisons(comparisons, min_agreement=2 / 3)) == ["ab", "ac", "cd", "ad"]
    assert kept(filter_comparisons(comparisons, min_agreement=0.95, min_reviewers=0)) == ["bc"]


def test_a_share_that_is_met_is_met_whatever_the_rounding() -> None:
    assert 55 < 0.55 * 100
    assert 1 - 0.34 < 0.66
    assert clear_majority(pd.Series([55, 54]), pd.Series([45, 46]), 0.55, 2).tolist() == [True, False]
    assert clear_preference(np.array([0.34, 0.341]), 0.66).tolist() == [True, False]


def test_no_votes_are_no_majority() -> None:
    assert clear_majority(pd.Series([0, 1]), pd.Series([0, 0]), 0.0, 0).tolist() == [False, True]


@pytest.mark.parametrize(
    ("rows", "loosen"),
    [
        ([("1", "a", "b", 0.9, 1, 0)], r"lower min_reviewers \(now 2\)$"),
        ([("1", "a", "b", 0.9, 3, 2)], r"lower min_agreement \(now 0.7\)$"),
        ([("1", "a", "b", 0.6)], r"lower min_agreement \(now 0.7\)$"),
        ([("1", "a", "b", 0.9, 3, 2), ("1", "a", "c", 1, 1, 0)], "min_agreement .* or min_reviewers"),
    ],
)
def test_nothing_left_says_what_to_loosen(
    make_comparisons: MakeComparisons, rows: Sequence[Row], loosen: str
) -> None:
    with pytest.raises(LabelError, match=loosen):
        filter_comparisons(make_comparisons(rows))


def test_both_filters_may_have_to_go(make_comparisons: MakeComparisons) -> None:
    with pytest.raises(LabelError, match=r"lower both min_agreement .* and min_reviewers"):
        filter_comparisons(make_comparisons([("1", "a", "b", 0.9, 2, 2)]), 0.7, 5)


def test_no_comparisons_and_a_share_above_one(make_comparisons: MakeComparisons) -> None:
    with pytest.raises(LabelError, match="no comparisons to filter"):
        filter_comparisons(make_comparisons([]))
    with pytest.raises(LabelError, match="between 0 and 1, not 70"):
        filter_comparisons(make_comparisons(ROWS), min_agreement=70)
