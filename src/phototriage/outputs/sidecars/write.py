"""Executes planned changes to sidecars, and keeps the previous versions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from phototriage.errors import OutputError
from phototriage.outputs.sidecars.file import digest, read_sidecar, sweep_temporary_files, write_sidecar
from phototriage.outputs.sidecars.plan import SidecarChange
from phototriage.outputs.sidecars.runs import begin_run
from phototriage.xmp.packet import Packet

__all__ = ["WrittenSidecars", "write_sidecars"]


@dataclass(frozen=True)
class WrittenSidecars:
    """The result of planned changes.

    written: the changed sidecars. failures: (sidecar, reason) for the others, which are unchanged.
    refused: sidecars that the plan skipped because of a fault of the file, not because of a person's mark.
    previous: the folder with the previous versions; None if there was nothing to do.
    """

    written: tuple[SidecarChange, ...]
    failures: tuple[tuple[str, str], ...]
    refused: tuple[SidecarChange, ...]
    previous: Path | None


def write_sidecars(
    folder: Path,
    changes: Iterable[SidecarChange],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> WrittenSidecars:
    """Writes the planned changes, each sidecar whole or not at all.

    A sidecar that changed after planning stays as it is. The previous versions and a journal are on disk
    before the first sidecar changes, so that even a killed run can be undone. Raises OutputError if they
    cannot be stored; in that case nothing was written. `on_progress` is called with (files done, total
    files).
    """
    changes = tuple(changes)
    refused = tuple(change for change in changes if change.is_fault)
    failures: dict[str, str] = {}
    due: dict[str, SidecarChange] = {}
    previous: dict[str, bytes] = {}
    sweep_temporary_files(folder, (change.sidecar for change in changes))
    for change in changes:
        if change.action in ("keep", "leave alone"):
            continue
        try:
            data = _as_planned(folder, change)
            if data is not None:
                previous[change.sidecar] = data
            due[change.sidecar] = change
        except OutputError as error:
            failures[change.sidecar] = str(error)
    if not due:
        return WrittenSidecars((), tuple(failures.items()), refused, None)
    run = begin_run(folder, [change.entry for change in due.values()], previous)
    written = []
    for done, change in enumerate(due.values()):
        on_progress(done, len(due))
        try:
            data = _content(change, _as_planned(folder, change))
            write_sidecar(folder, change.sidecar, change.entry.before, data, change.entry.mode)
            written.append(change)
        except OutputError as error:
            failures[change.sidecar] = str(error)
    return WrittenSidecars(tuple(written), tuple(failures.items()), refused, run.place)


def _as_planned(folder: Path, change: SidecarChange) -> bytes | None:
    file = read_sidecar(folder, change.sidecar)
    if file.refusal:
        raise OutputError(file.refusal)
    if digest(file.data) != change.entry.before:
        raise OutputError("changed since it was looked at")
    return file.data


def _content(change: SidecarChange, data: bytes | None) -> bytes | None:
    if change.action == "remove":
        return None
    packet = Packet() if data is None else Packet(data)
    for name, value in change.edits.items():
        packet.set(name, value)
    return packet.to_bytes()
