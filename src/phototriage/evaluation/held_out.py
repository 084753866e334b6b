"""Evaluates a ranker and the baselines on series that the ranker never saw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from phototriage.errors import FeatureError
from phototriage.evaluation.baselines import CHANCE, baselines, ranker_scorer
from phototriage.evaluation.evaluate import evaluate_scorers
from phototriage.evaluation.report import EvaluationReport
from phototriage.evaluation.scorer import Scorer
from phototriage.features import Features
from phototriage.labels import Comparisons
from phototriage.ranker import TrainedRanker

__all__ = ["Evaluation", "evaluate", "evaluate_ranker", "never_seen"]


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


def evaluate(
    ranker: TrainedRanker | Mapping[str, float],
    comparisons: Comparisons,
    features: Features | None = None,
    name: str = "this ranker",
) -> Evaluation:
    """Evaluates a ranker, or anybody's scores, beside the baselines, with 95 % intervals over series.

    Args:
        ranker: a ranker, evaluated on the series that it never saw; or photo → score, evaluated on all.
        comparisons: pairs without features or scores are left out and counted.
        features: of the photos; needed for a ranker, and for scores the source of more baselines.
        name: the name in the report.

    Raises FeatureError if the features do not match the ranker's.
    """
    if isinstance(ranker, TrainedRanker):
        if features is None:
            raise FeatureError("a ranker is evaluated on the features of the photos: give them too")
        return evaluate_ranker(name, ranker, comparisons, features)
    others = [Scorer(CHANCE, dict.fromkeys(ranker, 0.0), calibrated=True)]
    scorers = [*(others if features is None else baselines(features)), Scorer(name, ranker)]
    return Evaluation(evaluate_scorers(comparisons, scorers, reference=name), 0, in_sample=False)


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
