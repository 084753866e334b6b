"""Results as pictures."""

import io
import math
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from phototriage.atomic_write import atomic_write
from phototriage.evaluation import EvaluationReport
from phototriage.photos import load
from phototriage.ranker.state import Training
from phototriage.series import RankedSeries

__all__ = ["accuracy_chart", "contact_sheet", "training_curves"]

_BLUE, _GREEN, _GREY = "#2f6db3", "#2a8a4a", "#9a9a9a"


def training_curves(training: Training, path: Path) -> None:
    """Loss and accuracy over the epochs, the kept epoch marked, as a PNG."""
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
    _save(figure, path)


def accuracy_chart(report: EvaluationReport, path: Path) -> None:
    """A bar with its interval per scorer: the share of clear pairs in the right order, as a PNG."""
    shown = [
        (scorer.name, estimate)
        for scorer in report.scorers
        if (estimate := scorer.figures["accuracy_clear"] or scorer.figures["accuracy"])
    ]
    figure = Figure(figsize=(8, 1.2 + 0.45 * len(shown)), layout="constrained")
    axes = figure.subplots()
    for row, (name, estimate) in enumerate(reversed(shown)):
        colour = _BLUE if name == shown[-1][0] else _GREY
        axes.barh(row, 100 * estimate.value, color=colour)
        axes.plot([100 * estimate.low, 100 * estimate.high], [row, row], color="black", linewidth=1.5)
        axes.text(1, row, f"{name}  {100 * estimate.value:.1f}", va="center", color="white")
    axes.axvline(50, color="black", linestyle=":", linewidth=1)
    axes.set(yticks=[], xlim=(0, 100), xlabel="clear pairs in the right order, % (line: 95 % interval)")
    _save(figure, path)


def contact_sheet(series: RankedSeries, files: Mapping[str, Path], path: Path) -> None:
    """The photos of a series side by side, best first, with rank and P(best), as a PNG."""
    columns = min(4, len(series.photos))
    rows = -(-len(series.photos) // columns)
    figure = Figure(figsize=(4 * columns, 3.2 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.axis("off")
    for axes, each in zip(grid, series.photos, strict=False):
        axes.imshow(Image.fromarray(load(files[each.photo], 640).pixels))
        axes.set_title(
            f"{each.rank}.  {Path(each.photo).name}   P(best) {each.probability_best:.0%}",
            color=_GREEN if each.rank == 1 else "black",
            fontweight="bold" if each.rank == 1 else "normal",
        )
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=110)
    with atomic_write(path) as file:
        file.write(drawn.getvalue())
