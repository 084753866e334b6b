"""Strengths from wins: the Bradley-Terry model, P(i over j) = sigmoid(s_i - s_j)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

__all__ = ["fit"]

_MAX_STEPS = 1000
_CONVERGED = 1e-9


def fit(wins: NDArray[Any], ridge: float = 0.1) -> NDArray[np.float64]:
    """The maximum-likelihood strengths for the observed wins.

    The ridge is a number of pseudo-wins, added in *both* directions of *every* pair of players, compared or
    not. It keeps the strengths finite if a player never lost, and it connects players whom no chain of
    comparisons connects. The result maximizes
    ``sum over i, j of (wins[i, j] + ridge) * log sigmoid(s_i - s_j)``.

    Newton's method, all stacked problems at once. Source: R. A. Bradley and M. E. Terry, "Rank analysis of
    incomplete block designs", Biometrika 39 (1952); D. R. Hunter, "MM algorithms for generalized
    Bradley-Terry models", Annals of Statistics 32 (2004), for when the maximum exists.

    Args:
        wins: (..., n, n), finite and ≥ 0; wins[..., i, j] is how often i beat j, possibly a fraction. The
            diagonal is ignored.
        ridge: pseudo-wins per direction of a pair, > 0.

    Returns:
        (..., n) float64 strengths on the log-odds scale, mean zero.

    Raises:
        ValueError: wins is not such an array, or ridge is not positive.
        ArithmeticError: no convergence; only counts beyond the precision of float64 can cause this.
    """
    counts = np.asarray(wins, dtype=np.float64)
    if counts.ndim < 2 or counts.shape[-1] != counts.shape[-2]:
        raise ValueError(f"wins must be square in its last two axes, not of shape {counts.shape}")
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise ValueError("wins must be finite and not negative")
    if not (np.isfinite(ridge) and ridge > 0):
        raise ValueError(f"ridge must be a positive number, not {ridge}")
    players = counts.shape[-1]
    strengths = np.zeros(counts.shape[:-1])
    if strengths.size == 0 or players == 1:
        return strengths

    diagonal = np.eye(players, dtype=bool)
    counts = np.where(diagonal, 0.0, counts + ridge)
    games = counts + counts.swapaxes(-1, -2)
    won = counts.sum(axis=-1)
    # A gradient as small as its own rounding errors contains no information.
    noise = 16 * players * np.finfo(np.float64).eps * won.max(axis=-1, keepdims=True)
    for _ in range(_MAX_STEPS):
        chance = expit(strengths[..., :, None] - strengths[..., None, :])
        gradient = won - (games * chance).sum(axis=-1)
        curvature = games * chance * (1.0 - chance)
        total = curvature.sum(axis=-1)
        # Only strength differences matter, so the Hessian is singular along (1, …, 1); the constant fills
        # that direction.
        filling = total.mean(axis=-1)[..., None, None] / players
        hessian = np.where(diagonal, total[..., None], -curvature) + filling
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        # A step that moves no difference by more than 1 never lowers the likelihood (the curvature of log
        # sigmoid changes by at most e over it), so the clipped iteration cannot diverge.
        reach = np.ptp(step, axis=-1, keepdims=True)
        strengths = strengths + step / np.maximum(reach, 1.0)
        if ((reach < _CONVERGED) | (np.abs(gradient).max(axis=-1, keepdims=True) <= noise)).all():
            return np.asarray(strengths - strengths.mean(axis=-1, keepdims=True))
    raise ArithmeticError("the Bradley-Terry fit did not converge: the counts are too far apart")
