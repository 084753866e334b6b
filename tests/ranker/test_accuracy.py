from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score

from phototriage.errors import LabelError
from phototriage.ranker import compute_pairwise_accuracy, correctness


def test_right_wrong_tied_and_undecided() -> None:
    difference = np.array([1.0, -1.0, 0.0, 2.0])
    preference = np.array([0.9, 0.9, 0.9, 0.5])
    assert correctness(difference, preference).tolist()[:3] == [1, 0, 0.5]
    assert np.isnan(correctness(difference, preference)[3])
    assert compute_pairwise_accuracy(difference, preference) == 0.5
    assert np.isnan(compute_pairwise_accuracy(difference[3:], preference[3:]))


def test_float32_differences_have_float64_correctness() -> None:
    assert correctness(np.array([1, 0], np.float32), np.array([1, 0.5], np.float32)).dtype == np.float64


@given(
    st.lists(
        st.tuples(st.sampled_from([-2.0, -1.0, 1.0, 2.0]), st.sampled_from([0.1, 0.4, 0.6, 1.0])), min_size=1
    )
)
def test_equals_scikit_learn_where_nothing_ties(pairs: list[tuple[float, float]]) -> None:
    difference, preference = np.array(pairs).T
    expected = accuracy_score(preference > 0.5, difference > 0)
    assert compute_pairwise_accuracy(difference, preference) == pytest.approx(expected)


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0, 1)), min_size=1))
def test_the_order_of_a_pair_does_not_matter(pairs: list[tuple[float, float]]) -> None:
    difference, preference = np.array(pairs).T
    np.testing.assert_array_equal(
        correctness(difference, preference), correctness(-difference, 1 - preference)
    )


def test_lists_arrays_and_tensors_are_the_same() -> None:
    difference, preference = [1.0, -1.0, 2.0], [1, 1, 0.2]
    scores = torch.tensor(difference, requires_grad=True)
    for kind in (list, tuple, np.array, torch.tensor):
        assert compute_pairwise_accuracy(kind(difference), kind(preference)) == pytest.approx(1 / 3)
    assert compute_pairwise_accuracy(scores, torch.tensor(preference)) == pytest.approx(1 / 3)
    assert compute_pairwise_accuracy(scores.bfloat16(), np.array(preference)) == pytest.approx(1 / 3)


def test_a_difference_per_pair_is_needed() -> None:
    message = r"of the shape \(2,\) do not fit preferences of the shape \(3,\): give one of each per pair"
    with pytest.raises(LabelError, match=message):
        compute_pairwise_accuracy([1, 2], [0.5, 1, 1])
    with pytest.raises(LabelError, match="shape"):
        compute_pairwise_accuracy(torch.zeros(3, 1), torch.zeros(3))


@pytest.mark.parametrize(
    ("difference", "preference", "message"),
    [
        ([np.nan, 1], [1, 1], "score differences must be numbers, and none of them NaN"),
        ([True, False], [1, 1], "score differences must be numbers"),
        (["1", "2"], [1, 1], "score differences must be numbers"),
        ([1, 1], [-1, 1], "preferences must be from 0 to 1"),
        ([1, 1], [np.nan, 1], "preferences must be from 0 to 1"),
        ([1, 1], ["a", "b"], "preferences must be from 0 to 1"),
    ],
)
def test_numbers_that_would_flatter_are_refused(difference: Any, preference: Any, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        compute_pairwise_accuracy(difference, preference)
