"""The files that training writes, during the run and at its end.

A folder with last_state.pt contains an interrupted run. A folder with best_model.pt and without last_state.pt
contains a finished run.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from phototriage.csv_cells import guarded
from phototriage.errors import OutputError
from phototriage.evaluation import Evaluation
from phototriage.experiments.run_config import LAST_STATE, MODEL, write_config
from phototriage.experiments.training_curves import training_curves
from phototriage.features import Features
from phototriage.labels import Comparisons
from phototriage.outputs.evaluation_report import evaluation_json
from phototriage.outputs.text_file import write_text
from phototriage.ranker import TrainedRanker, correctness, save_ranker
from phototriage.ranker.state import BatchRecord, EpochRecord, Training, TrainingState, load_state, save_state

__all__ = [
    "read_last_state",
    "write_last_state",
    "write_predictions",
    "write_run",
]


def write_last_state(folder: str | Path, state: TrainingState, settings: Mapping[str, Any]) -> None:
    """Writes config.yaml, the current training_log.csv and, last, last_state.pt. Raises OutputError."""
    folder = Path(folder)
    write_config(settings, folder / "config.yaml")
    write_text(_log(state.batches, state.epochs), folder / "training_log.csv")
    save_state(state, folder / LAST_STATE)


def read_last_state(folder: str | Path) -> TrainingState | None:
    """Reads the state from `write_last_state`; None if there is none. Raises ModelError if it is damaged."""
    path = Path(folder) / LAST_STATE
    return load_state(path) if path.exists() else None


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


def write_run(folder: str | Path, training: Training, evaluation: Evaluation) -> None:
    """Writes training_log.csv, training_curves.png, test_results.json and, last, best_model.pt.

    The model comes last, so that the old model stays until everything else is written. Then last_state.pt is
    deleted. Raises OutputError.
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
        ),
        folder / "test_results.json",
    )
    save_ranker(training.ranker, folder / MODEL)
    try:
        (folder / LAST_STATE).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"cannot remove {folder / LAST_STATE}: {error.strerror}") from error


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
