"""Progress on standard error: a bar on a terminal, occasional plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from phototriage.features import Failure, OnProgress
from phototriage.printable import printable

__all__ = ["note", "note_failures", "progress"]

_SECONDS_BETWEEN_LINES = 10.0
_MOST_FAILURES = 50


def note(text: str) -> None:
    """Prints one line on standard error, with any file names made printable."""
    print(printable(text), file=sys.stderr, flush=True)


def note_failures(failures: Sequence[Failure]) -> None:
    """Names unusable photos with the reasons, one per line; if there are many, only the first ones."""
    for failure in failures[:_MOST_FAILURES]:
        note(f"left out: {failure.photo}: {failure.reason}")
    if more := len(failures) - len(failures[:_MOST_FAILURES]):
        note(f"left out: {more:,} more; --failures FILE.csv writes them all")


@contextmanager
def progress(what: str, *, unit: str = "photos", quiet: bool = False) -> Iterator[OnProgress]:
    """Shows the progress of work on many photos or files, with rate and time left; nothing if `quiet`.

    Work done before the first call took no time and does not count toward the rate.
    """
    if quiet:
        yield lambda done, total: None
    elif sys.stderr.isatty():
        with _bar(what, unit) as on_progress:
            yield on_progress
    else:
        yield _lines(what, unit)


@contextmanager
def _bar(what: str, unit: str) -> Iterator[OnProgress]:
    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, rate="")
        rate = _Rate()

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, rate=f"{rate.at(done):.0f} {unit}/s")

        yield show


def _lines(what: str, unit: str) -> OnProgress:
    rate = _Rate()
    said = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal said
        per_second = rate.at(done)
        if time.monotonic() - said >= _SECONDS_BETWEEN_LINES and per_second:
            said = time.monotonic()
            left = (total - done) / per_second
            note(f"{what}: {done} of {total} {unit}, {per_second:.0f} a second, {left:.0f} s left")

    return show


class _Rate:
    """Photos per second since the first report."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def at(self, done: int) -> float:
        now = time.monotonic()
        if self._first is None:
            self._first = (now, done)
        started, before = self._first
        return (done - before) / (now - started) if now > started else 0.0
