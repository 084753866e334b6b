"""From score differences to probabilities that mean what they say."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

__all__ = ["fit_temperature"]


def fit_temperature(difference: NDArray[np.floating], preference: NDArray[np.floating]) -> float:
    """The T for which P(a over b) = σ(difference / T) has the highest likelihood.

    Args:
        difference: (n,) score of a minus score of b.
        preference: (n,) P(a over b) in [0, 1].

    Returns: T in [1e-3, 1e3] times the differences' spread; 1 where all differences are 0.
    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    scale = float(np.sqrt(np.mean(np.square(difference, dtype=np.float64))))
    if scale == 0:
        return 1.0
    unit = difference.astype(np.float64) / scale
    target = preference.astype(np.float64)

    def cost(log_temperature: float) -> float:
        logit = unit * np.exp(-log_temperature)
        return float(np.mean(np.logaddexp(0, logit) - target * logit))

    found = minimize_scalar(
        cost, bounds=(np.log(1e-3), np.log(1e3)), method="bounded", options={"xatol": 1e-9}
    )
    return scale * float(np.exp(found.x))
