"""Training progress on standard error: a line per epoch, and per ten batches a bar or, elsewhere, a line."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from phototriage.cli.progress import note

if TYPE_CHECKING:
    from phototriage.ranker.state import BatchRecord, EpochRecord

__all__ = ["training_progress"]

_Reports = tuple[Callable[["BatchRecord"], None], Callable[["EpochRecord"], None]]


@contextmanager
def training_progress(max_epochs: int) -> Iterator[_Reports]:
    """Yields two functions that each show a record: one of ten batches, one of an epoch."""
    if not sys.stderr.isatty():
        yield lambda record: note(f"epoch {record.epoch}, {_now(record)}"), lambda record: note(_line(record))
        return
    columns = (
        TextColumn("epochs"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[now]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("epochs", total=max_epochs, now="")

        def show_batches(record: "BatchRecord") -> None:
            bar.update(task, now=_now(record))

        def show_epoch(record: "EpochRecord") -> None:
            bar.update(task, completed=record.epoch)
            bar.console.print(_line(record), highlight=False)

        yield show_batches, show_epoch


def _now(record: "BatchRecord") -> str:
    return f"batch {record.step}: loss {record.loss:.4f}, accuracy {record.accuracy:.1%}"


def _line(record: "EpochRecord") -> str:
    return (
        f"epoch {record.epoch}: training loss {record.train_loss:.4f}, "
        f"validation accuracy {record.validation_accuracy:.1%}"
    )
