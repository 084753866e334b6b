"""Which differences are told as reasons, in which order."""

from collections.abc import Mapping
from sys import intern

import numpy as np
from numpy.typing import NDArray

from phototriage.ranker import TrainedRanker
from phototriage.series.differences import Difference, Numbers
from phototriage.series.reasons import LOOK, Reason, polarity

__all__ = ["LEAST_LOG_ODDS", "tell"]

LEAST_LOG_ODDS = 0.05
"""A reason moved the verdict at least this far; 0.05 is the step from 50 % to 51.2 %."""
_MOST = 4


def tell(
    parts: Mapping[tuple[str, ...], NDArray[np.float64]],
    shown: Mapping[str, Difference],
    of: Numbers,
    against: Numbers,
    ranker: TrainedRanker,
) -> list[tuple[Reason, ...]]:
    """The reasons of n comparisons, as `reasons_between` orders them.

    Args:
        parts: what moved the verdicts, in log-odds, float64 (n,), by the differences that it may be owed to.
        shown: the differences that the photos show.
        of, against: the numbers of the photos, and of those they are compared with.
        ranker: whose verdicts these are.
    """
    lead = np.sum(list(parts.values()), axis=0)
    moved = _by_difference(parts, shown)
    overall = lead - np.sum(list(moved.values()), axis=0)
    least = np.log(ranker.close_below) - np.log1p(-min(ranker.close_below, 1 - 1e-9))
    sure = (np.abs(lead) >= least) & (np.abs(overall) >= np.abs(lead) / 2)
    sign = np.where(lead >= 0, 1, -1)
    row_of, number_of, rank_of = _plainest(shown, moved, sign)
    told: NDArray[np.object_] = np.empty(len(row_of), object)
    for number, (name, difference) in enumerate(shown.items()):
        places = np.flatnonzero(number_of == number)
        rows = row_of[places]
        columns = (
            # One text for all, for a million photos have several million reasons.
            map(intern, difference.words[rows].tolist()),
            map(intern, difference.feature[rows].tolist()),
            _of_features(of, difference.feature, rows),
            _of_features(against, difference.feature, rows),
            moved[name][rows].tolist(),
        )
        told[places] = [
            Reason(
                words,
                feature,
                round(value, 4),
                round(other, 4),
                round(log_odds, 4) if abs(log_odds) >= LEAST_LOG_ODDS else None,
            )
            for words, feature, value, other, log_odds in zip(*columns, strict=True)
        ]
    reasons: list[list[Reason]] = [[] for _ in lead]
    for row, reason in zip(row_of.tolist(), told.tolist(), strict=True):
        reasons[row].append(reason)
    named = np.zeros(len(lead), bool)
    named[row_of[rank_of < 0]] = True
    for row in np.flatnonzero(sure & ~named & (sign * overall > 0)).tolist():
        words = "preferred overall" if sign[row] > 0 else "less preferred overall"
        reasons[row].insert(0, Reason(words, LOOK, None, None, round(float(overall[row]), 4)))
    return [tuple(each) for each in reasons]


def _by_difference(
    parts: Mapping[tuple[str, ...], NDArray[np.float64]], shown: Mapping[str, Difference]
) -> dict[str, NDArray[np.float64]]:
    """Each part to the plainest of its differences, if that is told."""
    moved = {name: np.zeros_like(difference.strength) for name, difference in shown.items()}
    for names, part in parts.items():
        strengths = {name: np.abs(shown[name].strength) for name in names if name in shown}
        if not strengths:
            continue
        plainest = np.argmax(list(strengths.values()), axis=0)
        for place, (name, strength) in enumerate(strengths.items()):
            moved[name] += np.where((strength >= 1) & (plainest == place), part, 0)
    return moved


def _of_features(numbers: Numbers, features: NDArray[np.str_], rows: NDArray[np.intp]) -> list[float]:
    """Of each row, the number that its feature names."""
    found = np.empty(len(rows))
    named = features[rows]
    for feature in np.unique(named).tolist():
        here = named == feature
        found[here] = numbers[feature][rows[here]]
    return found.tolist()


def _plainest(
    shown: Mapping[str, Difference], moved: Mapping[str, NDArray[np.float64]], sign: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """What is told of all comparisons, `_MOST` of each at most: side by side, the plainest first.

    moved: by each difference. sign: (n,) 1 where the verdict is for the photo, else −1.

    Returns:
        (m,) of which comparison each is; which of the differences; −1 where it speaks for the verdict, 1
        against it, 2 neither.
    """
    rows: list[NDArray[np.intp]] = []
    numbers, ranks, tastes, strengths = [], [], [], []
    for place, (name, difference) in enumerate(shown.items()):
        strength = np.abs(difference.strength)
        row = np.flatnonzero(strength >= 1)
        said = zip(difference.words[row].tolist(), difference.feature[row].tolist(), strict=True)
        plain = np.array([polarity(*each) for each in said], np.intp)
        log_odds = moved[name][row]
        heard = np.where(np.abs(log_odds) >= LEAST_LOG_ODDS, np.sign(log_odds), 0)
        speaks = np.where(plain, plain, heard)
        rows.append(row)
        numbers.append(np.full(len(row), place))
        ranks.append(np.where(speaks, -sign[row] * speaks, 2))
        tastes.append(plain == 0)
        strengths.append(strength[row])
    if not rows:
        none = np.empty(0, np.intp)
        return none, none, none
    row, rank = np.concatenate(rows), np.concatenate(ranks).astype(np.intp)
    order = np.lexsort((-np.concatenate(strengths), np.concatenate(tastes), rank, row))
    before = np.arange(len(row)) - np.searchsorted(row[order], row[order])
    kept = order[before < _MOST]
    return row[kept], np.concatenate(numbers)[kept], rank[kept]
