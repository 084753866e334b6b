"""Puts the picks into a separate folder, as hard links, symbolic links or copies."""

import errno
import filecmp
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Literal

from phototriage.errors import OutputError
from phototriage.outputs.companions import Companions
from phototriage.outputs.console import plain, stdout_console
from phototriage.outputs.directory import open_directory
from phototriage.outputs.sidecars.file import sweep_temporary_files
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
_PICKS_TEXT = b"phototriage put its picks here. While this file is here, they are not ranked again.\n"
Action = Literal["hardlink", "symlink", "copy", "keep", "leave alone", "no longer"]


@dataclass(frozen=True)
class PlannedPick:
    """The planned action for one file of a pick.

    action: `keep` if the same file, or one with the same content, exists already; `leave alone` if a
    different file exists; `no longer` if the photo exists from an earlier run but is not a pick now (it
    stays). source, target: paths that include the given folders. shot: the photo whose file it is.
    """

    source: Path
    target: Path
    action: Action
    shot: str = ""


@dataclass(frozen=True)
class WrittenPicks:
    """The result of planned picks.

    written: the created files. failures: (target, reason), one per photo whose files could not be created,
    of which there is then none, and one per file whose name is taken. others: number of photo files from
    earlier runs that are not picks now.
    """

    written: tuple[PlannedPick, ...]
    failures: tuple[tuple[Path, str], ...]
    others: int


def plan_picks(folder: Path, ranked: Iterable[RankedSeries], into: Path, how: How) -> tuple[PlannedPick, ...]:
    """Decides where the files of the picks go; writes nothing.

    All files of a pick, RAW and JPEG alike, keep their sub-folders, so that equal names do not collide.
    Copies include the current sidecars, settings of other programs, and the videos and sounds called after
    the photo. Links do not, because a program that writes into a linked sidecar would change the sidecar of
    the original.

    Raises OutputError as `check_picks_folder` does, and if `into` is on a different disk than the files to
    link.
    """
    check_picks_folder(folder, into)
    names, companions = SidecarNames(folder, "adobe"), Companions(folder)
    photos = [photo for series in ranked for photo in series.photos]
    files: dict[str, tuple[str, bool]] = {}
    for photo in (photo for photo in photos if photo.outcome == "pick"):
        files |= dict.fromkeys(photo.files, (photo.photo, False))
        if how == "copy":
            sidecars = {sidecar: True for sidecar, there in names.of(photo.files).items() if there}
            sidecars |= dict.fromkeys(names.duplicates(photo.files), True) | companions.of(photo.files)
            files |= {name: (photo.photo, changes) for name, changes in sidecars.items()}
    if how == "hardlink":
        _refuse_other_disks([folder / file for file in files], into)
    picks = tuple(
        PlannedPick(folder / file, into / file, _action(folder / file, into / file, how, is_sidecar), shot)
        for file, (shot, is_sidecar) in files.items()
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

    A photo is put there with all of its files, or not at all; a full disk ends it. Copies keep the
    modification time. If `into` is inside `folder`, it gets a marker file, so that ranking
    the folder again skips the picks. `on_progress` is called with (files done, total files). Raises
    OutputError if the marker file cannot be written.
    """
    picks = tuple(picks)
    due = [pick for pick in picks if pick.action not in ("keep", "no longer")]
    if due and _is_within(into, folder):
        _mark_as_picks(into)
    sweep_temporary_files(into, (pick.target.relative_to(into).as_posix() for pick in due))
    written: list[PlannedPick] = []
    failures: list[tuple[Path, str]] = []
    done = 0
    for _, files in groupby(due, key=lambda pick: pick.shot):
        all_files = tuple(files)
        taken = [pick for pick in all_files if pick.action == "leave alone"]
        failures += [(pick.target, "another file of that name is there") for pick in taken]
        shot = [pick for pick in all_files if pick not in taken]
        on_progress(done, len(due))
        done += len(all_files)
        try:
            _make_all(shot, into)
            written += shot
        except OutputError as error:
            failures.append((shot[0].target, str(error)))
            if _is_full(error):
                kept = f"{len(written):,} of {len(due):,} files are there, each photo with all of its files"
                failures[-1] = (into, f"the disk is full: {kept}; free some space and run it again")
                break
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


def _make_all(shot: Sequence[PlannedPick], into: Path) -> None:
    """Creates all files of a photo, or none. Raises OutputError."""
    made: list[PlannedPick] = []
    try:
        for pick in shot:
            _make(pick, into)
            made.append(pick)
    except BaseException:
        for pick in made:
            with suppress(OSError, OutputError), open_directory(into, _below(pick, into)) as directory:
                directory.unlink(pick.target.name)
        raise


def _is_full(error: OutputError) -> bool:
    cause = error.__cause__
    while isinstance(cause, OutputError):
        cause = cause.__cause__
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)


def _mark_as_picks(into: Path) -> None:
    try:
        with open_directory(into, PurePosixPath(), create=True) as directory:
            if directory.status(PICKS_MARK) is None:
                with directory.writing(PICKS_MARK) as file:
                    file.write(_PICKS_TEXT)
    except OSError as error:
        raise OutputError(f"cannot write {into / PICKS_MARK}: {error.strerror}") from error


def _make(pick: PlannedPick, into: Path) -> None:
    """Raises OutputError; a linked sub-folder of `into` is not followed."""
    name = pick.target.name
    try:
        with open_directory(into, _below(pick, into), create=True) as directory:
            if pick.action == "hardlink":
                # Links to the photo itself if the source is a link.
                directory.link(pick.source.resolve(), name)
            elif pick.action == "symlink":
                directory.symlink(pick.source.resolve(), name)
            else:
                with pick.source.open("rb") as original, directory.writing(name) as copy:
                    shutil.copyfileobj(original, copy)
                directory.set_times(name, pick.source.stat())
    except FileExistsError as error:
        raise OutputError("another file of that name is there") from error
    except OSError as error:
        advice = "; try copies" if pick.action != "copy" else ""
        raise OutputError(f"cannot write {pick.target}: {error.strerror}{advice}") from error


def _below(pick: PlannedPick, into: Path) -> PurePosixPath:
    """The folder of a pick, from the folder of all picks on."""
    return PurePosixPath(pick.target.parent.relative_to(into).as_posix())


def _is_within(into: Path, folder: Path) -> bool:
    return into.resolve().is_relative_to(folder.resolve())


def _refuse_other_disks(sources: Iterable[Path], into: Path) -> None:
    there = next(parent for parent in (into.absolute(), *into.absolute().parents) if parent.exists())
    for source in sources:
        if source.exists() and source.stat().st_dev != there.stat().st_dev:
            raise OutputError(
                f"{into} is on another disk than {source}, where no hard link reaches: use copies (--copy)"
            )
