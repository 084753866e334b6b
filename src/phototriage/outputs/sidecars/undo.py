"""Reverts the last run's changes to sidecars."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from phototriage.errors import OutputError
from phototriage.outputs.sidecars.file import (
    digest,
    has_folder,
    read_sidecar,
    sweep_temporary_files,
    write_sidecar,
)
from phototriage.outputs.sidecars.runs import Entry, Run, runs_of
from phototriage.xmp.packet import Packet

__all__ = ["UndoneRun", "undo_sidecars"]


@dataclass(frozen=True)
class UndoneRun:
    """The result of undoing a run.

    name: the name of the run's folder. restored: sidecars that are as before the run. removed: sidecars that
    the run had created. partly: sidecars that changed after the run; our remaining marks are reverted and the
    rest stays. left_alone: (sidecar, reason) for sidecars that no longer exist, or that changed and contain
    no mark of ours. failures: (sidecar, reason) for sidecars that could not be written; while there are any,
    the run counts as not undone.
    """

    name: str
    restored: tuple[str, ...]
    removed: tuple[str, ...]
    partly: tuple[str, ...]
    left_alone: tuple[tuple[str, str], ...]
    failures: tuple[tuple[str, str], ...]


def undo_sidecars(
    folder: Path,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    dry_run: bool = False,
    on_note: Callable[[str], None] = lambda note: None,
) -> UndoneRun:
    """Restores the sidecars of a folder to their state before the last run that is not undone yet.

    A second call goes back one more run. Content and permissions are restored; the modification time is the
    current time, so that other programs notice the change. If another program changed a sidecar in the
    meantime, only the marks that still have our value are reverted.

    `on_progress` is called with (files done, total files). With `dry_run`, nothing is written, and the result
    says what would happen. `on_note` is called with a line for each run whose journal is damaged; such a run
    is passed over. Raises OutputError if there is nothing to undo.
    """
    damaged: list[str] = []
    runs = runs_of(folder, damaged.append)
    if damaged and not runs:
        raise OutputError(damaged[-1])
    for line in damaged:
        on_note(line)
    if not runs:
        raise OutputError(f"{folder}: nothing to undo, no sidecar was written from this folder")
    run = runs[-1]
    restored: list[str] = []
    removed: list[str] = []
    partly: list[str] = []
    left_alone: list[tuple[str, str]] = []
    failures: list[tuple[str, str]] = []
    for done, entry in enumerate(run.entries):
        on_progress(done, len(run.entries))
        try:
            if not has_folder(folder, entry.sidecar):
                if entry.before:
                    left_alone.append((entry.sidecar, "its folder is gone"))
                continue
            file = read_sidecar(folder, entry.sidecar)
            if file.refusal:
                raise OutputError(file.refusal)
            current = digest(file.data)
            if current == entry.before:
                continue
            if current != entry.after and file.data is None:
                left_alone.append((entry.sidecar, "gone since"))
                continue
            previous = _previous(run, entry)
            if current != entry.after and file.data is not None:
                if data := _without_our_marks(file.data, entry, previous):
                    if not dry_run:
                        write_sidecar(folder, entry.sidecar, current, data, file.mode)
                    partly.append(entry.sidecar)
                else:
                    left_alone.append((entry.sidecar, "changed since"))
                continue
            if not dry_run:
                write_sidecar(folder, entry.sidecar, current, previous, entry.mode)
            (restored if entry.before else removed).append(entry.sidecar)
        except OutputError as error:
            failures.append((entry.sidecar, str(error)))
    if not dry_run:
        sweep_temporary_files(folder, (entry.sidecar for entry in run.entries))
    if not failures and not dry_run:
        run.mark_undone()
    return UndoneRun(
        run.place.name,
        tuple(restored),
        tuple(removed),
        tuple(partly),
        tuple(left_alone),
        tuple(failures),
    )


def _without_our_marks(data: bytes, entry: Entry, previous: bytes | None) -> bytes | None:
    """The sidecar with our remaining marks reset to their values before the run; None if none remain.

    The values before the run are those in `previous`; marks of earlier runs stay until those runs are undone.
    If the sidecar is not valid XMP now, or a mark is not a plain value, somebody else changed it, and no mark
    counts as ours.
    """
    try:
        packet = Packet(data)
        if packet.fault:
            return None
        before = Packet(previous) if previous else None
        ours = {mark.name: mark.value for mark in entry.marks if packet.get(mark.name) == mark.value}
        due = {name: before.get(name) if before else "" for name in ours}
        due = {name: value for name, value in due.items() if value != ours[name]}
        for name, value in due.items():
            packet.set(name, value)
    except OutputError:
        return None
    return packet.to_bytes() if due else None


def _previous(run: Run, entry: Entry) -> bytes | None:
    if not entry.before:
        return None
    path = run.place / entry.sidecar
    data = run.previous(entry)
    if digest(data) != entry.before:
        raise OutputError(f"its previous version {path} was changed")
    return data
