"""Finds the reasons for a verdict: what moved it, as far as the photos themselves bear it out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phototriage.features import Block, Features
from phototriage.ranker import TrainedRanker
from phototriage.series.differences import DIFFERENCES, Difference, Numbers, differences
from phototriage.series.reasons import Reason

__all__ = ["attributions", "measured_columns", "reasons_between"]

LEAST_SHARE = 0.15
"""Of all that moved a verdict, either way, a reason moved at least this share."""
LEAST_LOG_ODDS = 0.05
"""A reason moved the verdict at least this far; 0.05 is the step from 50 % to 51.2 %."""
MOST_TOLD = 3
MOST_ALSO = 3

_ROWS = 8192
"""Comparisons at once, so that many features of many photos stay within memory."""
_MEASURED = ("iqa", "iqa_plus")
"""Blocks whose columns have words; all others are called the overall look."""


@dataclass(frozen=True)
class _Aspect:
    """Columns of a model that measure much the same thing.

    columns: what they measure is told by the first that is there. causes: the differences that move it, and
    whether more of them means more of it (1), less (−1) or either (0). own: its words where none of these can
    be told, and the least change of its logarithm that is told.
    """

    columns: tuple[str, ...]
    causes: dict[str, int]
    own: tuple[Difference, float] | None = None


_LIGHT = {"light": 1, "contrast": 1}
_ASPECTS = {
    "sharpness": _Aspect(
        ("sharpness", "sharpest", "sharpest_half", "softest", "centre", "smoothness", "smoothness_half"),
        {"sharpness": 1, "noise": 1, "compression": -1, **_LIGHT},
        (Difference("sharper", "softer", "sharpness"), 0.4),
    ),
    "exposure": _Aspect(
        ("exposure", "brightness", "shadow", "clipped_shadows", "clipped_highlights"),
        {"light": 0, "highlights": 0, "shadows": 0, "contrast": 1, "noise": 1, "compression": -1},
        (Difference("better exposed", "worse exposed", "exposure"), 0.06),
    ),
    "colour": _Aspect(
        ("colorfulness", "saturation", "red_green"),
        {"colour": 1, "cast": 0, "noise": 1, **_LIGHT},
        (Difference("more colour", "less colour", "colorfulness"), 0.1),
    ),
    "contrast": _Aspect(("contrast",), {"contrast": 1, "light": 0, "noise": 1}),
    "noise": _Aspect(("noise",), {"noise": 1, "sharpness": 1, "compression": -1, **_LIGHT}),
    "motion": _Aspect(("motion",), {"motion": 1}),
    "cast": _Aspect(("warmth",), {"cast": 1}),
    "compression": _Aspect(("blockiness",), {"compression": 1}),
}
_FINE_DETAIL = Difference("more fine detail", "less fine detail", "sharpness")
"""In place of "sharper" where the photo has been looked at closer, and it is not blur that differs."""
_LOOK = Difference("overall look", "overall look", "look")


def reasons_between(
    ranker: TrainedRanker,
    rows: NDArray[np.float32],
    numbers: Numbers,
    of: NDArray[np.intp],
    against: NDArray[np.intp],
) -> list[tuple[Reason, ...]]:
    """Why photos are placed before or behind those they are compared with.

    The difference of the scores is shared out among groups of the model's features (`attributions`), and
    each group's part goes to the difference between the photos that most plainly explains it: where a number
    called sharpness is higher for noise, the noise is told. What nothing explains tells nothing.

    Args:
        ranker: whose verdict is explained.
        rows: float32 (n, dim), what it sees of n photos.
        numbers: the `iqa` and `iqa_plus` numbers of the same photos, as far as there are any.
        of, against: rows of the photos in question, and of those they are compared with, m each.

    Returns:
        Per comparison first what moved the verdict its way, the weightiest first, then what spoke against
        it, then what the ranker did not see or was not moved by; none of the words is untrue of the photo.
    """
    groups = _columns_of(ranker.blocks)
    reasons: list[tuple[Reason, ...]] = []
    for start in range(0, len(of), _ROWS):
        first, second = of[start : start + _ROWS], against[start : start + _ROWS]
        parts = attributions(ranker.scores_of, list(groups.values()), rows[first], rows[second])
        here, there = ({name: column[at] for name, column in numbers.items()} for at in (first, second))
        reasons += _told(dict(zip(groups, parts.T / ranker.temperature, strict=True)), here, there)
    return reasons


def attributions(
    scores: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    groups: Sequence[NDArray[np.intp]],
    of: NDArray[np.float32],
    against: NDArray[np.float32],
) -> NDArray[np.float64]:
    """How far each group of features moved the score of a photo away from that of another.

    The features of one photo are swapped for those of the other, group by group, in the order of `groups` and
    in the opposite order; a group's part is the mean of what its swap did. The parts add up to the difference
    of the scores, change sign when the photos change places, and are Shapley values wherever groups act alone
    or two by two (such pairs of orders: Mitchell, Cooper, Frank and Holmes, JMLR 2022). All orders would take
    2^groups scores for each pair of photos, these two take 2 · groups.

    Args:
        scores: of rows, float32 (n, dim) to float32 (n,).
        groups: columns of each group; together all columns, each once.
        of, against: float32 (n, dim), the photos and those they are compared with.

    Returns:
        float64 (n, len(groups)), in the unit of the scores.
    """
    parts = np.zeros((len(of), len(groups)))
    ends = [scores(each).astype(np.float64) for each in (against, of)]
    for order in (range(len(groups)), range(len(groups))[::-1]):
        mixed, before = against.copy(), ends[0]
        for group in order:
            mixed[:, groups[group]] = of[:, groups[group]]
            after = ends[1] if group == order[-1] else scores(mixed).astype(np.float64)
            parts[:, group] += (after - before) / 2
            before = after
    return parts


def measured_columns(features: Features, rows: NDArray[np.intp]) -> dict[str, NDArray[np.float64]]:
    """The numbers of `features` that have words, of some of its rows."""
    named = [(block.name, column) for block in features.blocks for column in block.columns]
    return {
        column: features.matrix[rows, place].astype(np.float64)
        for place, (block, column) in enumerate(named)
        if block in _MEASURED
    }


def _columns_of(blocks: Sequence[Block]) -> dict[str, NDArray[np.intp]]:
    aspect_of = {column: name for name, aspect in _ASPECTS.items() for column in aspect.columns}
    named = [(block.name, column) for block in blocks for column in block.columns]
    names = [aspect_of[column] if block in _MEASURED else "look" for block, column in named]
    return {name: np.flatnonzero(np.array(names) == name) for name in dict.fromkeys(names)}


def _told(
    parts: Mapping[str, NDArray[np.float64]], of: Numbers, against: Numbers
) -> list[tuple[Reason, ...]]:
    """The reasons of n comparisons: float64 (n,) by group of what moved them, and the photos' numbers."""
    seen = differences(of, against)
    count = len(next(iter(parts.values())))
    topics = {name: _Topic(DIFFERENCES[name], seen[name], np.zeros(count)) for name in seen}
    for name, part in parts.items():
        if name == "look":
            topics[name] = _Topic(_LOOK, np.ones(count), part)
            continue
        aspect = _ASPECTS[name]
        number = next(column for column in aspect.columns if column in of)
        change = of[number] - against[number]
        causes = {
            cause: np.where((sign == 0) | (sign * seen[cause] * change > 0), np.abs(seen[cause]), 0)
            for cause, sign in aspect.causes.items()
            if cause in seen
        }
        plainest = np.argmax(list(causes.values()), axis=0) if causes else np.zeros(count, np.intp)
        explained = np.max([np.zeros(count), *causes.values()], axis=0) >= 1
        for place, cause in enumerate(causes):
            topics[cause].moved[:] += np.where(explained & (plainest == place), part, 0)
        if aspect.own and aspect.own[0].feature == number:
            words = _FINE_DETAIL if name == "sharpness" and name in seen else aspect.own[0]
            strength = np.log((of[number] + 0.02) / (against[number] + 0.02)) / aspect.own[1]
            told = ~explained & (np.abs(strength) >= 1)
            topics[f"{name} by itself"] = _Topic(words, strength, np.where(told, part, 0))
    return _chosen(topics, np.stack(list(parts.values())), of, against)


@dataclass(frozen=True)
class _Topic:
    """What can be said of n comparisons.

    strength: float64 (n,), as of `differences`. moved: float64 (n,), how far it moved the verdict, log-odds.
    """

    words: Difference
    strength: NDArray[np.float64]
    moved: NDArray[np.float64]


def _chosen(
    named: Mapping[str, _Topic], parts: NDArray[np.float64], of: Numbers, against: Numbers
) -> list[tuple[Reason, ...]]:
    """The topics that are told of each comparison, in order."""
    topics = list(named.values())
    visible = np.array([name in DIFFERENCES for name in named])
    moved = np.stack([topic.moved for topic in topics], axis=1)
    speaks = np.where(parts.sum(axis=0) >= 0, 1, -1)[:, None] * moved
    whole = np.abs(parts).sum(axis=0)[:, None]
    least = np.maximum(LEAST_LOG_ODDS, LEAST_SHARE * whole)
    told = np.where(np.abs(moved) >= least, np.abs(moved) + whole * (speaks > 0), 0)
    strengths = np.stack([topic.strength for topic in topics], axis=1)
    shown = np.abs(strengths)
    also = np.where(visible & (shown >= 1) & (np.abs(moved) < least), shown, 0)

    # Each comparison's topics by what they count, those told before those that are also shown.
    orders = [
        np.argsort(-counts, axis=1, kind="stable")[:, :most]
        for counts, most in ((told, MOST_TOLD), (also, MOST_ALSO))
    ]
    counted = [
        np.take_along_axis(counts, order, axis=1) > 0
        for counts, order in zip((told, also), orders, strict=True)
    ]
    row, slot = np.nonzero(np.hstack(counted))
    place = np.hstack(orders)[row, slot]
    seen = slot < orders[0].shape[1]
    unknown = np.full(len(moved), np.nan)
    value, other = (
        np.stack([side.get(topic.words.feature, unknown) for topic in topics], axis=1)[row, place]
        for side in (of, against)
    )
    reasons = [
        Reason(
            words=topics[place].words.more if more else topics[place].words.less,
            feature=topics[place].words.feature,
            value=None if value != value else value,
            other=None if other != other else other,
            log_odds=log_odds if seen else None,
        )
        for place, more, value, other, log_odds, seen in zip(
            place.tolist(),
            (strengths[row, place] > 0).tolist(),
            np.round(value, 4).tolist(),
            np.round(other, 4).tolist(),
            np.round(moved[row, place], 4).tolist(),
            seen.tolist(),
            strict=True,
        )
    ]
    ends = np.searchsorted(row, np.arange(len(moved)), side="right").tolist()
    return [tuple(reasons[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
