import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from phototriage.labels import Comparisons, photo_key
from phototriage.labels.alignment import EXACT, align, released_preferences
from phototriage.labels.comparisons import COLUMNS
from phototriage.labels.votes import VoteTable


def pairlist(series: int, preferences: NDArray[np.float64]) -> Comparisons:
    """A complete pairlist of one series from (n, n) preferences, with ranks by their sums."""
    ranks = (-preferences.sum(axis=1)).argsort(kind="stable").argsort() + 1
    rows = [
        (
            str(series),
            photo_key(series, i + 1),
            photo_key(series, j + 1),
            preferences[i, j],
            0,
            0,
            ranks[i],
            ranks[j],
        )
        for i, j in itertools.combinations(range(len(preferences)), 2)
    ]
    return Comparisons(pd.DataFrame(rows, columns=list(COLUMNS)))


def votes_of(
    series: int,
    wins: Sequence[Sequence[float]] | NDArray[Any],
    ids: Sequence[int] | NDArray[Any] | None = None,
) -> VoteTable:
    """Votes with photo i under the id ids[i]."""
    ids = range(len(wins)) if ids is None else ids
    rows = [
        (str(series), ids[i], ids[j], int(wins[i][j]), int(wins[j][i]))
        for i, j in itertools.combinations(range(len(wins)), 2)
        if wins[i][j] + wins[j][i]
    ]
    return VoteTable(pd.DataFrame(rows, columns=["series", "first", "second", "left", "right"]))


@pytest.mark.parametrize(
    ("wins", "losses", "released"),
    [(4, 1, 0.794), (3, 1, 0.745), (5, 2, 0.71), (8, 0, 0.99), (9, 1, 0.892), (10, 2, 0.827), (5, 5, 0.5)],
)
def test_two_photos_as_released(wins: int, losses: int, released: NDArray[np.float64]) -> None:
    found = released_preferences(np.array([[0, wins], [losses, 0]], dtype=float))[0, 1]
    assert found == pytest.approx(released, abs=0.0006)


@given(st.integers(2, 5), st.integers(0, 10**6))
@settings(max_examples=60)
def test_a_permutation_is_undone_and_no_assignment_is_better(size: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    wins = random.integers(0, 8, (size, size)).astype(np.float64)
    np.fill_diagonal(wins, 0)
    wins[0, 1:] += 1  # every photo is in some comparison
    released = released_preferences(wins).round(3)
    ids = random.permutation(size)
    aligned, summary, photo_of = align(pairlist(6, released), votes_of(6, wins, ids))
    assert (summary.aligned, summary.exact, summary.by_size) == (1, 1, {size: (1, 1)})
    assert aligned.table["preference"].tolist() == pairlist(6, released).table["preference"].tolist()

    deviations = {}
    for order in itertools.permutations(range(size)):
        deviations[order] = np.abs(released_preferences(wins)[np.ix_(order, order)] - released).max()
    identity = tuple(range(size))
    assert deviations[identity] <= min(deviations.values()) + 0.0011  # released decimals blur the order
    others = min(value for order, value in deviations.items() if order != identity)
    if abs(others - EXACT) > 0.0011:
        assert summary.interchangeable == (others <= EXACT)
    if others > EXACT:
        table = aligned.table
        for a, b, votes_a, votes_b in zip(
            table["photo_a"], table["photo_b"], table["votes_a"], table["votes_b"], strict=True
        ):
            i, j = int(a[7:9]) - 1, int(b[7:9]) - 1
            assert (votes_a, votes_b) == (wins[i, j], wins[j, i])
        assert photo_of == {("6", id_): photo_key(6, photo + 1) for photo, id_ in enumerate(ids)}


def test_sorting_reaches_the_smallest_largest_deviation() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        size = int(random.integers(2, 6))
        released, computed = (np.sort(random.normal(0, 2, size))[::-1] for _ in range(2))

        def deviation(scores: NDArray[np.float64], released: NDArray[np.float64] = released) -> float:
            p, q = (1 / (1 + np.exp(x[None, :] - x[:, None])) for x in (scores, released))
            return float(np.abs(p - q).max())

        best = min(deviation(computed[list(order)]) for order in itertools.permutations(range(size)))
        assert deviation(computed) == pytest.approx(best, abs=1e-12)


WINS = np.array([[0, 6, 9], [2, 0, 5], [1, 3, 0]], dtype=float)


def test_votes_that_do_not_reproduce_the_preferences_are_left_out() -> None:
    released = released_preferences(WINS)
    other = np.array([[0, 3, 9], [5, 0, 5], [1, 3, 0]])
    aligned, summary, _ = align(pairlist(6, released), votes_of(6, other))
    assert summary.aligned == 0
    assert summary.share == 0.0
    assert aligned.votes.tolist() == [0, 0, 0]
    assert aligned.table["preference"].tolist() == [released[0, 1], released[0, 2], released[1, 2]]


def test_votes_for_fewer_photos_are_left_out() -> None:
    aligned, summary, _ = align(pairlist(6, released_preferences(WINS)), votes_of(6, WINS[:2, :2]))
    assert (summary.series, summary.aligned, summary.by_size) == (1, 0, {3: (1, 0)})
    assert aligned.votes.tolist() == [0, 0, 0]


def test_votes_for_more_photos_are_left_out() -> None:
    more = np.zeros((4, 4))
    more[:3, :3], more[3, 0] = WINS, 1
    aligned, summary, _ = align(pairlist(6, released_preferences(WINS)), votes_of(6, more))
    assert (summary.series, summary.aligned, summary.by_size) == (1, 0, {3: (1, 0)})
    assert aligned.votes.tolist() == [0, 0, 0]


def test_two_matchings_as_good_as_each_other_are_counted_where_they_are_accepted() -> None:
    tied = np.array([[0, 4, 9], [4, 0, 9], [1, 1, 0]], dtype=float)
    released = released_preferences(tied)
    assert align(pairlist(6, released), votes_of(6, tied))[1].interchangeable == 1
    for lead, aligned in ((0.02, 1), (0.06, 0)):
        apart = released.copy()
        apart[0, 1], apart[1, 0] = 0.5 + lead, 0.5 - lead
        _, summary, _ = align(pairlist(6, apart), votes_of(6, tied))
        assert (summary.aligned, summary.exact, summary.interchangeable) == (aligned, 0, aligned)


def test_a_pair_nobody_voted_on_does_not_spoil_the_series() -> None:
    wins = WINS.copy()
    wins[0, 2] = wins[2, 0] = 0
    aligned, summary, _ = align(pairlist(6, released_preferences(wins)), votes_of(6, wins, [1, 2, 0]))
    assert summary.aligned == 1
    assert aligned.table[["votes_a", "votes_b"]].to_numpy().tolist() == [[6, 2], [0, 0], [5, 3]]


def test_the_summary_counts_what_was_not_used() -> None:
    votes = pd.concat([votes_of(6, WINS, [2, 0, 1]).rows, votes_of(9, WINS).rows], ignore_index=True)
    two = [pairlist(6, released_preferences(WINS)).table, pairlist(8, released_preferences(WINS)).table]
    aligned, summary, _ = align(Comparisons(pd.concat(two)), VoteTable(votes))
    assert (summary.series, summary.aligned, summary.series_without_pairlist) == (1, 1, 1)
    assert aligned.in_series(["6"]).table[["votes_a", "votes_b"]].to_numpy().tolist() == [
        [6, 2],
        [9, 1],
        [5, 3],
    ]
    assert aligned.in_series(["8"]).votes.tolist() == [0, 0, 0]
    assert (summary.matched.pairs, summary.matched.share) == (3, 1.0)
    assert (summary.matched_clear.pairs, summary.matched_clear.share) == (2, 1.0)
    assert (summary.raw.pairs, summary.raw.share) == (3, pytest.approx(1 / 3))


def test_no_common_series() -> None:
    aligned, summary, _ = align(pairlist(6, released_preferences(WINS)), votes_of(9, WINS))
    assert summary.series == 0
    assert np.isnan(summary.share)
    assert np.isnan(summary.raw.share)
    assert aligned.votes.tolist() == [0, 0, 0]
