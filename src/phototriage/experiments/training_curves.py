"""A chart of a training run."""

import math
from pathlib import Path

from phototriage.extras import extra
from phototriage.outputs.figure import write_figure
from phototriage.ranker.state import Training

with extra("train"):
    from matplotlib.figure import Figure

__all__ = ["training_curves"]

_BLUE, _GREEN, _GREY = "#2f6db3", "#2a8a4a", "#9a9a9a"


def training_curves(training: Training, path: str | Path) -> None:
    """Writes a PNG with loss and accuracy over the epochs, with the best epoch marked."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    epochs = [record.epoch for record in training.epochs]
    loss.plot(epochs, [record.train_loss for record in training.epochs], color=_GREY, label="training")
    loss.plot(epochs, [record.validation_loss for record in training.epochs], color=_BLUE, label="validation")
    loss.set(xlabel="epoch", ylabel="loss")
    batches = [batch for batch in training.batches if not math.isnan(batch.accuracy)]
    steps_per_epoch = max((batch.step for batch in batches), default=1)
    accuracy.plot(
        [batch.epoch - 1 + batch.step / steps_per_epoch for batch in batches],
        [100 * batch.accuracy for batch in batches],
        color=_GREY,
        linewidth=0.8,
        label="training, over ten batches",
    )
    validation = [100 * record.validation_accuracy for record in training.epochs]
    accuracy.plot(epochs, validation, color=_BLUE, marker=".", label="validation")
    accuracy.set(xlabel="epoch", ylabel="pairs in the right order, %")
    for axes in (loss, accuracy):
        axes.axvline(training.best_epoch, color=_GREEN, linestyle=":", label="kept")
        axes.grid(alpha=0.3)
        axes.legend()
    write_figure(figure, path)
