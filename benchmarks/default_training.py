"""The linear part of a ranker that several teachers teach at once.

It is fitted by least squares to the log-odds of each teacher's pairs, which is one step of Newton's method
for soft Bradley-Terry from even odds. One solution of a linear system makes many candidates affordable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve

__all__ = ["Design", "Fit", "Recipe", "Teacher"]

Matrix = NDArray[np.float64]

CLEAREST = 3.0  # log-odds


@dataclass(frozen=True)
class Teacher:
    """Opinions on pairs of photos.

    rows: float32 (n, dim), the numbers of n photos; what was not measured is NaN. unit: (n,) what is held out
    as a whole: a scene, a group of photos. a, b: (m,) rows of the pairs. preference: (m,) P(a over b).
    kind: (n,) what was done to a photo, for holding out kinds.
    """

    rows: NDArray[np.float32]
    unit: NDArray[np.int64]
    a: NDArray[np.intp]
    b: NDArray[np.intp]
    preference: Matrix
    kind: NDArray[np.str_]


@dataclass(frozen=True)
class Recipe:
    """How a ranker is taught.

    teachers: the weight of each, for the linear part. penalty: of its squared weights. scales: how much less
    a weight of some group of numbers costs. networks: the weights of the teachers of networks, whose scores
    are averaged with the linear part's; none, and there is only that.
    """

    name: str
    teachers: Mapping[str, float]
    penalty: float = 2.0
    scales: Mapping[str, float] = field(default_factory=dict)
    networks: Mapping[str, float] = field(default_factory=dict)


class Design:
    """Standardised numbers. reference: the photos by which. groups: the block or stage of each number."""

    def __init__(self, reference: NDArray[np.float32], groups: Sequence[str]) -> None:
        self.mean = reference.mean(axis=0, dtype=np.float64)
        self.std = np.maximum(reference.std(axis=0, dtype=np.float64), 1e-3)
        self.groups = tuple(groups)

    def __call__(self, rows: NDArray[np.float32]) -> Matrix:
        """(n, dim); numbers that were not measured are at their mean."""
        return np.asarray(np.nan_to_num((rows - self.mean) / self.std))


class Fit:
    """The sums that fits by any weights of the teachers share. usable: the photos, (n,), that may teach."""

    def __init__(
        self, design: Design, teachers: Mapping[str, Teacher], usable: Mapping[str, NDArray[np.bool_]]
    ) -> None:
        self._design = design
        self._sums = {name: self._sum(each, usable[name]) for name, each in teachers.items()}

    def _sum(self, teacher: Teacher, usable: NDArray[np.bool_]) -> tuple[Matrix, Matrix]:
        """Of the outer products of differences, and of differences times log-odds, per pair."""
        matrix = self._design(teacher.rows)
        pairs = np.flatnonzero(usable[teacher.a] & usable[teacher.b])
        a, b, odds = teacher.a[pairs], teacher.b[pairs], teacher.preference[pairs]
        told = np.log(odds / (1 - odds)).clip(-CLEAREST, CLEAREST)
        count = len(matrix)
        met = sparse.coo_matrix((np.ones(len(pairs)), (a, b)), (count, count)).tocsr()
        met = met + met.T
        laplacian = sparse.diags(np.asarray(met.sum(axis=1)).ravel()) - met
        target = np.bincount(a, told, count) - np.bincount(b, told, count)
        return matrix.T @ (laplacian @ matrix) / len(pairs), matrix.T @ target / len(pairs)

    def weights(self, recipe: Recipe) -> Matrix:
        """(dim,) by this recipe."""
        scale = np.array([recipe.scales.get(group, 1.0) for group in self._design.groups])
        products, targets = (
            sum(weight * self._sums[name][part] for name, weight in recipe.teachers.items())
            for part in (0, 1)
        )
        system = scale[:, None] * products * scale + recipe.penalty * np.eye(len(scale))
        return np.asarray(scale * cho_solve(cho_factor(system), scale * targets))
