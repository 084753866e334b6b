"""Scorers: anything that assigns a number to each photo."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from phototriage.errors import FeatureError

__all__ = ["Scorer"]


@dataclass(frozen=True)
class Scorer:
    """Anything that assigns a number to each photo.

    scores: score by photo; higher is better. With `calibrated`, P(a over b) = σ(score a − score b). Without
    it, only the order of the scores counts, and figures that need probabilities are empty.
    Raises FeatureError for a score that is not finite.
    """

    name: str
    scores: Mapping[str, float]
    calibrated: bool = False

    def __post_init__(self) -> None:
        finite = np.isfinite(np.fromiter(self.scores.values(), float, len(self.scores)))
        if not finite.all():
            photo = list(self.scores)[int(np.argmin(finite))]
            raise FeatureError(f"{self.name}: the score of {photo} is {self.scores[photo]}, not a number")
