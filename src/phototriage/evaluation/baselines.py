"""Untrained scorers to compare a model with."""

from collections import Counter

import numpy as np

from phototriage.evaluation.scorer import Scorer
from phototriage.features import IQA_COLUMNS, Features
from phototriage.ranker import TrainedRanker

__all__ = ["CHANCE", "FIXED_MIX", "baselines", "ranker_scorer"]

CHANCE = "coin"
"""The name, also in results, of the chance baseline: all photos have the same score."""

FIXED_MIX = dict(zip(IQA_COLUMNS, (0.4, 0.3, 0.2, 0.1), strict=True))
"""Weights of the four image-quality numbers in the mix that rule-based tools use."""

_FEW = 8


def baselines(features: Features) -> list[Scorer]:
    """Chance; the single numbers of small blocks; and the fixed mix, if its numbers are available."""
    scorers = [Scorer(CHANCE, dict.fromkeys(features.photos, 0.0), calibrated=True)]
    repeated = {name for name, times in Counter(features.columns).items() if times > 1}
    start = 0
    for block in features.blocks:
        for place, name in enumerate(block.columns if block.dim <= _FEW else ()):
            column = features.matrix[:, start + place]
            unique = f"{block.name}: {name}" if name in repeated else name
            scorers.append(Scorer(unique, dict(zip(features.photos, column.tolist(), strict=True))))
        start += block.dim
    if FIXED_MIX.keys() <= set(features.columns):
        columns = {name: features.matrix[:, place] for place, name in enumerate(features.columns)}
        mix = np.sum([weight * columns[name] for name, weight in FIXED_MIX.items()], axis=0)
        scorers.append(Scorer("fixed mix .4/.3/.2/.1", dict(zip(features.photos, mix.tolist(), strict=True))))
    return scorers


def ranker_scorer(name: str, ranker: TrainedRanker, features: Features) -> Scorer:
    """A ranker's scores divided by its temperature, so that differences are log-odds."""
    scores = ranker.scores(features) / ranker.temperature
    return Scorer(name, dict(zip(features.photos, scores.tolist(), strict=True)), calibrated=True)
