"""The photos of all series as one table, so that each step of a ranking is one call of numpy."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phototriage.series.differences import Numbers

__all__ = ["SMALL", "Candidates"]

SMALL = 0.5
"""A photo with less than this share of the pixels of the largest of its series is never a pick.

It is most likely an export of a photo beside it, and at its size neither its numbers nor its scores can be
compared with those of the others. Photos whose size is not known are not small.
"""

_SERIES_AT_ONCE = 1024
_FEW = 8


@dataclass(frozen=True, eq=False)
class Candidates:
    """Photos of many series, n of them, a row each; those of one series stand side by side.

    shot: (n,) which of the given shots each is. series: (n,) the number of its series, 0, 1, 2 …, ascending.
    selectable: (n,) whether its series is one to choose from. inputs: float32 (n, dim), what the ranker sees.
    numbers: its numbers that have words, float64 (n,) each. score: float64 (n,), of the ranker.
    megapixels: float64 (n,), millions of pixels of its file, NaN where unknown.
    """

    shot: NDArray[np.intp]
    series: NDArray[np.intp]
    selectable: NDArray[np.bool_]
    inputs: NDArray[np.float32]
    numbers: Numbers
    score: NDArray[np.float64]
    megapixels: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.shot)

    def take(self, rows: NDArray[np.intp]) -> "Candidates":
        """The photos of these rows, in this order. What is told of whole series needs each in one piece."""
        return Candidates(
            self.shot[rows],
            self.series[rows],
            self.selectable[rows],
            self.inputs[rows],
            {name: column[rows] for name, column in self.numbers.items()},
            self.score[rows],
            self.megapixels[rows],
        )

    def typical(self, where: NDArray[np.bool_]) -> "Candidates":
        """The median of those marked, in every number, for each series that has some."""
        rows = np.flatnonzero(where)
        begins = np.flatnonzero(np.diff(self.series[rows], prepend=-1))
        sizes = np.diff(begins, append=len(rows))

        def median(values: NDArray[Any]) -> NDArray[Any]:
            found = np.empty((len(begins), *values.shape[1:]), values.dtype)
            for size in np.unique(sizes):  # one call for all series of a size takes a tenth of the time
                of_size = np.flatnonzero(sizes == size)
                for some in np.array_split(of_size, len(of_size) // _SERIES_AT_ONCE + 1):
                    members = rows[begins[some][:, None] + np.arange(size)]
                    found[some] = _medians([values[each] for each in members.T])
            return found

        return replace(
            self.take(rows[begins]),
            inputs=median(self.inputs),
            numbers={name: median(column) for name, column in self.numbers.items()},
            score=median(self.score),
        )

    @property
    def begins(self) -> NDArray[np.intp]:
        """(series,) the row of the first photo of each series."""
        return np.flatnonzero(np.diff(self.series, prepend=-1))

    @property
    def first(self) -> NDArray[np.intp]:
        """(n,) the row of the first photo of the same series."""
        return self.begins[self.series]

    @property
    def place(self) -> NDArray[np.intp]:
        """(n,) how many photos of its series come before it."""
        return np.arange(len(self)) - self.first

    @property
    def small(self) -> NDArray[np.bool_]:
        """(n,) whether it is too small to be chosen (`SMALL`)."""
        largest = np.fmax.reduceat(self.megapixels, self.begins)[self.series]
        return self.selectable & (self.megapixels < SMALL * largest)

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) the sum of the values of all photos of the same series."""
        return np.asarray(np.add.reduceat(values, self.begins)[self.series])

    def counts(self, where: NDArray[np.bool_]) -> NDArray[np.intp]:
        """(n,) how many photos of the same series are marked."""
        return np.asarray(np.add.reduceat(where, self.begins, dtype=np.intp)[self.series])


def _medians(members: list[NDArray[Any]]) -> NDArray[Any]:
    """The medians, number by number, of arrays of one shape; NaN where one of them has it.

    A few are sorted by swapping neighbours, all numbers at once: a tenth of the time of `np.median`.
    """
    if len(members) > _FEW:
        return np.asarray(np.median(members, axis=0))
    for turn in range(len(members)):
        for one in range(turn % 2, len(members) - 1, 2):
            pair = members[one], members[one + 1]
            members[one], members[one + 1] = np.minimum(*pair), np.maximum(*pair)
    middle = members[(len(members) - 1) // 2 : len(members) // 2 + 1]
    return middle[0] if len(middle) == 1 else (middle[0] + middle[1]) / 2
