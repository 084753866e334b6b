"""What faces add to the score, as log-odds.

No comparisons of real bursts with faces are at hand, so the strengths are stated priors, not measurements.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from phototriage.series.full_size import beside_mean

__all__ = ["CLOSED_LOG_ODDS", "SMILE_LOG_ODDS", "SOFTNESS_LOG_ODDS", "face_log_odds", "face_parts"]

CLOSED_LOG_ODDS = -2.0
"""Of the first main person who blinks: seven of eight viewers would rather have the photo without, all else
equal. Each further one weighs less: log2(1 + how many) times as much in all."""
SOFTNESS_LOG_ODDS = 0.35
"""Per doubling of the detail in the faces: half of what a whole photo's acutance weighs for the same
doubling, which counts besides."""
SMILE_LOG_ODDS = 0.5
"""Of a smile beside none: little, since not every photo is the better for one."""


def face_parts(numbers: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """(n,) each: what the eyes, the focus and the smiles add to the log-odds of a photo; NaN where unknown.

    numbers: of n photos, those of `People`.
    """
    return {
        "eyes": CLOSED_LOG_ODDS * np.log2(1 + numbers["eyes_shut"]),
        "face focus": SOFTNESS_LOG_ODDS * numbers["face_softness"],
        "smile": SMILE_LOG_ODDS * numbers["smile"],
    }


def face_log_odds(
    series: NDArray[np.intp], numbers: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """(n,) by how much faces move each photo; 0 for photos that show none.

    Args:
        series: (n,) the number of the series of each photo, from 0.
        numbers: those of `People`, NaN for photos without faces; or none.
    """
    if not numbers:
        return np.zeros(len(series))
    parts = [beside_mean(series, part) for part in face_parts(numbers).values()]
    return np.asarray(np.sum(parts, axis=0))
