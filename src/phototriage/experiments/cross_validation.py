"""Cross-validation: every series is scored by a model that never saw it."""

from collections.abc import Callable

from phototriage.evaluation.baselines import baselines, ranker_scorer
from phototriage.evaluation.evaluate import evaluate_scorers
from phototriage.evaluation.report import EvaluationReport
from phototriage.evaluation.scorer import Scorer
from phototriage.features import Features
from phototriage.labels import Comparisons, Split, k_folds, official_split
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.training import train

__all__ = ["cross_validate", "cross_validated"]


def cross_validate(
    comparisons: Comparisons,
    features: Features,
    config: MultiFeatureConfig,
    folds: int = 5,
    name: str = "this ranker",
    on_fold: Callable[[int], None] = lambda fold: None,
) -> EvaluationReport:
    """The figures of a config, with each series scored by a ranker that never saw it, beside the baselines.

    Arguments and errors are those of `cross_validated`; its scorer is the report's reference.
    """
    scorer = cross_validated(name, comparisons, features, config, folds, on_fold=on_fold)
    return evaluate_scorers(comparisons, [*baselines(features), scorer], reference=name)


def cross_validated(
    name: str,
    comparisons: Comparisons,
    features: Features,
    config: MultiFeatureConfig,
    folds: int,
    learn_from: Comparisons | None = None,
    on_fold: Callable[[int], None] = lambda fold: None,
) -> Scorer:
    """Trains with the same config once per fold, and scores each photo with the model of its fold.

    Args:
        name: the scorer's name.
        comparisons: the pairs to evaluate later; pairs without features are left out.
        features: the features of the photos.
        config: its seed also determines the folds.
        folds: at least 2; folds consist of whole series, with copies of a photo in the same fold.
        learn_from: other preferences about the same photos to train on, instead of `comparisons`.
        on_fold: called with the number of each finished fold, from 1.

    Scores are comparable only within a series, which is sufficient for an evaluation.
    Raises LabelError for fewer series than folds.
    """
    scores: dict[str, float] = {}
    comparisons = comparisons.between(features.photos)
    for number, (_, held_out) in enumerate(
        k_folds(comparisons, folds, config.seed, features.content_hash_of), start=1
    ):
        split = official_split(
            comparisons, frozenset(held_out.series), config.seed, contents=features.content_hash_of
        )
        if learn_from is not None:
            split = Split(
                learn_from.in_series(split.train.series),
                learn_from.in_series(split.validation.series),
                held_out,
            )
        ranker = train(split, features, config).ranker
        of_fold = ranker_scorer(name, ranker, features).scores
        scores |= {photo: of_fold[photo] for photo in held_out.photos}
        on_fold(number)
    return Scorer(name, scores, calibrated=True)
