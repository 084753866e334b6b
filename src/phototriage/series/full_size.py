"""What the numbers at full size say about the order within a series."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from phototriage.features import DETAIL_COLUMNS, Features

__all__ = ["ACUTANCE_LOG_ODDS", "NOISE_LOG_ODDS", "beside_mean", "detail_columns", "detail_log_odds"]

NOISE_LOG_ODDS = -0.12
"""Per grey level of noise. In TID2013 the log-odds that a picture is preferred to others of its scene fall by
0.118 a level of white noise (`benchmarks/detail.py`)."""

ACUTANCE_LOG_ODDS = 1.0
"""Per unit of acutance. In TID2013 they fall by 1.14 a unit that a blurred picture lost; part of that a
ranker sees at 800 pixels."""


def detail_columns(photos: Sequence[str], detail: Features | None) -> dict[str, NDArray[np.float64]]:
    """(n,) each number of the `detail` block, called `full_…`; NaN for photos that it does not hold.

    Empty where nothing was measured at full size.
    """
    if detail is None or not len(detail):
        return {}
    known = np.array([photo in detail for photo in photos], bool)
    numbers = np.full((len(photos), len(DETAIL_COLUMNS)), np.nan)
    numbers[known] = detail.matrix[detail.rows(photo for photo in photos if photo in detail)]
    return {f"full_{name}": column for name, column in zip(DETAIL_COLUMNS, numbers.T, strict=True)}


def detail_log_odds(
    series: NDArray[np.intp], numbers: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """(n,) by how much noise and blur, which only full size shows, move each photo; of photos of one series.

    A photo that was not measured at full size is taken for the mean of its series.

    Args:
        series: (n,) the number of the series of each photo, from 0.
        numbers: (n,) each, as of `detail_columns`.
    """
    if not numbers:
        return np.zeros(len(series))
    return beside_mean(
        series, NOISE_LOG_ODDS * numbers["full_noise"] + ACUTANCE_LOG_ODDS * numbers["full_acutance"]
    )


def beside_mean(series: NDArray[np.intp], log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) log-odds less the mean of their series; 0 where they are NaN.

    series: (n,) the number of the series of each photo, from 0.
    """
    known = np.isfinite(log_odds)
    sums = np.bincount(series, np.where(known, log_odds, 0))
    means = sums / np.maximum(np.bincount(series, known), 1)
    return np.where(known, log_odds - means[series], 0)
