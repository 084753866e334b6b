"""Feature ablation: trains the same recipe on subsets of the features, on the same folds."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from phototriage.atomic_write import atomic_write
from phototriage.errors import FeatureError, ModelError
from phototriage.evaluation.evaluate import evaluate_scorers
from phototriage.evaluation.report import EvaluationReport
from phototriage.evaluation.resampling import Estimate
from phototriage.evaluation.scorer import Scorer
from phototriage.experiments.cross_validation import cross_validated
from phototriage.experiments.inputs_digest import inputs_digest
from phototriage.features import Block, Features
from phototriage.labels import Comparisons
from phototriage.ranker import MultiFeatureConfig

__all__ = ["Ablation", "AblationRow", "Trial", "ablate", "evaluate_ablation"]


@dataclass(frozen=True)
class Trial:
    """A subset of `dim` numbers per photo.

    scorer: None if training failed; `failure` gives the reason. seconds: training time, 0 if it was already
    finished.
    """

    subset: str
    dim: int
    scorer: Scorer | None
    seconds: float = 0.0
    failure: str = ""


@dataclass(frozen=True)
class AblationRow:
    """A subset of the features, `dim` numbers per photo.

    accuracy, accuracy_clear, top1: as in `evaluate_scorers`; None if undefined. gain: its accuracy minus that
    of the full set, on the same resampled series; None for the full set.
    """

    subset: str
    dim: int
    accuracy: Estimate | None
    accuracy_clear: Estimate | None
    top1: Estimate | None
    gain: Estimate | None


@dataclass(frozen=True)
class Ablation:
    """The trained subsets, the most accurate first, and the reasons for failed ones.

    full: the reference subset of the gains; None if it could not be trained.
    """

    rows: tuple[AblationRow, ...]
    failures: Mapping[str, str]
    full: str | None
    folds: int
    pairs: int
    clear_pairs: int
    series: int


def ablate(
    comparisons: Comparisons,
    features: Features,
    subsets: Mapping[str, Sequence[int]],
    config: MultiFeatureConfig,
    folds: int,
    finished: str | Path,
) -> Iterator[Trial]:
    """Trains the config's recipe on each subset, in the same folds over series.

    Args:
        subsets: columns of the feature matrix, by name.
        config: its seed also determines the folds.
        finished: a folder for the scores of finished subsets. They are reused if labels, numbers, config and
            folds are bit-identical.

    Raises LabelError for fewer series than folds, OutputError if `finished` is not writable.
    """
    comparisons = comparisons.between(features.photos)
    for name, columns in subsets.items():
        some = _columns_of(features, columns)
        path = Path(finished) / f"{inputs_digest(comparisons, some, config, folds)[:16]}.json"
        scores: Mapping[str, float] | None = _read_scores(path)
        seconds = 0.0
        if scores is None:
            started = time.monotonic()
            try:
                scores = cross_validated(name, comparisons, some, config, folds).scores
            except (FeatureError, ModelError) as error:
                yield Trial(name, len(columns), None, failure=str(error))
                continue
            with atomic_write(path) as file:
                file.write(json.dumps({"subset": name, "scores": dict(scores)}).encode())
            seconds = time.monotonic() - started
        yield Trial(name, len(columns), Scorer(name, scores, calibrated=True), seconds)


def evaluate_ablation(comparisons: Comparisons, trials: Sequence[Trial], full: str, folds: int) -> Ablation:
    """Evaluates and sorts the subsets. `full`: the subset that the others are compared with.

    Raises LabelError if there is nothing to evaluate.
    """
    scorers = [trial.scorer for trial in trials if trial.scorer]
    reference = full if full in [scorer.name for scorer in scorers] else None
    report = evaluate_scorers(comparisons, scorers, reference=reference)
    rows = [_row(report, trial) for trial in trials if trial.scorer]
    return Ablation(
        rows=tuple(sorted(rows, key=lambda row: row.accuracy.value if row.accuracy else 0, reverse=True)),
        failures={trial.subset: trial.failure for trial in trials if not trial.scorer},
        full=reference,
        folds=folds,
        pairs=report.pairs,
        clear_pairs=report.clear_pairs,
        series=report.series,
    )


def _row(report: EvaluationReport, trial: Trial) -> AblationRow:
    scorer = report.scorer(trial.subset)
    lead = scorer.lead.get("accuracy")
    return AblationRow(
        subset=trial.subset,
        dim=trial.dim,
        accuracy=scorer.figures["accuracy"],
        accuracy_clear=scorer.figures["accuracy_clear"],
        top1=scorer.figures["top1"],
        gain=Estimate(-lead.value, -lead.high, -lead.low) if lead else None,
    )


def _columns_of(features: Features, columns: Sequence[int]) -> Features:
    names = tuple(features.columns[place] for place in columns)
    provenance = "+".join(block.fingerprint for block in features.blocks)
    return Features(
        features.photos,
        np.ascontiguousarray(features.matrix[:, list(columns)]),
        (Block("subset", f"{provenance}/{','.join(names)}", names),),
        content_hashes=features.content_hashes,
    )


def _read_scores(path: Path) -> dict[str, float] | None:
    try:
        scores = json.loads(path.read_text("utf-8"))["scores"]
        return {str(photo): float(score) for photo, score in scores.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # missing or damaged: it is trained again
