"""What a training leaves on disk."""

import csv
import io
from dataclasses import astuple, fields
from pathlib import Path

from phototriage.evaluation import Judgement
from phototriage.outputs.judgement import judgement_json
from phototriage.outputs.pictures import training_curves
from phototriage.outputs.text_file import write_text
from phototriage.ranker import save_ranker
from phototriage.ranker.record import BatchRecord, EpochRecord, Training

__all__ = ["write_run"]


def write_run(folder: Path, training: Training, judgement: Judgement) -> None:
    """Writes training_log.csv, training_curves.png, test_results.json and, last, best_model.pt.

    The model comes last, so that a folder with a model is a finished run. Raises OutputError.
    """
    write_text(_log(training), folder / "training_log.csv")
    training_curves(training, folder / "training_curves.png")
    write_text(
        judgement_json(judgement, judged="test series", best_epoch=training.best_epoch),
        folder / "test_results.json",
    )
    save_ranker(training.ranker, folder / "best_model.pt")


def _log(training: Training) -> str:
    """One table: a line per ten batches and a line per epoch; each kind leaves the other's columns empty."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    batch_columns = [field.name for field in fields(BatchRecord)]
    epoch_columns = [field.name for field in fields(EpochRecord)][1:]
    lines.writerow([*batch_columns, *epoch_columns])
    for record in training.epochs:
        lines.writerows(
            [*astuple(batch), *[""] * len(epoch_columns)]
            for batch in training.batches
            if batch.epoch == record.epoch
        )
        lines.writerow([record.epoch, *[""] * (len(batch_columns) - 1), *astuple(record)[1:]])
    return text.getvalue()
