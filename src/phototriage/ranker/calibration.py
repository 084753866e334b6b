"""Calibration: turns score differences into probabilities."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

__all__ = ["fit_temperature"]

_PRIOR_PAIRS = 4


def fit_temperature(difference: NDArray[np.floating], preference: NDArray[np.floating]) -> float:
    """The maximum-a-posteriori T in P(a over b) = σ(difference / T), given the preferences and a prior.

    If all pairs of a small set are in the right order, the likelihood alone has no optimum: T falls to 0 and
    every P is 0 or 1. The prior therefore adds four pairs whose difference is the root mean square of all
    differences; people ordered two of them each way. As a density, this prior on the P of such a pair is
    (P·(1 − P))² in its log-odds, a Beta(2, 2). If n pairs all have that difference and r are right, P is
    (r + 2) / (n + 4). Among hundreds of pairs, the four hardly matter.

    Args:
        difference: (n,) score of a minus score of b.
        preference: (n,) P(a over b) in [0, 1].

    Returns: T in [1e-3, 1e3] times the root mean square; 1 if all differences are 0.
    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017; for priors expressed as data,
    Clogg et al., JASA 86 (1991); for two on either side, Agresti and Coull, The American Statistician 52
    (1998).
    """
    scale = float(np.sqrt(np.mean(np.square(difference, dtype=np.float64))))
    if scale == 0:
        return 1.0
    unit = difference.astype(np.float64) / scale
    target = preference.astype(np.float64)

    def cost(log_temperature: float) -> float:
        typical = np.exp(-log_temperature)
        logit = unit * typical
        prior = _PRIOR_PAIRS * (np.logaddexp(0, typical) - typical / 2)
        return float(np.sum(np.logaddexp(0, logit) - target * logit) + prior)

    found = minimize_scalar(
        cost, bounds=(np.log(1e-3), np.log(1e3)), method="bounded", options={"xatol": 1e-9}
    )
    return scale * float(np.exp(found.x))
