"""Finds the reasons for a verdict: what the photos themselves show, and what it did to the scores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from phototriage.features import Block, Features
from phototriage.ranker import TrainedRanker
from phototriage.series.differences import Difference, Numbers, differences
from phototriage.series.faces.differences import face_differences
from phototriage.series.faces.score import face_parts
from phototriage.series.full_size import ACUTANCE_LOG_ODDS, NOISE_LOG_ODDS
from phototriage.series.reasons import Reason
from phototriage.series.telling import tell

__all__ = [
    "Evidence",
    "attributions",
    "columns_of",
    "measured_columns",
    "quick_attributions",
    "reasons_between",
]

_ROWS = 1024
"""Comparisons at once, so that what is computed of them stays within the cache of a core."""
_ROWS_OF_SUMS = 256
_MEASURED = ("iqa", "iqa_plus")
"""Blocks whose columns have words."""
_DIFFERENCES = {
    **dict.fromkeys(("sharpness", "sharpest", "sharpest_half"), ("sharpness", "noise", "compression")),
    **dict.fromkeys(("smoothness", "smoothness_half", "noise"), ("sharpness", "noise", "compression")),
    **dict.fromkeys(("softest", "centre", "motion"), ("sharpness",)),
    **dict.fromkeys(("exposure", "brightness"), ("exposure", "light", "noise")),
    "shadow": ("light", "shadows"),
    "clipped_shadows": ("shadows",),
    "clipped_highlights": ("highlights",),
    **dict.fromkeys(("colorfulness", "saturation", "red_green"), ("colour", "noise")),
    "contrast": ("contrast",),
    "warmth": ("cast",),
    "blockiness": ("compression",),
}
"""Which differences the columns of a ranker measure, whatever else they are swayed by."""
_FULL_SIZE = (
    ("noise", "full_noise", NOISE_LOG_ODDS),
    ("sharpness", "full_acutance", ACUTANCE_LOG_ODDS),
)
"""Differences that count at full size, too: by which number, and with which weight."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What reasons for n photos can rest on, to compare any of them with any others.

    numbers: the `iqa` and `iqa_plus` numbers, those at full size and those of faces, as far as there are any.
    inputs, first_layer: of a ranker that `adds_up`, its normalized columns that have words, float64 (n, k),
    and the sums of its first layer, float64 (n, width), computed once however many comparisons a photo has.
    rows: what any other ranker sees, float32 (n, dim). What is not needed has no columns.
    score: float64 (n,), of the ranker.
    """

    numbers: Numbers
    inputs: NDArray[np.float64]
    first_layer: NDArray[np.float64]
    rows: NDArray[np.float32]
    score: NDArray[np.float64]

    @classmethod
    def of(cls, ranker: TrainedRanker, rows: NDArray[np.float32], numbers: Numbers) -> "Evidence":
        """The evidence of photos of which the ranker sees `rows`, float32 (n, dim)."""
        if not ranker.adds_up:
            score = ranker.scores_of(rows).astype(np.float64)
            return cls(numbers, np.empty((len(rows), 0)), np.empty((len(rows), 0)), rows, score)
        named = _with_words(ranker.blocks)
        inputs = np.empty((len(rows), len(named)))
        sums = np.empty((len(rows), len(ranker.first_weights)))
        for start in range(0, len(rows), _ROWS):
            part = slice(start, start + _ROWS)
            seen = ranker.inputs_of(rows[part])
            inputs[part] = seen[:, named]
            sums[part] = ranker.first_layer(seen)
        return cls(numbers, inputs, sums, rows[:, :0], ranker.scores_above(sums).astype(np.float64))

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, places: NDArray[np.intp] | slice) -> "Evidence":
        """That of some of the photos, in this order."""
        numbers = {name: column[places] for name, column in self.numbers.items()}
        return Evidence(
            numbers, self.inputs[places], self.first_layer[places], self.rows[places], self.score[places]
        )


def reasons_between(ranker: TrainedRanker, of: Evidence, against: Evidence) -> list[tuple[Reason, ...]]:
    """Why photos are placed before or behind those they are compared with.

    A reason is a difference that the photos show (`differences`). How far it moved the verdict is its part of
    the difference of the scores (`attributions`). Where the ranker is sure and nothing that has a name speaks
    for its verdict, the one reason for it is that it prefers one photo overall.

    Args:
        ranker: whose verdict is explained.
        of, against: of n photos, and of those they are compared with.

    Returns:
        Per comparison first what speaks for the verdict, faults and merits before matters of taste and the
        plainest first, then what speaks against it, then what does neither.
    """
    groups = columns_of(ranker.blocks)
    reasons: list[tuple[Reason, ...]] = []
    for start in range(0, len(of), _ROWS):
        some, others = (side.take(slice(start, start + _ROWS)) for side in (of, against))
        here, there = some.numbers, others.numbers
        told = differences(here, there)
        if "eyes_shut" in here:
            told |= face_differences(here, there, told)
        moved = _moved(ranker, some, others, told)
        parts = dict(zip(groups, moved.T / ranker.temperature, strict=True))
        for difference, column, weight in _FULL_SIZE:
            if column in here:
                at_full_size = np.nan_to_num(weight * (here[column] - there[column]))
                parts[difference,] = parts.get((difference,), 0) + at_full_size
        if "eyes_shut" in here:
            ours, theirs = face_parts(here), face_parts(there)
            parts |= {(name,): np.nan_to_num(ours[name] - theirs[name]) for name in ours}
        reasons += tell(parts, told, here, there, ranker)
    return reasons


def _moved(
    ranker: TrainedRanker, of: Evidence, against: Evidence, told: Mapping[str, Difference]
) -> NDArray[np.float64]:
    """`attributions` to the groups of `columns_of`, (n, groups); all to the first where nothing is told."""
    groups = list(columns_of(ranker.blocks).values())
    moved = np.zeros((len(of), len(groups)))
    moved[:, 0] = of.score - against.score
    shows = [np.abs(difference.strength) >= 1 for difference in told.values()]
    rows = np.flatnonzero(np.any(shows, axis=0)) if shows else np.empty(0, np.intp)
    some, others = of.take(rows), against.take(rows)
    if ranker.adds_up:
        moved[rows] = quick_attributions(ranker, some, others)
    else:
        moved[rows] = attributions(ranker.scores_of, groups, some.rows, others.rows)
    return moved


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


def quick_attributions(ranker: TrainedRanker, of: Evidence, against: Evidence) -> NDArray[np.float64]:
    """`attributions` to the groups of `columns_of`, of a ranker that `adds_up`.

    Its first layer, which takes nearly all time, is not computed again: what the columns without words add
    to it is what those with words leave.
    """
    groups = columns_of(ranker.blocks)
    parts = np.zeros((len(of), len(groups)))
    for start in range(0, len(of), _ROWS_OF_SUMS):
        part = slice(start, start + _ROWS_OF_SUMS)
        begin, end = against.first_layer[part], of.first_layer[part]
        steps = _steps(ranker, groups, of.inputs[part] - against.inputs[part], end - begin)
        ends = [against.score[part], of.score[part]]
        for order in (range(len(groups)), range(len(groups))[::-1]):
            mixed, before = begin.copy(), ends[0]
            for group in order:
                mixed += steps[group]
                after = ends[1] if group == order[-1] else ranker.scores_above(mixed).astype(np.float64)
                parts[part, group] += (after - before) / 2
                before = after
    return parts


def _steps(
    ranker: TrainedRanker,
    groups: Mapping[tuple[str, ...], NDArray[np.intp]],
    change: NDArray[np.float64],
    whole: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    """What each group adds to the first layer, float64 (n, width).

    change: (n, k), of the columns that have words, as `Evidence.inputs` has them. whole: of all columns.
    """
    steps: dict[tuple[str, ...], NDArray[np.float64]] = {}
    first = 0
    for names, columns in groups.items():
        if names:
            steps[names] = change[:, first : first + len(columns)] @ ranker.first_weights[:, columns].T
            first += len(columns)
    rest = whole - sum(steps.values())
    return [steps.get(names, rest) for names in groups]


def measured_columns(features: Features, rows: NDArray[np.intp]) -> dict[str, NDArray[np.float64]]:
    """The numbers of `features` that have words, of some of its rows."""
    named = [(block.name, column) for block in features.blocks for column in block.columns]
    return {
        column: features.matrix[rows, place].astype(np.float64)
        for place, (block, column) in enumerate(named)
        if block in _MEASURED
    }


@lru_cache
def columns_of(blocks: tuple[Block, ...]) -> dict[tuple[str, ...], NDArray[np.intp]]:
    """The columns of a ranker by the differences that they measure; none of what has no words."""
    named = [(block.name, column) for block in blocks for column in block.columns]
    places: dict[tuple[str, ...], list[int]] = {}
    for place, (block, column) in enumerate(named):
        places.setdefault(_DIFFERENCES[column] if block in _MEASURED else (), []).append(place)
    return {names: np.array(each) for names, each in places.items()}


@lru_cache
def _with_words(blocks: tuple[Block, ...]) -> NDArray[np.intp]:
    """The columns of a ranker that have words, group by group."""
    groups = columns_of(blocks).items()
    return np.array([column for names, columns in groups if names for column in columns], np.intp)
