"""Planned sidecar changes as a table on the terminal."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from phototriage.outputs.console import plain, stdout_console
from phototriage.outputs.sidecars.plan import SidecarChange
from phototriage.outputs.tables import new_table
from phototriage.photos import RAW_SUFFIXES

__all__ = ["print_sidecars", "unread_by_lightroom"]


def print_sidecars(changes: Sequence[SidecarChange]) -> None:
    """Prints each sidecar's change and the reason for missing marks; unchanged sidecars are not listed."""
    table = new_table("sidecar", "action", "marks", "why", title="Sidecars")
    for change in changes:
        if change.action != "keep":
            marks = "  ".join(f"{name} {value or '(taken back)'}" for name, value in change.edits.items())
            table.add_row(plain(change.sidecar), change.action, plain(marks), plain(change.reason))
    if table.row_count:
        stdout_console().print(table)


def unread_by_lightroom(changes: Iterable[SidecarChange]) -> int:
    """Number of planned sidecars that Lightroom will not read, because it reads only those of RAW files.

    For JPEG, TIFF, DNG and similar formats, Lightroom reads and writes its data inside the photo only.
    """
    return sum(
        change.action in ("create", "update")
        and not any(_suffix(file) in RAW_SUFFIXES - {".dng"} for file in change.files)
        for change in changes
    )


def _suffix(file: str) -> str:
    return PurePosixPath(file).suffix.lower()
