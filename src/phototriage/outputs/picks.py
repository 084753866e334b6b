"""The picks in a folder of their own: as hard links, symbolic links or copies."""

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
    """What is to happen to one file of a pick.

    action: keep where the same file, or one of the same content, is there already; leave alone where another
    one is; no longer where the photo is there, as of an earlier run, but is no pick now: it stays. source,
    target: with the folders they were asked for.
    """

    source: Path
    target: Path
    action: Action


@dataclass(frozen=True)
class WrittenPicks:
    """What became of planned picks.

    written: those made. failures: (target, reason) of those that could not be. others: how many photo files
    lie there, as of an earlier run, that are no picks now.
    """

    written: tuple[PlannedPick, ...]
    failures: tuple[tuple[Path, str], ...]
    others: int


def plan_picks(folder: Path, ranked: Iterable[RankedSeries], into: Path, how: How) -> tuple[PlannedPick, ...]:
    """Decides where the files of the picks go; writes nothing.

    All files of a pick go, RAW and JPEG alike, into the sub-folders they come from, so that equal names do
    not meet. Copies take their sidecars along as they are at that moment; links do not, since a program that
    writes into a linked sidecar would write into the original's.

    Raises OutputError as `check_picks_folder` does, and where `into` lies on another disk than what is to be
    linked.
    """
    check_picks_folder(folder, into)
    names = SidecarNames(folder, "adobe")
    photos = [photo for series in ranked for photo in series.photos]
    files: dict[str, bool] = {}
    for photo in (photo for photo in photos if photo.verdict == "pick"):
        files |= dict.fromkeys(photo.files, False)
        if how == "copy":
            files |= {sidecar: True for sidecar, there in names.of(photo.files).items() if there}
    if how == "hardlink":
        _refuse_other_disks([folder / file for file in files], into)
    picks = tuple(
        PlannedPick(folder / file, into / file, _action(folder / file, into / file, how, is_sidecar))
        for file, is_sidecar in files.items()
    )
    others = [file for photo in photos if photo.verdict != "pick" for file in photo.files]
    return picks + tuple(
        PlannedPick(folder / file, into / file, "no longer")
        for file in others
        if _action(folder / file, into / file, how, is_sidecar=False) == "keep"
    )


def check_picks_folder(folder: Path, into: Path) -> None:
    """Raises OutputError where picks cannot go `into`: no folder, or with other files of `folder`."""
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
    """Makes the planned links and copies; nothing that is there is ever replaced or removed.

    Copies keep the time of change. Where `into` lies within `folder` it gets a mark, so that ranking the
    folder again leaves the picks out. `on_progress` is told (files done, files in all). Raises OutputError
    where the mark cannot be written.
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
    """Prints a line per file: what is or would be done with it, and where it goes; none for those there."""
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
        # A copy's sidecar is the copy's: who works on the copy changes it.
        if is_sidecar or target.samefile(source) or filecmp.cmp(source, target, shallow=False):
            return "keep"
    except OSError:
        pass  # a broken link, or what may not be read, is another file
    return "leave alone"


def _make(pick: PlannedPick) -> None:
    """Raises OutputError."""
    try:
        pick.target.parent.mkdir(parents=True, exist_ok=True)
        if pick.action == "hardlink":
            # The photo itself, where the source is a link to it.
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
