"""Puts the picks into a separate folder, as hard links, symbolic links or copies."""

import filecmp
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from phototriage.atomic_write import atomic_write
from phototriage.errors import OutputError
from phototriage.outputs.console import plain, stdout_console
from phototriage.outputs.tables import new_table
from phototriage.photos import PICKS_MARK
from phototriage.series import RankedSeries
from phototriage.xmp.sidecar_names import SidecarNames

__all__ = [
    "How",
    "PlannedPick",
    "WrittenPicks",
    "check_picks_folder",
    "plan_picks",
    "print_picks",
    "write_picks",
]

How = Literal["hardlink", "symlink", "copy"]
Action = Literal["hardlink", "symlink", "copy", "keep", "leave alone", "no longer"]


@dataclass(frozen=True)
class PlannedPick:
    """The planned action for one file of a pick.

    action: `keep` if the same file, or one with the same content, exists already; `leave alone` if a
    different file exists; `no longer` if the photo exists from an earlier run but is not a pick now (it
    stays). source, target: paths that include the given folders.
    """

    source: Path
    target: Path
    action: Action


@dataclass(frozen=True)
class WrittenPicks:
    """The result of planned picks.

    written: the created files. failures: (target, reason) for those that could not be created. others: number
    of photo files from earlier runs that are not picks now.
    """

    written: tuple[PlannedPick, ...]
    failures: tuple[tuple[Path, str], ...]
    others: int


def plan_picks(folder: Path, ranked: Iterable[RankedSeries], into: Path, how: How) -> tuple[PlannedPick, ...]:
    """Decides where the files of the picks go; writes nothing.

    All files of a pick, RAW and JPEG alike, keep their sub-folders, so that equal names do not collide.
    Copies include the current sidecars. Links do not, because a program that writes into a linked sidecar
    would change the sidecar of the original.

    Raises OutputError as `check_picks_folder` does, and if `into` is on a different disk than the files to
    link.
    """
    check_picks_folder(folder, into)
    names = SidecarNames(folder, "adobe")
    photos = [photo for series in ranked for photo in series.photos]
    files: dict[str, bool] = {}
    for photo in (photo for photo in photos if photo.outcome == "pick"):
        files |= dict.fromkeys(photo.files, False)
        if how == "copy":
            files |= {sidecar: True for sidecar, there in names.of(photo.files).items() if there}
    if how == "hardlink":
        _refuse_other_disks([folder / file for file in files], into)
    picks = tuple(
        PlannedPick(folder / file, into / file, _action(folder / file, into / file, how, is_sidecar))
        for file, is_sidecar in files.items()
    )
    others = [file for photo in photos if photo.outcome != "pick" for file in photo.files]
    return picks + tuple(
        PlannedPick(folder / file, into / file, "no longer")
        for file in others
        if _action(folder / file, into / file, how, is_sidecar=False) == "keep"
    )


def check_picks_folder(folder: Path, into: Path) -> None:
    """Raises OutputError if `into` cannot hold picks: it is no folder, or contains files of `folder`."""
    if os.path.lexists(into) and not into.is_dir():
        raise OutputError(f"{into} is no folder")
    if (
        _is_within(into, folder)
        and into.exists()
        and any(into.iterdir())
        and not (into / PICKS_MARK).exists()
    ):
        raise OutputError(f"{into} holds other files of {folder} already: name a new folder for the picks")


def write_picks(
    folder: Path,
    into: Path,
    picks: Iterable[PlannedPick],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> WrittenPicks:
    """Creates the planned links and copies; never replaces or removes an existing file.

    Copies keep the modification time. If `into` is inside `folder`, it gets a marker file, so that ranking
    the folder again skips the picks. `on_progress` is called with (files done, total files). Raises
    OutputError if the marker file cannot be written.
    """
    picks = tuple(picks)
    due = [pick for pick in picks if pick.action not in ("keep", "no longer")]
    if due and _is_within(into, folder):
        with atomic_write(into / PICKS_MARK) as file:
            file.write(
                b"phototriage put its picks here. While this file is here, they are not ranked again.\n"
            )
    written = []
    failures: list[tuple[Path, str]] = []
    for done, pick in enumerate(due):
        on_progress(done, len(due))
        if pick.action == "leave alone":
            failures.append((pick.target, "another file of that name is there"))
        else:
            try:
                _make(pick)
                written.append(pick)
            except OutputError as error:
                failures.append((pick.target, str(error)))
    others = sum(pick.action == "no longer" for pick in picks)
    return WrittenPicks(tuple(written), tuple(failures), others)


def print_picks(picks: Sequence[PlannedPick]) -> None:
    """Prints each file's action and target, one line per file; existing files are not listed."""
    table = new_table("photo", "action", "to", title="Picks")
    for pick in picks:
        if pick.action != "keep":
            table.add_row(plain(str(pick.source)), pick.action, plain(str(pick.target)))
    if table.row_count:
        stdout_console().print(table)


def _action(source: Path, target: Path, how: How, is_sidecar: bool) -> Action:
    try:
        if not os.path.lexists(target):
            return how
        # A copy's sidecar belongs to the copy, and editing the copy changes it.
        if is_sidecar or target.samefile(source) or filecmp.cmp(source, target, shallow=False):
            return "keep"
    except OSError:
        pass  # a broken link or an unreadable file counts as a different file
    return "leave alone"


def _make(pick: PlannedPick) -> None:
    """Raises OutputError."""
    try:
        pick.target.parent.mkdir(parents=True, exist_ok=True)
        if pick.action == "hardlink":
            # Links to the photo itself if the source is a link.
            os.link(pick.source.resolve(), pick.target)
        elif pick.action == "symlink":
            pick.target.symlink_to(pick.source.resolve())
        else:
            _copy(pick.source, pick.target)
    except OSError as error:
        advice = "; try copies" if pick.action != "copy" and not isinstance(error, FileExistsError) else ""
        raise OutputError(f"cannot write {pick.target}: {error.strerror}{advice}") from error


def _copy(source: Path, target: Path) -> None:
    if os.path.lexists(target):
        raise FileExistsError(None, "another file of that name is there")
    with source.open("rb") as original, atomic_write(target) as copy:
        shutil.copyfileobj(original, copy)
    status = source.stat()
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _is_within(into: Path, folder: Path) -> bool:
    return into.resolve().is_relative_to(folder.resolve())


def _refuse_other_disks(sources: Iterable[Path], into: Path) -> None:
    there = next(parent for parent in (into.absolute(), *into.absolute().parents) if parent.exists())
    for source in sources:
        if source.exists() and source.stat().st_dev != there.stat().st_dev:
            raise OutputError(
                f"{into} is on another disk than {source}, where no hard link reaches: use copies (--copy)"
            )
