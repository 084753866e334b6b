"""The options that write a ranking beside the photos or elsewhere, for other programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from phototriage.cli.exit_codes import SOME_FAILED
from phototriage.cli.feature_source import OptionalPath
from phototriage.cli.progress import note, progress
from phototriage.errors import OutputError
from phototriage.outputs.picks import How, check_picks_folder, plan_picks, print_picks, write_picks
from phototriage.outputs.sidecars import (
    Scheme,
    SidecarName,
    SidecarOptions,
    plan_sidecars,
    print_sidecars,
    undo_sidecars,
    unread_by_lightroom,
    write_sidecars,
)
from phototriage.series import RankedSeries

__all__ = ["Marks", "Picks", "undo_marks"]


@dataclass(frozen=True)
class Marks:
    """Sidecars."""

    xmp: tuple[Scheme, ...] | None = None
    """Mark the picks in XMP sidecars: pick (flags), stars (ratings), labels (colours); merged with what is
    there."""
    xmp_name: SidecarName = "adobe"
    """How new sidecars are called: adobe IMG_1.xmp, darktable IMG_1.CR2.xmp (digiKam too)."""
    pick_rating: int = 5
    """Stars of a pick; what is too close to call beside it gets one less."""
    mark_rejects: bool = False
    """Also mark the others as rejected."""
    overwrite_ratings: bool = False
    """Also where you rated, flagged or labelled the photo yourself."""
    undo: bool = False
    """Take back the sidecars of the last run in this folder, and do nothing else."""

    def _options(self) -> SidecarOptions:
        return SidecarOptions(
            self.xmp or (), self.xmp_name, self.pick_rating, self.mark_rejects, self.overwrite_ratings
        )

    def check(self) -> None:
        """Raises OutputError for options that cannot work, or would do nothing."""
        if self.xmp:
            self._options()
        elif self.xmp is not None:
            note("--xmp names no marks (pick, stars, labels): no sidecar is written")
        elif self.mark_rejects or self.overwrite_ratings:
            raise OutputError("--mark_rejects and --overwrite_ratings need --xmp pick, stars or labels")

    def write(self, folder: Path, ranked: Sequence[RankedSeries], *, dry_run: bool, quiet: bool) -> bool:
        """Writes the sidecars, or only shows them; whether all could be written."""
        if not self.xmp:
            return True
        changes = plan_sidecars(folder, ranked, self._options())
        if self.xmp_name == "adobe" and (unread := unread_by_lightroom(changes)):
            note(
                f"sidecars of JPEG, TIFF or DNG files: {unread:,}; "
                "Lightroom reads those of RAW files only (docs/sidecars.md)"
            )
        if dry_run:
            print_sidecars(changes)
            return True
        for change in changes:
            if change.action == "leave alone":
                note(f"{change.sidecar}: {change.reason}")
        with progress("sidecars", unit="files", quiet=quiet) as on_progress:
            result = write_sidecars(folder, changes, on_progress)
        for sidecar, reason in result.failures:
            note(f"{sidecar}: {reason}")
        if not quiet:
            undo = "; --undo takes them back" if result.written else ""
            note(f"sidecars written: {len(result.written):,}{undo}")
        return not (result.failures or result.refused)


def undo_marks(folder: Path, *, dry_run: bool) -> int:
    """Takes back the last run's sidecars, or only says what it would do; returns the exit code."""
    with progress("sidecars", unit="files") as on_progress:
        undone = undo_sidecars(folder, on_progress, dry_run=dry_run)
    for sidecar, reason in undone.failures:
        note(f"{sidecar}: {reason}")
    for sidecar, reason in undone.left_alone:
        note(f"{sidecar}: {reason}, left alone")
    would = "would be " if dry_run else ""
    for sidecar in undone.partly:
        note(f"{sidecar}: changed since, our marks {would}taken back, the rest left as it is now")
    note(
        f"run {undone.name}: {len(undone.restored):,} sidecars {would}as before, "
        f"{len(undone.removed):,} {would}removed"
    )
    return SOME_FAILED if undone.failures else 0


@dataclass(frozen=True)
class Picks:
    """Links and copies."""

    link: OptionalPath = None
    """Put hard links to the picks into this folder; they take no space."""
    symlink: OptionalPath = None
    """Put symbolic links to the picks into this folder."""
    copy: OptionalPath = None
    """Put copies of the picks, and of their sidecars, into this folder."""

    @property
    def asked(self) -> list[tuple[How, Path]]:
        """How, and into which folder."""
        asked: list[tuple[How, Path | None]] = [
            ("hardlink", self.link),
            ("symlink", self.symlink),
            ("copy", self.copy),
        ]
        return [(how, into) for how, into in asked if into is not None]

    def check(self, folder: Path) -> None:
        """Raises OutputError for a place where picks cannot go, or where two ways would meet."""
        places = [into.absolute() for _, into in self.asked]
        if len(set(places)) < len(places):
            raise OutputError("--link, --symlink and --copy need a folder each")
        for place in places:
            check_picks_folder(folder, place)

    def write(self, folder: Path, ranked: Sequence[RankedSeries], *, dry_run: bool, quiet: bool) -> bool:
        """Makes links and copies, or only shows them; whether all could be made."""
        complete = True
        for how, into in self.asked:
            planned = plan_picks(folder, ranked, into, how)
            if dry_run:
                print_picks(planned)
                continue
            with progress("picks", unit="files", quiet=quiet) as on_progress:
                result = write_picks(folder, into, planned, on_progress)
            for target, reason in result.failures:
                note(f"{target}: {reason}")
            if not quiet:
                there = sum(pick.action == "keep" for pick in planned)
                already = f", {there:,} there already" if there else ""
                others = f"; {result.others:,} more lie there that are no picks now" if result.others else ""
                note(f"files into {into}: {len(result.written):,}{already}{others}")
            complete &= not result.failures
        return complete
