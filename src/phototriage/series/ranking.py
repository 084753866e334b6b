"""The order of the photos within a series, and how sure it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from phototriage.features import Features
from phototriage.ranker import TrainedRanker

__all__ = ["RankedPhoto", "RankedSeries", "rank_series"]


@dataclass(frozen=True)
class RankedPhoto:
    """A photo's place in its series.

    rank: 1 is best; equal scores share a rank. score: comparable within the series only.
    probability_best: how likely people would like it best of the series, in [0, 1].
    """

    photo: str
    rank: int
    score: float
    probability_best: float


@dataclass(frozen=True)
class RankedSeries:
    """The photos of a series, best first."""

    name: str
    photos: tuple[RankedPhoto, ...]


def rank_series(
    series: Mapping[str, Sequence[str]], features: Features, ranker: TrainedRanker
) -> tuple[RankedSeries, ...]:
    """Ranks the photos of every series by the ranker's scores; equal scores keep the order given.

    P(best) is the softmax of score / temperature over the series (Plackett, 1975; Luce, 1959), so between
    two photos it equals the ranker's P(a over b). Photos without features have no place in the ranking, and
    series without any are left out. Raises FeatureError where the features are not those the ranker needs.
    """
    score_of = dict(zip(features.photos, ranker.scores(features), strict=True))
    ranked = []
    for name, members in series.items():
        photos = [photo for photo in members if photo in score_of]
        if not photos:
            continue
        scores = np.array([score_of[photo] for photo in photos], np.float64)
        odds = np.exp((scores - scores.max()) / ranker.temperature)
        chances = odds / odds.sum()
        order = np.argsort(-scores, kind="stable")
        ranks = 1 + np.searchsorted(-scores[order], -scores)
        ranked.append(
            RankedSeries(
                name,
                tuple(
                    RankedPhoto(
                        photo=photos[place],
                        rank=int(ranks[place]),
                        score=float(scores[place]),
                        probability_best=float(chances[place]),
                    )
                    for place in order
                ),
            )
        )
    return tuple(ranked)
