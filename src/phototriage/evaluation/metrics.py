"""What is measured of scores against preferences. Pure functions of arrays."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["calibration_columns", "log_likelihood", "top1_credit"]

_BINS = 10


def log_likelihood(
    probability: NDArray[np.floating], preference: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Per pair p·ln P + (1 − p)·ln(1 − P), in nats, at most 0; a coin has −ln 2.

    Args:
        probability: (n,) the P(a over b) that is judged; held off 0 and 1 by 1e-12.
        preference: (n,) the share p of people who prefer a.
    """
    sure = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(preference * np.log(sure) + (1 - preference) * np.log1p(-sure))


def calibration_columns(
    probability: NDArray[np.floating], preference: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Per pair, confidence minus the share of people on its side, in the column of the confidence's bin.

    The side is the photo that `probability` favours, so the order of a pair does not matter; confidences
    from ½ to 1 fall into 10 equal bins. Expected calibration error (Naeini et al., AAAI 2015) is the sum
    over bins of |the column's sum|, over n.

    Returns: float64 (n, 10), one entry per row.
    """
    favours_a = probability >= 0.5
    confidence = np.where(favours_a, probability, 1 - probability)
    # At P = ½ neither side is favoured: half the people are on either.
    share = np.where(probability == 0.5, 0.5, np.where(favours_a, preference, 1 - preference))
    bins = np.minimum(((confidence - 0.5) * 2 * _BINS).astype(int), _BINS - 1)
    columns = np.zeros((len(bins), _BINS))
    columns[np.arange(len(bins)), bins] = confidence - share
    return columns


def top1_credit(scores: NDArray[np.floating], is_best: NDArray[np.bool_]) -> float:
    """How much of the top of one series' scores is right: 1 or 0, and the share of right ones among ties.

    Args:
        scores: (n,) a score per photo of the series.
        is_best: (n,) whether people like it best; ties have several.
    """
    return float(is_best[scores == scores.max()].mean())
