"""Takes back what the last run wrote into sidecars."""

from dataclasses import dataclass
from pathlib import Path

from phototriage.errors import OutputError
from phototriage.outputs.sidecars.file import digest, read_sidecar, write_sidecar
from phototriage.outputs.sidecars.runs import Entry, Run, runs_of

__all__ = ["UndoneRun", "undo_sidecars"]


@dataclass(frozen=True)
class UndoneRun:
    """What became of the sidecars of a run.

    name: of the run's folder. restored: those that are as before the run. removed: those the run had made.
    left_alone: (sidecar, reason) of those that are as they were found, since somebody changed them after the
    run. failures: (sidecar, reason) of those that could not be written; while there are any, the run counts
    as not undone.
    """

    name: str
    restored: tuple[str, ...]
    removed: tuple[str, ...]
    left_alone: tuple[tuple[str, str], ...]
    failures: tuple[tuple[str, str], ...]


def undo_sidecars(folder: Path, *, dry_run: bool = False) -> UndoneRun:
    """Restores the sidecars of a folder to what they were before the last run that is not undone yet.

    A second call goes back a run further. Content and permissions are restored; the time of change is now, so
    that other programs notice. With `dry_run` nothing is written; the answer is what would become of them.
    Raises OutputError where there is nothing to undo.
    """
    runs = runs_of(folder)
    if not runs:
        raise OutputError(f"{folder}: nothing to undo, no sidecar was written from this folder")
    run = runs[-1]
    restored: list[str] = []
    removed: list[str] = []
    left_alone: list[tuple[str, str]] = []
    failures: list[tuple[str, str]] = []
    for entry in run.entries:
        try:
            file = read_sidecar(folder, entry.sidecar)
            current = digest(file.data if file else None)
            if current == entry.before:
                continue
            if current != entry.after:
                left_alone.append((entry.sidecar, "changed since" if file else "gone since"))
                continue
            previous = _previous(run, entry)
            if not dry_run:
                write_sidecar(folder, entry.sidecar, previous, entry.mode)
            (restored if entry.before else removed).append(entry.sidecar)
        except OutputError as error:
            failures.append((entry.sidecar, str(error)))
    if not failures and not dry_run:
        run.mark_undone()
    return UndoneRun(run.place.name, tuple(restored), tuple(removed), tuple(left_alone), tuple(failures))


def _previous(run: Run, entry: Entry) -> bytes | None:
    if not entry.before:
        return None
    path = run.previous(entry)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OutputError(f"its previous version {path} cannot be read ({error.strerror})") from error
    if digest(data) != entry.before:
        raise OutputError(f"its previous version {path} was changed")
    return data
