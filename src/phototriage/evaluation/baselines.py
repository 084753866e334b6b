"""Scorers that learned nothing, to hold a model against."""

import numpy as np

from phototriage.evaluation.judging import Scorer
from phototriage.features import IQA_COLUMNS, Features
from phototriage.ranker import TrainedRanker

__all__ = ["FIXED_MIX", "baselines", "ranker_scorer"]

FIXED_MIX = dict(zip(IQA_COLUMNS, (0.4, 0.3, 0.2, 0.1), strict=True))
"""Weights of the four image-quality numbers in the mix that rule-based tools use."""

_MANY = 16


def baselines(features: Features) -> list[Scorer]:
    """A coin; every single number, where there are few enough to list; the fixed mix, where it can be had."""
    scorers = [Scorer("coin", dict.fromkeys(features.photos, 0.0), calibrated=True)]
    column_of = {name: features.matrix[:, place] for place, name in enumerate(features.columns)}
    if len(column_of) <= _MANY:
        scorers += [
            Scorer(name, dict(zip(features.photos, column.tolist(), strict=True)))
            for name, column in column_of.items()
        ]
    if FIXED_MIX.keys() <= column_of.keys():
        mix = np.sum([weight * column_of[name] for name, weight in FIXED_MIX.items()], axis=0)
        scorers.append(Scorer("fixed mix .4/.3/.2/.1", dict(zip(features.photos, mix.tolist(), strict=True))))
    return scorers


def ranker_scorer(name: str, ranker: TrainedRanker, features: Features) -> Scorer:
    """A ranker's scores in units of its temperature, so that their differences are log-odds."""
    scores = ranker.scores(features) / ranker.temperature
    return Scorer(name, dict(zip(features.photos, scores.tolist(), strict=True)), calibrated=True)
