"""The mistakes in which a scorer was most confident."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from phototriage.evaluation.kinds import CLEAR
from phototriage.evaluation.scorer import Scorer
from phototriage.labels import Comparisons, clear_preference

__all__ = ["Mistake", "worst_mistakes"]


@dataclass(frozen=True)
class Mistake:
    """A pair in the wrong order.

    preference: the share of people who prefer `preferred`, over ½. probability: the scorer's P(preferred over
    other), under ½; None if it has no probabilities.
    """

    series: str
    preferred: str
    other: str
    preference: float
    score_preferred: float
    score_other: float
    probability: float | None


def worst_mistakes(comparisons: Comparisons, scorer: Scorer, count: int) -> tuple[Mistake, ...]:
    """The most confident mistakes of `scorer` among pairs with max(p, 1 − p) ≥ CLEAR; one per series.

    Args:
        count: largest number of mistakes, the most confident first.
    """
    covered = comparisons.between(scorer.scores.keys())
    clear = covered.select(clear_preference(covered.table["preference"].to_numpy(float), CLEAR)).table
    a, b, series = (clear[name].to_numpy(object) for name in ("photo_a", "photo_b", "series"))
    preference = clear["preference"].to_numpy(float)
    preferred, other = np.where(preference > 0.5, [a, b], [b, a])
    scores = np.array([[scorer.scores[photo] for photo in side] for side in (preferred, other)])
    lead = scores[0] - scores[1]
    mistakes: dict[str, Mistake] = {}
    for row in np.argsort(lead, kind="stable"):
        if lead[row] >= 0 or len(mistakes) == count:
            break
        mistakes.setdefault(
            series[row],
            Mistake(
                series[row],
                preferred[row],
                other[row],
                max(preference[row], 1 - preference[row]),
                float(scores[0, row]),
                float(scores[1, row]),
                float(expit(lead[row])) if scorer.calibrated else None,
            ),
        )
    return tuple(mistakes.values())
