"""Metrics of scores against preferences, as pure functions of arrays.

Functions with `starts`, (s,), need rows sorted by series; it is the first row of each of s series.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["BINS", "calibration", "calibration_error", "kendall_tau", "log_likelihood", "top1_credit"]

BINS = 10
"""Equal bins of confidence from ½ to 1."""

Array = NDArray[np.float64]


def log_likelihood(probability: NDArray[np.floating], preference: NDArray[np.floating]) -> Array:
    """Per pair p·ln P + (1 − p)·ln(1 − P), in nats, at most 0; −ln 2 by chance.

    Args:
        probability: (n,) the P(a over b) to evaluate; clipped to 1e-12 from 0 and 1.
        preference: (n,) the share p of people who prefer a.
    """
    sure = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(preference * np.log(sure) + (1 - preference) * np.log1p(-sure))


def calibration(probability: NDArray[np.floating], preference: NDArray[np.floating]) -> Array:
    """For each pair its confidence, the share of people on its side, and 1, in the bin of the confidence.

    The side is the photo that `probability` favors, so the order of a pair does not matter. At P = ½, neither
    side is favored, and half the people count for each.

    Args:
        probability: (n,) the P(a over b) to evaluate.
        preference: (n,) the share of people who prefer a.

    Returns: float64 (n, 3, BINS); `calibration_error` and reliability plots use its sum over pairs.
    """
    favours_a = probability >= 0.5
    confidence = np.where(favours_a, probability, 1 - probability)
    share = np.where(probability == 0.5, 0.5, np.where(favours_a, preference, 1 - preference))
    bins = np.minimum(((confidence - 0.5) * 2 * BINS).astype(int), BINS - 1)
    columns = np.zeros((len(bins), 3, BINS))
    columns[np.arange(len(bins)), :, bins] = np.stack([confidence, share, np.ones(len(bins))], axis=1)
    return columns


def calibration_error(sums: Array) -> Array:
    """Expected calibration error: mean over pairs of |confidence − share of people|, both averaged by bin.

    Args:
        sums: (…, 3, BINS) `calibration` summed over pairs.

    Returns: (…) in [0, 1]. Source: Naeini et al., AAAI 2015.
    """
    confidence, share, pairs = np.moveaxis(sums, -2, 0)
    return np.asarray(np.abs(confidence - share).sum(axis=-1) / pairs.sum(axis=-1))


def top1_credit(scores: NDArray[np.floating], is_best: NDArray[np.bool_], starts: NDArray[np.intp]) -> Array:
    """Top-1 credit of each series: 1 or 0, or the share of best photos among tied top scores.

    Args:
        scores: (m,) a score per photo; a row per photo of each series.
        is_best: (m,) whether people like the photo best in its series; several photos may tie.

    Returns: (s,) in [0, 1].
    """
    sizes = np.diff(np.append(starts, len(scores)))
    on_top = scores == np.repeat(np.maximum.reduceat(scores, starts), sizes)
    return np.asarray(
        np.add.reduceat(on_top & is_best, starts, dtype=float) / np.add.reduceat(on_top, starts, dtype=float)
    )


def kendall_tau(
    difference: NDArray[np.floating], preference: NDArray[np.floating], starts: NDArray[np.intp]
) -> Array:
    """Kendall's τ-b of each series between scores and preferences, over the pairs that were compared.

    (Pairs in the right order − pairs in the wrong order) / √(pairs of different scores · pairs with a
    winner). If all pairs of a series are compared and the winners agree with one order of the photos, this is
    the τ-b of the scores and that order. Source: Kendall, Biometrika 33 (1945).

    Args:
        difference: (n,) score of a minus score of b, a row per pair.
        preference: (n,) P(a over b); at ½ there is no winner.

    Returns: (s,) in [−1, 1]; 0 if all scores are equal, NaN if no pair has a winner.
    """
    ordered, wanted = np.sign(difference), np.sign(preference - 0.5)
    agreeing, different, won = (
        np.add.reduceat(values, starts) for values in (ordered * wanted, np.abs(ordered), np.abs(wanted))
    )
    tau = agreeing / np.sqrt(np.maximum(different, 1) * np.maximum(won, 1))
    return np.where(won > 0, tau, np.nan)
