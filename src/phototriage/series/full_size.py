"""What the numbers at full size say about the order within a series."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from phototriage.features import DETAIL_COLUMNS, Features

__all__ = ["ACUTANCE_LOG_ODDS", "NOISE_LOG_ODDS", "detail_log_odds"]

NOISE_LOG_ODDS = -0.12
"""Per grey level of noise. In TID2013 the log-odds that a picture is preferred to others of its scene fall by
0.118 a level of white noise (`benchmarks/detail.py`)."""

ACUTANCE_LOG_ODDS = 1.0
"""Per unit of acutance. In TID2013 they fall by 1.14 a unit that a blurred picture lost; part of that a
ranker sees at 800 pixels."""


def detail_log_odds(
    photos: Sequence[str], series: NDArray[np.intp], detail: Features | None
) -> NDArray[np.float64]:
    """(n,) by how much noise and blur, which only full size shows, move each photo; of photos of one series.

    A photo that was not looked at is taken for the mean of its series.

    Args:
        photos: n of them.
        series: (n,) the number of the series of each, from 0.
        detail: the `detail` block of some of the photos, or nothing.
    """
    log_odds = np.zeros(len(photos))
    known = np.array([detail is not None and photo in detail for photo in photos], bool)
    if detail is None or not known.any():
        return log_odds
    rows = detail.rows(photo for photo, found in zip(photos, known, strict=True) if found)
    noise, acutance = (
        detail.matrix[rows, DETAIL_COLUMNS.index(name)].astype(np.float64) for name in ("noise", "acutance")
    )
    log_odds[known] = NOISE_LOG_ODDS * noise + ACUTANCE_LOG_ODDS * acutance
    sums = np.bincount(series, log_odds)
    means = sums / np.maximum(np.bincount(series, known), 1)
    return np.where(known, log_odds - means[series], 0)
