"""Tests of whether a personal ranker is better than the default, from which the gate's was chosen.

Each takes log-odds of the pick and of the others of each series that was kept, by the default (its scale
refitted) and by the personal ranker, and gives a p-value.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax
from scipy.stats import ttest_1samp

Values = NDArray[np.float64]
Kept = Sequence[tuple[Values, Values]]
"""Log-odds by default and personal ranker of each series, that of the pick first."""


def by_series(measure: Callable[[Values], float]) -> Callable[[Kept], float]:
    """A one-sided t-test of how much greater a measure of the personal ranker is."""

    def p_value(kept: Kept) -> float:
        gains = [measure(personal) - measure(default) for default, personal in kept]
        return float(ttest_1samp(gains, 0, alternative="greater").pvalue) if np.ptp(gains) else 1.0

    return p_value


def brier(scores: Values) -> float:
    return -float(np.mean(expit(scores[1:] - scores[0]) ** 2))


def log_likelihood(scores: Values) -> float:
    return float(log_softmax(scores)[0])


def agreement(scores: Values) -> float:
    return float(np.mean(1 + np.sign(scores[0] - scores[1:])) / 2)


TESTS: Mapping[str, Callable[[Kept], float]] = {
    "Brier score": by_series(brier),
    "log-likelihood": by_series(log_likelihood),
    "agreement": by_series(agreement),
}


def e_value(looks: Sequence[Kept]) -> float:
    """1 / the likelihood ratio of a test martingale: each series judged once, by the first ranker after it.

    By Ville's inequality it falls below a level with that chance at most, however often one looks.
    """
    ratio, judged = 0.0, 0
    for kept in looks:
        for default, personal in kept[judged:]:
            ratio += log_likelihood(personal) - log_likelihood(default)
        judged = len(kept)
    return float(np.exp(min(0.0, -ratio)))
