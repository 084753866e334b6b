"""The options that write a ranking for other programs, next to the photos or elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from phototriage.cli.feature_source import OptionalPath
from phototriage.cli.progress import note, progress
from phototriage.errors import OptionError, OutputError
from phototriage.exit_code import ExitCode
from phototriage.outputs import STDOUT, check_destinations, write_text
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
from phototriage.photos import PHOTO_SUFFIXES
from phototriage.rank import Ranking
from phototriage.series import RankedSeries

__all__ = ["Documents", "Marks", "Picks", "undo_marks"]


@dataclass(frozen=True)
class Documents:
    """The ranking as a document."""

    csv: OptionalPath = None
    """Write the ranking as CSV; - for standard output."""
    json: OptionalPath = None
    """Write the ranking as JSON; - for standard output."""
    html: OptionalPath = None
    """Write a page for the browser, with series as filmstrips, picks, reasons, and 1:1 comparison."""

    def destinations(self, *others: Path | None) -> list[Path]:
        """The destinations of all documents, and `others`."""
        asked = [getattr(self, each.name) for each in fields(self)]
        return [path for path in (*asked, *others) if path]

    def check(self, failures: Path | None, *, dry_run: bool, stdout_is_taken: bool) -> None:
        """Raises OptionError or OutputError for invalid destinations; notes what a dry run leaves out."""
        places = self.destinations(failures)
        if self.html == STDOUT:
            raise OptionError("--html needs a file, since the page finds the photos by where it lies")
        if len(set(places)) < len(places):
            names = ", ".join(f"--{each.name}" for each in fields(self))
            raise OptionError(f"{names} and --failures need a place each")
        for path in places:
            # A typing mistake must not destroy a photo.
            if {path.suffix.lower(), path.resolve().suffix.lower()} & {*PHOTO_SUFFIXES, ".xmp"}:
                raise OptionError(
                    f"{path} has the name of a photo or a sidecar: choose another for the result"
                )
        if stdout_is_taken and STDOUT in places:
            raise OptionError(
                "--dry_run shows marks and picks on standard output: write the result to a file"
            )
        if not dry_run:
            check_destinations(*places)

    def write(
        self, ranking: Ranking, *, dry_run: bool, quiet: bool, cache_dir: Path, workers: int | None
    ) -> None:
        """Writes the CSV and the page; a dry run writes only to standard output and names the files."""
        if dry_run:
            for file in self.destinations():
                if file != STDOUT:
                    note(f"would write {file}")
        if self.csv and (self.csv == STDOUT or not dry_run):
            write_text(ranking.to_csv(), self.csv)
        if self.html and not dry_run:
            from phototriage.outputs.report import report_html

            with progress("thumbnails", quiet=quiet) as on_progress:
                report_html(
                    ranking.folder,
                    ranking.series,
                    ranking.failures,
                    self.html,
                    on_progress,
                    workers=workers,
                    cache_dir=cache_dir,
                    content_hashes=ranking.features.content_hash_of,
                    ranker=ranking.ranker_name,
                )
            if not quiet:
                note(f"{self.html}: open it in a browser")

    def write_json(self, ranking: Ranking, exit_code: ExitCode, *, dry_run: bool) -> None:
        """Writes the JSON, which tells how the run ended and so comes after everything else."""
        if self.json and (self.json == STDOUT or not dry_run):
            write_text(ranking.to_json(exit_code), self.json)


@dataclass(frozen=True)
class Marks:
    """Sidecars."""

    xmp: tuple[Scheme, ...] | None = None
    """Mark the picks in XMP sidecars: pick (flags), stars (ratings), labels (colors). Existing sidecars keep
    everything else."""
    xmp_name: SidecarName = "adobe"
    """Names of new sidecars: adobe IMG_1.xmp, darktable IMG_1.CR2.xmp (also for digiKam)."""
    pick_rating: int = 5
    """Stars of a pick; photos too close to call get one less."""
    mark_rejects: bool = False
    """Also mark the photos that were not chosen as rejected."""
    overwrite_ratings: bool = False
    """Also overwrite ratings, flags and labels that you gave yourself."""
    undo: bool = False
    """Revert the sidecars of the last run in this folder, and do nothing else."""

    def _options(self) -> SidecarOptions:
        try:
            return SidecarOptions(
                self.xmp or (), self.xmp_name, self.pick_rating, self.mark_rejects, self.overwrite_ratings
            )
        except OutputError as error:
            raise OptionError(str(error)) from error

    def check(self) -> None:
        """Raises OptionError for options that are invalid or would do nothing."""
        if self.xmp:
            self._options()
        elif self.xmp is not None:
            note("--xmp names no marks (pick, stars, labels): no sidecar is written")
        elif self.mark_rejects or self.overwrite_ratings:
            raise OptionError("--mark_rejects and --overwrite_ratings need --xmp pick, stars or labels")

    def write(self, folder: Path, ranked: Sequence[RankedSeries], *, dry_run: bool, quiet: bool) -> bool:
        """Writes the sidecars, or only shows them; returns whether all could be written."""
        if not self.xmp:
            return True
        changes = plan_sidecars(folder, ranked, self._options(), note)
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
    """Reverts the last run's sidecars, or only says what it would do; returns the exit code."""
    with progress("sidecars", unit="files") as on_progress:
        undone = undo_sidecars(folder, on_progress, dry_run=dry_run, on_note=note)
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
    return ExitCode.of(complete=not undone.failures)


@dataclass(frozen=True)
class Picks:
    """Links and copies of the picks."""

    link: OptionalPath = None
    """Put hard links to the picks into this folder; they take no space."""
    symlink: OptionalPath = None
    """Put symbolic links to the picks into this folder."""
    copy: OptionalPath = None
    """Put copies of the picks, with their sidecars, live-photo videos and sounds, into this folder."""

    @property
    def asked(self) -> list[tuple[How, Path]]:
        """The requested method and folder."""
        asked: list[tuple[How, Path | None]] = [
            ("hardlink", self.link),
            ("symlink", self.symlink),
            ("copy", self.copy),
        ]
        return [(how, into) for how, into in asked if into is not None]

    def check(self, folder: Path) -> None:
        """Raises OutputError for an invalid folder, OptionError if two methods share a folder."""
        places = [into.absolute() for _, into in self.asked]
        if len(set(places)) < len(places):
            raise OptionError("--link, --symlink and --copy need a folder each")
        for place in places:
            check_picks_folder(folder, place)

    def write(self, folder: Path, ranked: Sequence[RankedSeries], *, dry_run: bool, quiet: bool) -> bool:
        """Creates links and copies, or only shows them; returns whether all could be created."""
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
                others = f"; {result.others:,} more there are not picks now" if result.others else ""
                note(f"files into {into}: {len(result.written):,}{already}{others}")
            complete &= not result.failures
        return complete
