import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.ranker import load_embedded_ranker
from phototriage.series.attribution import attributions

Rows = NDArray[np.float32]
GROUPS = [np.array([0, 3]), np.array([1]), np.array([2])]


def rows(seed: int, count: int = 40, dim: int = 4) -> Rows:
    return np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)


def shapley(scores: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Shapley values by their definition, from the scores of all subsets by bit mask."""
    parts = np.zeros((count, scores.shape[1]))
    for group, mask in itertools.product(range(count), range(2**count)):
        if not mask >> group & 1:
            size = mask.bit_count()
            weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            parts[group] += weight * (scores[mask | 1 << group] - scores[mask])
    return parts.T


def of_all_subsets(
    score: Callable[[Rows], Rows], groups: list[NDArray[np.intp]], of: Rows, against: Rows
) -> NDArray[np.float64]:
    mixed = []
    for mask in range(2 ** len(groups)):
        row = against.copy()
        for place, columns in enumerate(groups):
            if mask >> place & 1:
                row[:, columns] = of[:, columns]
        mixed.append(score(row))
    return np.array(mixed, np.float64)


def test_parts_of_a_sum_are_its_terms() -> None:
    weights = np.array([2, -1, 0.5, 3], np.float32)
    of, against = rows(0), rows(1)
    terms = (of - against) * weights
    expected = np.stack([terms[:, columns].sum(axis=1) for columns in GROUPS], axis=1)
    assert attributions(lambda row: row @ weights, GROUPS, of, against) == pytest.approx(expected, abs=1e-5)


def test_equals_shapley_values_where_groups_act_two_by_two() -> None:
    def score(row: Rows) -> Rows:
        return np.asarray(
            row[:, 0] * row[:, 1] - 2 * row[:, 1] * row[:, 2] + row[:, 3] * row[:, 2] + row[:, 0] ** 2
        )

    of, against = rows(2), rows(3)
    expected = shapley(of_all_subsets(score, GROUPS, of, against), len(GROUPS))
    assert attributions(score, GROUPS, of, against) == pytest.approx(expected, abs=1e-4)


def test_is_close_to_shapley_values_of_the_embedded_ranker() -> None:
    ranker = load_embedded_ranker()
    groups = [np.array([column]) for column in range(4)]
    of = np.random.default_rng(4).uniform(0.2, 0.8, (500, 4)).astype(np.float32)
    against = (of + np.random.default_rng(5).normal(0, 0.1, of.shape)).clip(0, 1).astype(np.float32)
    expected = shapley(of_all_subsets(ranker.scores_of, groups, of, against), 4)
    error = np.abs(attributions(ranker.scores_of, groups, of, against) - expected)
    assert error.mean() < 0.02 * np.abs(expected).mean()


def test_parts_add_up_and_change_sign_with_the_photos() -> None:
    ranker = load_embedded_ranker()
    groups = [np.array([2]), np.array([0, 1]), np.array([3])]
    of, against = rows(6), rows(7)
    parts = attributions(ranker.scores_of, groups, of, against)
    assert parts.sum(axis=1) == pytest.approx(ranker.scores_of(of) - ranker.scores_of(against), abs=1e-4)
    assert attributions(ranker.scores_of, groups, against, of) == pytest.approx(-parts, abs=1e-9)


def test_one_group_has_the_whole_difference() -> None:
    of, against = rows(8), rows(9)
    parts = attributions(lambda row: row[:, 0], [np.arange(4)], of, against)
    assert parts[:, 0] == pytest.approx(of[:, 0] - against[:, 0])
