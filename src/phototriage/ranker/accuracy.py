"""Pairwise accuracy: whether score differences agree with preferences."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from phototriage.array_like import as_array
from phototriage.errors import LabelError

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


def compute_pairwise_accuracy(difference: Any, preference: Any) -> float:
    """Mean `correctness` over the pairs that have a winner; NaN if there are none.

    Args:
        difference: (n,) score of a minus score of b: an array, a list, or a tensor of torch.
        preference: (n,) P(a over b) in [0, 1], of the same kinds; at ½ there is no winner.

    Raises LabelError if the two have different shapes, a difference is no number, or a preference is not from
    0 to 1.
    """
    differences, preferences = as_array(difference), as_array(preference)
    if differences.shape != preferences.shape:
        raise LabelError(
            f"score differences of the shape {differences.shape} do not fit preferences of the shape "
            f"{preferences.shape}: give one of each per pair"
        )
    if differences.dtype.kind not in "iuf" or np.isnan(differences).any():
        raise LabelError("score differences must be numbers, and none of them NaN")
    if preferences.dtype.kind not in "biuf" or not ((preferences >= 0) & (preferences <= 1)).all():
        raise LabelError("preferences must be from 0 to 1: P(a over b)")
    values = correctness(differences, preferences)
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else float("nan")
