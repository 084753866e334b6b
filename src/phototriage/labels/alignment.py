"""Finds out which photo each vote was for.

The ids in PhotoTriage's votes are a permutation, another one in each series, of the photo numbers in its
files: joined by number, votes and pairlist name the same winner in half of the pairs. But the released
preferences were computed from these very votes, so computing them again, and matching best to best, second
to second, …, shows the permutation.

How the release was computed is not written down anywhere we know of. We found that this reproduces 4,749 of
4,755 series within 0.002, and 4,715 to the last of the three decimals released: Bradley-Terry strengths of
the votes of both orders together, with 0.001 pseudo-votes per direction of every pair; turned into shares
that add up to 1 in the series; 0.01 added to each; P(a over b) = share a / (share a + share b). (The bounds
.01 and .99 of the released preferences are this 0.01, not a clip: 1.01 / 1.02 = .990.)

Why sorting is enough: both sides are of the form sigmoid(x_i - x_j), and matching sorted x to sorted x makes
the largest deviation as small as any assignment can: exchanging two photos that are in order never makes it
smaller. For the same reason the next best assignment exchanges two neighbours.
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
"""Votes are accepted where every released preference of the series is reproduced this closely."""

EXACT = 0.002
"""What rounding, here and at the release, explains."""

_RIDGE = 0.001
_FLOOR = 0.01
_CLEAR = 0.2
_CONVERGED = 1e-6
"""Computed preferences that differ by less are equal: so far may the fit be from its end."""


@dataclass(frozen=True)
class Agreement:
    """How often the majority of the votes and the released preference name the same winner.

    Fields:
        pairs: pairs in which both name one.
        share: in [0, 1], NaN without such pairs.
    """

    pairs: int
    share: float


@dataclass(frozen=True)
class AlignmentSummary:
    """What became of the votes.

    Fields:
        series: series that have both votes and a pairlist.
        aligned: of these, those whose votes were matched to their photos.
        exact: of the aligned, those whose released preferences the votes reproduce to rounding.
        interchangeable: of the aligned, those where another matching reproduces the released preferences to
            rounding too, or as well as the one taken. Two photos tie there; their preferences are sound, but
            their votes may stand at each other's place.
        by_size: photos in the series → (series, aligned).
        series_without_pairlist: series of votes that no pairlist speaks of; they are skipped.
        raw: agreement of votes joined by their numbers, over all series that have both: chance, which shows
            the trap.
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
        """Aligned series, of those that have both; NaN if there are none."""
        return self.aligned / self.series if self.series else float("nan")


@dataclass(frozen=True)
class _Series:
    """Photos, best first; released (n, n) preferences, NaN where not compared; (n, n) votes by their ids."""

    key: str
    photos: tuple[str, ...]
    preferences: NDArray[np.float64]
    wins: NDArray[np.float64]


def released_preferences(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    """The preferences that PhotoTriage releases for these votes; see the head of this module.

    Args:
        wins: (..., n, n), finite and ≥ 0; [..., i, j] = votes for i over j, the diagonal ignored.

    Returns:
        (..., n, n) float64, P(i over j).
    """
    shares = softmax(bradley_terry.fit(wins, _RIDGE), axis=-1) + _FLOOR
    return np.asarray(shares[..., :, None] / (shares[..., :, None] + shares[..., None, :]))


def align(pairlist: Comparisons, votes: VoteTable) -> tuple[Comparisons, AlignmentSummary]:
    """Puts the votes beside the released preferences, in the series where it is clear whose votes they are.

    Args:
        pairlist: released preferences with ranks; its own votes are ignored.
        votes: with permuted ids. Series of which votes do not cover as many photos as the pairlist are not
            aligned.

    Returns:
        The pairlist with votes_a and votes_b filled in where a series is aligned and 0 elsewhere, preferences
        untouched; and the summary.
    """
    wins = votes.wins()
    ranked = _by_rank(pairlist)
    both = [key for key in ranked if key in wins]
    by_size: dict[int, list[_Series]] = defaultdict(list)
    for key in both:
        photos, preferences = ranked[key]
        by_size[len(photos)].append(_Series(key, photos, preferences, wins[key][1]))

    votes_for: dict[tuple[str, str, str], float] = {}
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
    return aligned, summary


def _by_rank(pairlist: Comparisons) -> dict[str, tuple[tuple[str, ...], NDArray[np.float64]]]:
    """Per series its photos, best first, and the preferences in that order."""
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
        (k, n) the places of the ids, best first; (k,) the largest deviation of that matching from the
        released preferences; (k,) that of the next best matching.
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
