"""What is to be written beside the photos, for the terminal."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from phototriage.outputs.console import plain, stdout_console
from phototriage.outputs.sidecars.plan import SidecarChange
from phototriage.outputs.tables import new_table
from phototriage.photos import RAW_SUFFIXES

__all__ = ["print_sidecars", "unread_by_lightroom"]


def print_sidecars(changes: Sequence[SidecarChange]) -> None:
    """Prints a line per sidecar: what is or would be done, and why not more; none for those that stay."""
    table = new_table("sidecar", "action", "marks", "why", title="Sidecars")
    for change in changes:
        if change.action != "keep":
            marks = "  ".join(f"{name} {value or '(taken back)'}" for name, value in change.edits.items())
            table.add_row(plain(change.sidecar), change.action, plain(marks), plain(change.reason))
    if table.row_count:
        stdout_console().print(table)


def unread_by_lightroom(changes: Iterable[SidecarChange]) -> int:
    """How many of the sidecars to be written Lightroom will not read: it reads those of RAW files alone.

    Into JPEG, TIFF, DNG and the like it writes its own data, and looks for it there only.
    """
    return sum(
        change.action in ("create", "update")
        and not any(_suffix(file) in RAW_SUFFIXES - {".dng"} for file in change.files)
        for change in changes
    )


def _suffix(file: str) -> str:
    return PurePosixPath(file).suffix.lower()
