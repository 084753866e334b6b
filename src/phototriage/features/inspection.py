"""What the numbers of a block look like: what one looks at when a model does not learn."""

from dataclasses import dataclass
from functools import cached_property
from math import nan

import numpy as np
from numpy.typing import NDArray

from phototriage.features.block import Block

__all__ = ["Column", "Inspection", "nearest_photos"]

_PAIRS = 20_000
_PHOTOS_FOR_TWINS = 2_000
_TWIN_CORRELATION = 0.999


@dataclass(frozen=True)
class Column:
    """One number over all photos; statistics are of its finite values, NaN where it has none.

    `at_low`, `at_high` and `zeros` are shares in [0, 1]: of values equal to the smallest, to the largest
    (much of either is saturation, and ties), and to 0. `not_finite` counts NaN and infinities.
    """

    name: str
    mean: float
    sd: float
    low: float
    high: float
    at_low: float
    at_high: float
    zeros: float
    not_finite: int

    @property
    def constant(self) -> bool:
        """Whether all photos have the same number here, which tells nothing about any of them."""
        return self.low == self.high


@dataclass(frozen=True, eq=False)
class Inspection:
    """The numbers of one block: `vectors`, float32 (n, block.dim), n ≥ 1, not necessarily finite."""

    block: Block
    vectors: NDArray[np.float32]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Statistics of every column."""
        return tuple(map(_column, self.block.columns, self.vectors.T))

    @cached_property
    def norms(self) -> NDArray[np.float64]:
        """The Euclidean length of every photo's vector, (n,); of the finite ones only, so maybe fewer."""
        finite = self.vectors[np.isfinite(self.vectors).all(axis=1)]
        norms: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", finite, finite, dtype=np.float64))
        return norms

    @cached_property
    def cosines(self) -> NDArray[np.float64]:
        """Cosine of the vectors of some 20,000 pairs of different photos, seeded; empty for one photo.

        All near 1: the photos hardly differ for this block. A heap at 1: many are copies.
        """
        units = _units(self.vectors)
        if len(units) < 2:
            return np.empty(0)
        rng = np.random.default_rng(0)
        first = rng.integers(len(units), size=_PAIRS)
        second = (first + rng.integers(1, len(units), size=_PAIRS)) % len(units)
        cosines: NDArray[np.float64] = np.einsum("ij,ij->i", units[first], units[second], dtype=np.float64)
        return cosines

    @cached_property
    def twins(self) -> tuple[tuple[str, str, float], ...]:
        """Pairs of columns that say the same, with their correlation: |r| ≥ 0.999 on up to 2,000 photos."""
        step = -(-len(self.vectors) // _PHOTOS_FOR_TWINS)
        sample = self.vectors[::step].astype(np.float64)
        sample = sample[np.isfinite(sample).all(axis=1)]
        if len(sample) < 3:
            return ()
        centred = sample - sample.mean(axis=0)
        lengths = np.linalg.norm(centred, axis=0)
        # Rounding leaves a constant column with a little spread around its mean.
        varied = np.flatnonzero(np.ptp(sample, axis=0) > 0)
        scaled = (centred[:, varied] / lengths[varied]).astype(np.float32)
        correlations = np.triu(scaled.T @ scaled, k=1)
        names = self.block.columns
        return tuple(
            (names[varied[one]], names[varied[other]], float(correlations[one, other]))
            for one, other in np.argwhere(np.abs(correlations) >= _TWIN_CORRELATION)
        )


def nearest_photos(
    vectors: NDArray[np.float32], wanted: NDArray[np.float32], count: int
) -> list[tuple[int, float]]:
    """The rows of `vectors`, (n, dim), whose cosine with `wanted`, (dim,), is largest: (row, cosine).

    Vectors without a direction, zero or not finite, are nobody's neighbours.
    """
    rows = _with_direction(vectors)
    if not len(_with_direction(wanted[None])):
        return []
    cosines = _units(vectors) @ _units(wanted[None])[0]
    best = np.argsort(-cosines, kind="stable")[:count]
    return [(int(rows[each]), float(cosines[each])) for each in best]


def _column(name: str, values: NDArray[np.float32]) -> Column:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Column(name, nan, nan, nan, nan, nan, nan, nan, len(values))
    low, high = finite.min(), finite.max()
    return Column(
        name,
        mean=float(finite.mean(dtype=np.float64)),
        sd=float(finite.std(dtype=np.float64)),
        low=float(low),
        high=float(high),
        at_low=float((finite == low).mean()),
        at_high=float((finite == high).mean()),
        zeros=float((finite == 0).mean()),
        not_finite=len(values) - len(finite),
    )


def _with_direction(vectors: NDArray[np.float32]) -> NDArray[np.intp]:
    """The rows that are finite and not zero."""
    return np.flatnonzero(np.isfinite(vectors).all(axis=1) & vectors.any(axis=1))


def _units(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors that have a direction, at length 1."""
    usable = vectors[_with_direction(vectors)]
    units: NDArray[np.float32] = usable / np.linalg.norm(usable, axis=1, keepdims=True)
    return units
