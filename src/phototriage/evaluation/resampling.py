"""Intervals by resampling whole series."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["REPLICATES", "Estimate", "estimates", "resampled_sums"]

REPLICATES = 2000

_BLOCK = 8_000_000  # weights in memory at a time, 64 MB


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval over series."""

    value: float
    low: float
    high: float


def resampled_sums(sums: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Column sums over bootstrap samples of series; each sample has as many series as `sums` (Efron, 1979).

    The same number of series and the same seed draw the same samples, so that figures of different scorers
    can be compared sample by sample.

    Args:
        sums: (series, c) the contribution of each series.

    Returns: (REPLICATES, c).
    """
    series = len(sums)
    rng = np.random.default_rng(seed)
    rows = max(1, _BLOCK // series)
    samples = np.empty((REPLICATES, sums.shape[1]))
    for start in range(0, REPLICATES, rows):
        block = min(rows, REPLICATES - start)
        drawn = rng.integers(0, series, (block, series))
        flat = (drawn + series * np.arange(block)[:, None]).ravel()
        times_drawn = np.bincount(flat, minlength=block * series).reshape(block, series)
        samples[start : start + block] = times_drawn.astype(np.float64) @ sums
    return samples


def estimates(values: NDArray[np.float64], samples: NDArray[np.float64]) -> list[Estimate | None]:
    """Figures with their intervals, 2.5th to 97.5th percentile of the samples.

    Args:
        values: (k,) the figures; NaN if undefined.
        samples: (REPLICATES, k) the same figures of each bootstrap sample; NaN values are left out.

    Returns: k estimates; None for undefined figures.
    """
    ordered = np.sort(samples, axis=0)  # NaN sorts last
    known = np.maximum((~np.isnan(ordered)).sum(axis=0), 1)
    limits = []
    for share in (0.025, 0.975):
        place = share * (known - 1)
        below, columns = place.astype(int), np.arange(len(known))
        under, over = ordered[below, columns], ordered[np.minimum(below + 1, known - 1), columns]
        limits.append(under + (place - below) * (over - under))
    return [
        None if np.isnan(value) else Estimate(float(value), float(low), float(high))
        for value, low, high in zip(values, *limits, strict=True)
    ]
