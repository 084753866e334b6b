"""Evaluates a ranker and the baselines on series that the ranker never saw."""

from collections.abc import Sequence
from dataclasses import dataclass

from phototriage.evaluation.baselines import baselines, ranker_scorer
from phototriage.evaluation.evaluate import evaluate_scorers
from phototriage.evaluation.report import EvaluationReport
from phototriage.features import Features
from phototriage.labels import Comparisons
from phototriage.ranker import TrainedRanker

__all__ = ["Evaluation", "evaluate_ranker", "never_seen"]


@dataclass(frozen=True)
class Evaluation:
    """The report on a ranker, and how to interpret it.

    seen_series: number of series left out because the ranker was trained or validated on their photos. With
    `in_sample`, it has seen all series, and the figures only show how well it remembers them.
    """

    report: EvaluationReport
    seen_series: int
    in_sample: bool


def evaluate_ranker(
    name: str, ranker: TrainedRanker, comparisons: Comparisons, features: Features
) -> Evaluation:
    """Evaluates a ranker and the baselines on the series of `comparisons` that it never saw.

    Pairs without features are left out. Raises FeatureError if the features do not match the ranker's.
    """
    unseen = never_seen([ranker], comparisons, features)
    evaluated = unseen if len(unseen) else comparisons
    scorers = [*baselines(features), ranker_scorer(name, ranker, features)]
    return Evaluation(
        evaluate_scorers(evaluated, scorers, reference=name),
        len(comparisons.series) - len(unseen.series),
        in_sample=not len(unseen),
    )


def never_seen(rankers: Sequence[TrainedRanker], comparisons: Comparisons, features: Features) -> Comparisons:
    """The comparisons of series with no photo in the training or validation of any of the rankers."""
    photos = [photo for photo in comparisons.photos if photo in features]
    seen = {
        photo
        for ranker in rankers
        for photo, was_seen in zip(photos, ranker.has_seen(photos, features), strict=True)
        if was_seen
    }
    return comparisons.in_series(
        [series for series, shown in comparisons.photos_by_series().items() if seen.isdisjoint(shown)]
    )
