"""Pairwise accuracy: whether score differences agree with preferences."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["compute_pairwise_accuracy", "correctness"]


def correctness(difference: NDArray[np.floating], preference: NDArray[np.floating]) -> NDArray[np.float64]:
    """Whether the scores order each pair as people do: 1 yes, 0 no, ½ for equal scores, NaN without a winner.

    Args:
        difference: (n,) score of a minus score of b.
        preference: (n,) P(a over b) in [0, 1]; at ½ there is no winner.

    Returns: float64 (n,).
    """
    side = np.sign(preference - 0.5).astype(np.float64)
    return np.where(side == 0, np.nan, (1 + np.sign(difference) * side) / 2)


def compute_pairwise_accuracy(difference: NDArray[np.floating], preference: NDArray[np.floating]) -> float:
    """Mean `correctness` over the pairs that have a winner; NaN if there are none."""
    values = correctness(difference, preference)
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else float("nan")
