"""A ranker beside the baselines, on series it never saw."""

from dataclasses import dataclass

from phototriage.evaluation.baselines import baselines, ranker_scorer
from phototriage.evaluation.judging import Judgement, judge
from phototriage.features import Features
from phototriage.labels import Comparisons
from phototriage.ranker import TrainedRanker

__all__ = ["Evaluation", "evaluate_ranker"]


@dataclass(frozen=True)
class Evaluation:
    """A judgement of a ranker, and what it may be taken for.

    seen_series: series left out because the ranker was trained or validated on photos of theirs; with
    `in_sample`, it had seen all of them, and the figures say how well it remembers.
    """

    judgement: Judgement
    seen_series: int
    in_sample: bool


def evaluate_ranker(
    name: str, ranker: TrainedRanker, comparisons: Comparisons, features: Features
) -> Evaluation:
    """Judges a ranker and the baselines on the series of `comparisons` that it never saw.

    Pairs without features are left out. Raises FeatureError where the features are not the ranker's.
    """
    photos_of = comparisons.photos_by_series()
    judgeable = [photo for photo in comparisons.photos if photo in features]
    seen = dict(zip(judgeable, ranker.has_seen(judgeable, features), strict=True))
    unseen_series = [
        series for series, photos in photos_of.items() if not any(seen.get(each, False) for each in photos)
    ]
    judged = comparisons.in_series(unseen_series) if unseen_series else comparisons
    scorers = [*baselines(features), ranker_scorer(name, ranker, features)]
    return Evaluation(
        judge(judged, scorers), len(photos_of) - len(unseen_series), in_sample=not unseen_series
    )
