"""The files that training writes, during the run and at its end.

A folder with last_state.pt contains an interrupted run. A folder with best_model.pt and without last_state.pt
contains a finished run, whose finished_state.pt lets it go on with more epochs.
"""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from phototriage.csv_cells import guarded
from phototriage.errors import OutputError
from phototriage.evaluation import Evaluation
from phototriage.experiments.run_config import FINISHED_STATE, LAST_STATE, MODEL
from phototriage.experiments.training_curves import training_curves
from phototriage.features import Features
from phototriage.labels import Comparisons, Split, filter_comparisons
from phototriage.outputs.evaluation_report import evaluation_json
from phototriage.outputs.text_file import write_text
from phototriage.ranker import TrainedRanker, correctness, save_ranker
from phototriage.ranker.losses import ranker_loss
from phototriage.ranker.state import BatchRecord, EpochRecord, Training, TrainingState, load_state, save_state

__all__ = [
    "read_last_state",
    "write_last_state",
    "write_predictions",
    "write_run",
]


def write_last_state(folder: str | Path, state: TrainingState) -> None:
    """Writes the current training_log.csv and, last, last_state.pt. Raises OutputError."""
    folder = Path(folder)
    write_text(_log(state.batches, state.epochs), folder / "training_log.csv")
    save_state(state, folder / LAST_STATE)


def read_last_state(folder: str | Path) -> TrainingState | None:
    """Reads the state from `write_last_state`; None before the first one. Raises ModelError if damaged."""
    path = Path(folder) / LAST_STATE
    return load_state(path) if path.exists() and path.stat().st_size else None


def write_predictions(
    folder: str | Path, ranker: TrainedRanker, pairs: Comparisons, features: Features
) -> None:
    """Writes test_predictions.csv, with one row per pair of photos that have features.

    Its columns are series, photo_a, photo_b, preference, votes, score_a, score_b, probability (the ranker's
    P(a over b)) and correct (1, 0, 0.5 for equal scores, empty if the preference is ½). Raises OutputError.
    """
    pairs = pairs.between(features.photos)
    scores = ranker.scores(features)
    a, b = (scores[features.rows(pairs.table[side])] for side in ("photo_a", "photo_b"))
    table = pairs.table[["series", "photo_a", "photo_b", "preference"]].assign(
        votes=pairs.votes,
        score_a=a,
        score_b=b,
        probability=ranker.probability(a - b),
        correct=correctness(a - b, pairs.table["preference"].to_numpy()),
    )
    texts = {name: table[name].map(guarded) for name in ("series", "photo_a", "photo_b")}
    write_text(
        table.assign(**texts).to_csv(index=False, lineterminator="\n"), Path(folder) / "test_predictions.csv"
    )


def write_run(
    folder: str | Path, training: Training, evaluation: Evaluation, split: Split, features: Features
) -> None:
    """Writes training_log.csv, training_curves.png, test_results.json and, last, best_model.pt.

    The model comes last, so that the old model stays until everything else is written. Then last_state.pt
    becomes finished_state.pt. Raises OutputError.
    """
    folder = Path(folder)
    write_text(_log(training.batches, training.epochs), folder / "training_log.csv")
    training_curves(training, folder / "training_curves.png")
    write_text(
        evaluation_json(
            evaluation.report,
            judged="test series",
            in_sample=evaluation.in_sample,
            seen_series=evaluation.seen_series,
            best_epoch=training.best_epoch,
            **_figures(training.ranker, split, features),
        ),
        folder / "test_results.json",
    )
    save_ranker(training.ranker, folder / MODEL)
    try:
        if (folder / LAST_STATE).exists():
            (folder / LAST_STATE).replace(folder / FINISHED_STATE)
    except OSError as error:
        raise OutputError(f"cannot rename {folder / LAST_STATE}: {error.strerror}") from error


def _figures(ranker: TrainedRanker, split: Split, features: Features) -> dict[str, Any]:
    """The extent of the training, the loss on the test pairs, and what to know about the settings."""
    config = ranker.config
    loss = ranker_loss(ranker, split.test, features)
    return {
        "training_pairs": len(filter_comparisons(split.train, config.min_agreement, config.min_reviewers)),
        "validation_pairs": len(split.validation),
        "test_pairs": len(split.test),
        "parameters": ranker.parameters,
        "test_loss": loss if math.isfinite(loss) else None,
        "cautions": config.cautions(features.matrix.shape[1]),
    }


def _log(batches: Sequence[BatchRecord], epochs: Sequence[EpochRecord]) -> str:
    """One table with a line per ten batches and a line per epoch; each leaves the other's columns empty."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    batch_columns = [field.name for field in fields(BatchRecord)]
    epoch_columns = [field.name for field in fields(EpochRecord)][1:]
    lines.writerow([*batch_columns, *epoch_columns])
    done = {record.epoch: record for record in epochs}
    for epoch in dict.fromkeys(batch.epoch for batch in batches):
        lines.writerows(
            [*astuple(batch), *[""] * len(epoch_columns)] for batch in batches if batch.epoch == epoch
        )
        if epoch in done:
            lines.writerow([epoch, *[""] * (len(batch_columns) - 1), *astuple(done[epoch])[1:]])
    return text.getvalue()
