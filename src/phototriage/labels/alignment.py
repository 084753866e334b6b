"""Finds the photo that each vote was for.

In each series, the ids in PhotoTriage's votes are a different permutation of the photo numbers in its files.
Joined by number, votes and pairlist name the same winner in half of the pairs. But the released preferences
were computed from these votes. Recomputing them, and matching best to best, second to second, …, reveals the
permutation.

We know of no documentation of how the release was computed. The following reproduces 4,749 of 4,755 series
within 0.002, and 4,715 exactly to the three released decimals. Fit Bradley-Terry strengths to the votes of
both orders together, with 0.001 pseudo-votes per direction of every pair. Convert them to shares that add up
to 1 in the series. Add 0.01 to each. P(a over b) = share a / (share a + share b). (This 0.01, not a clip,
produces the bounds .01 and .99 of the released preferences: 1.01 / 1.02 = .990.)

Sorting suffices because both sides have the form sigmoid(x_i - x_j). Matching sorted x to sorted x minimizes
the largest deviation over all assignments, because exchanging two photos that are in order never reduces it.
For the same reason, the next best assignment exchanges two neighbors.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from phototriage.labels import bradley_terry
from phototriage.labels.comparisons import Comparisons
from phototriage.labels.release import photo_key
from phototriage.labels.votes import VoteTable

__all__ = ["Agreement", "AlignmentSummary", "align", "released_preferences"]

TOLERANCE = 0.05
"""A series is accepted if its votes reproduce every released preference within this tolerance."""

EXACT = 0.002
"""The largest deviation that rounding, here and in the release, can explain."""

_RIDGE = 0.001
_FLOOR = 0.01
_CLEAR = 0.2
_CONVERGED = 1e-6
"""Computed preferences that differ by less count as equal; this is the convergence error of the fit."""


@dataclass(frozen=True)
class Agreement:
    """How often the majority of the votes and the released preference name the same winner.

    Fields:
        pairs: pairs in which both name a winner.
        share: in [0, 1]; NaN if there are no such pairs.
    """

    pairs: int
    share: float


@dataclass(frozen=True)
class AlignmentSummary:
    """The result of aligning the votes.

    Fields:
        series: series that have both votes and a pairlist.
        aligned: of these, the series whose votes were matched to their photos.
        exact: of the aligned, the series whose votes reproduce the released preferences up to rounding.
        interchangeable: of the aligned, the series in which another matching reproduces the released
            preferences up to rounding, or as well as the chosen one. Two photos tie there. Their preferences
            are sound, but their votes may be swapped.
        by_size: photos in the series → (series, aligned).
        series_without_pairlist: series with votes that no pairlist mentions; they are skipped.
        raw: agreement of votes joined by their numbers, over all series that have both. It is at chance
            level, which reveals the permutation.
        matched: agreement in the aligned series.
        matched_clear: the same for pairs with abs(p − ½) > 0.2.
    """

    series: int
    aligned: int
    exact: int
    interchangeable: int
    by_size: dict[int, tuple[int, int]]
    series_without_pairlist: int
    raw: Agreement
    matched: Agreement
    matched_clear: Agreement

    @property
    def share(self) -> float:
        """The share of aligned series among those that have both; NaN if there are none."""
        return self.aligned / self.series if self.series else float("nan")


@dataclass(frozen=True)
class _Series:
    """Photos, best first; (n, n) released preferences, NaN if not compared; (n, n) votes by their ids."""

    key: str
    photos: tuple[str, ...]
    preferences: NDArray[np.float64]
    wins: NDArray[np.float64]


def released_preferences(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    """The preferences that PhotoTriage releases for these votes; see the module docstring.

    Args:
        wins: (..., n, n), finite and ≥ 0; [..., i, j] = votes for i over j, the diagonal ignored.

    Returns:
        (..., n, n) float64, P(i over j).
    """
    shares = softmax(bradley_terry.fit(wins, _RIDGE), axis=-1) + _FLOOR
    return np.asarray(shares[..., :, None] / (shares[..., :, None] + shares[..., None, :]))


def align(
    pairlist: Comparisons, votes: VoteTable
) -> tuple[Comparisons, AlignmentSummary, dict[tuple[str, int], str]]:
    """Adds the votes to the released preferences, in the series where the match is certain.

    Args:
        pairlist: released preferences with ranks; its own votes are ignored.
        votes: votes with permuted ids. A series is not aligned if its votes cover fewer photos than the
            pairlist.

    Returns:
        The pairlist with votes_a and votes_b filled in for aligned series and 0 elsewhere, and the summary.
        The preferences do not change. Third, for aligned series: (series, id in the votes) → photo.
    """
    wins = votes.wins()
    ranked = _by_rank(pairlist)
    both = [key for key in ranked if key in wins]
    by_size: dict[int, list[_Series]] = defaultdict(list)
    for key in both:
        photos, preferences = ranked[key]
        by_size[len(photos)].append(_Series(key, photos, preferences, wins[key][1]))

    votes_for: dict[tuple[str, str, str], float] = {}
    photo_of: dict[tuple[str, int], str] = {}
    counts: dict[int, tuple[int, int]] = {}
    exact = interchangeable = 0
    for size, members in sorted(by_size.items()):
        covered = [member for member in members if len(member.wins) == size]
        order, deviation, runner_up = _match(covered, size)
        accepted = deviation <= TOLERANCE
        for member, ids, reproduced in zip(covered, order, accepted, strict=True):
            if reproduced:
                matched = member.wins[np.ix_(ids, ids)]
                for i, photo in enumerate(member.photos):
                    photo_of[member.key, wins[member.key][0][ids[i]]] = photo
                    for j, other in enumerate(member.photos):
                        votes_for[member.key, photo, other] = matched[i, j]
        counts[size] = (len(members), int(accepted.sum()))
        exact += int((deviation <= EXACT).sum())
        as_good = runner_up <= np.maximum(EXACT, deviation + _CONVERGED)
        interchangeable += int((accepted & as_good).sum())

    aligned = _with_votes(pairlist, votes_for)
    by_number = {
        (key, photo_key(int(key), one + 1), photo_key(int(key), two + 1)): wins[key][1][i, j]
        for key in both
        for i, one in enumerate(wins[key][0])
        for j, two in enumerate(wins[key][0])
    }
    summary = AlignmentSummary(
        series=len(both),
        aligned=sum(found for _, found in counts.values()),
        exact=exact,
        interchangeable=interchangeable,
        by_size=counts,
        series_without_pairlist=len(wins.keys() - ranked.keys()),
        raw=_agreement(_with_votes(pairlist, by_number)),
        matched=_agreement(aligned),
        matched_clear=_agreement(
            aligned.select((aligned.table["preference"] - 0.5).abs() > _CLEAR),
        ),
    )
    return aligned, summary, photo_of


def _by_rank(pairlist: Comparisons) -> dict[str, tuple[tuple[str, ...], NDArray[np.float64]]]:
    """The photos of each series, best first, and the preferences in that order."""
    rows: dict[str, list[tuple[str, str, float]]] = defaultdict(list)
    rank: dict[tuple[str, str], int] = {}
    columns = ("series", "photo_a", "photo_b", "preference", "rank_a", "rank_b")
    for key, a, b, preference, rank_a, rank_b in zip(
        *(pairlist.table[name] for name in columns), strict=True
    ):
        rows[key].append((a, b, preference))
        rank[key, a], rank[key, b] = rank_a, rank_b
    result: dict[str, tuple[tuple[str, ...], NDArray[np.float64]]] = {}
    for key, pairs in rows.items():
        photos = tuple(
            sorted(
                {photo for a, b, _ in pairs for photo in (a, b)}, key=lambda photo: (rank[key, photo], photo)
            )
        )
        place = {photo: i for i, photo in enumerate(photos)}
        preferences = np.full((len(photos), len(photos)), np.nan)
        for a, b, preference in pairs:
            preferences[place[a], place[b]] = preference
            preferences[place[b], place[a]] = 1.0 - preference
        result[key] = (photos, preferences)
    return result


def _match(
    members: list[_Series], size: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Matches k series of n photos.

    Returns:
        (k, n) the positions of the ids, best first; (k,) the largest deviation of that matching from the
        released preferences; (k,) the largest deviation of the next best matching.
    """
    if not members:
        return np.zeros((0, size), dtype=np.int64), np.zeros(0), np.zeros(0)
    released = np.stack([member.preferences for member in members])
    computed = released_preferences(np.stack([member.wins for member in members]))
    order = np.argsort(-computed.sum(axis=-1), axis=-1, kind="stable")

    def deviation(ids: NDArray[np.int64]) -> NDArray[np.float64]:
        rows = np.take_along_axis(computed, ids[:, :, None], axis=1)
        matched = np.take_along_axis(rows, ids[:, None, :], axis=2)
        return np.asarray(np.nanmax(np.abs(matched - released), axis=(1, 2)))

    neighbours = []
    for i in range(size - 1):
        exchanged = order.copy()
        exchanged[:, [i, i + 1]] = order[:, [i + 1, i]]
        neighbours.append(deviation(exchanged))
    return order, deviation(order), np.min(neighbours, axis=0)


def _with_votes(pairlist: Comparisons, votes_for: dict[tuple[str, str, str], float]) -> Comparisons:
    table = pairlist.table
    keys = list(zip(table["series"], table["photo_a"], table["photo_b"], strict=True))
    return Comparisons(
        table.assign(
            votes_a=pd.Series([votes_for.get((key, a, b), 0.0) for key, a, b in keys], dtype="float64"),
            votes_b=pd.Series([votes_for.get((key, b, a), 0.0) for key, a, b in keys], dtype="float64"),
        )
    )


def _agreement(comparisons: Comparisons) -> Agreement:
    table = comparisons.table
    majority = np.sign(table["votes_a"] - table["votes_b"])
    preferred = np.sign(table["preference"] - 0.5)
    decided = (majority != 0) & (preferred != 0)
    pairs = int(decided.sum())
    same = int((majority[decided] == preferred[decided]).sum())
    return Agreement(pairs, same / pairs if pairs else float("nan"))
