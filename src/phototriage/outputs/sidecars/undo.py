"""Takes back what the last run wrote into sidecars."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from phototriage.errors import OutputError
from phototriage.outputs.sidecars.file import digest, read_sidecar, write_sidecar
from phototriage.outputs.sidecars.packet import Packet
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


def undo_sidecars(
    folder: Path,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    dry_run: bool = False,
) -> UndoneRun:
    """Restores the sidecars of a folder to what they were before the last run that is not undone yet.

    A second call goes back a run further. Content and permissions are restored; the time of change is now, so
    that other programs notice. Where another program changed a sidecar since, only the marks that still are
    as we wrote them are taken back.

    `on_progress` is told (files done, files in all). With `dry_run` nothing is written; the answer is what
    would become of them. Raises OutputError where there is nothing to undo.
    """
    runs = runs_of(folder)
    if not runs:
        raise OutputError(f"{folder}: nothing to undo, no sidecar was written from this folder")
    run = runs[-1]
    restored: list[str] = []
    removed: list[str] = []
    left_alone: list[tuple[str, str]] = []
    failures: list[tuple[str, str]] = []
    for done, entry in enumerate(run.entries):
        on_progress(done, len(run.entries))
        try:
            file = read_sidecar(folder, entry.sidecar)
            current = digest(file.data if file else None)
            if current == entry.before:
                continue
            if current != entry.after:
                if file is None:
                    left_alone.append((entry.sidecar, "gone since"))
                elif packet := _without_our_marks(file.data, entry):
                    if not dry_run:
                        write_sidecar(folder, entry.sidecar, packet, file.mode)
                    left_alone.append((entry.sidecar, "changed since: our marks taken back, the rest"))
                else:
                    left_alone.append((entry.sidecar, "changed since"))
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


def _without_our_marks(data: bytes, entry: Entry) -> bytes | None:
    """The sidecar with the marks that still are ours as they were before; None where none is."""
    try:
        packet = Packet(data)
    except OutputError:
        return None
    ours = [mark for mark in entry.marks if packet.get(mark.name) == mark.value != mark.was]
    for mark in ours:
        packet.set(mark.name, mark.was)
    return packet.to_bytes() if ours else None


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
