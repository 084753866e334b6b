"""`phototriage rank`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.cli.exit_codes import SOME_FAILED
from phototriage.cli.feature_source import FeatureSource, OptionalInt, OptionalPath
from phototriage.cli.progress import note, note_failures, progress
from phototriage.cli.ranking_writers import Marks, Picks, undo_marks
from phototriage.cli.standard_output import shown
from phototriage.errors import OutputError
from phototriage.features import Block, Failure, Features
from phototriage.outputs import (
    STDOUT,
    check_destinations,
    print_ranking,
    ranking_csv,
    ranking_json,
    write_text,
)
from phototriage.outputs.failures import failures_csv
from phototriage.outputs.summary import ranking_figures
from phototriage.photos import PHOTO_SUFFIXES, discover
from phototriage.ranker import load_embedded_ranker, load_ranker
from phototriage.series import (
    DEFAULT_GAP,
    RankedSeries,
    Series,
    Shot,
    group,
    merge_copies,
    rank_series,
    series_by_folder,
    shots_of,
)

__all__ = ["Command"]


@dataclass(frozen=True)
class Grouping:
    """What belongs together."""

    gap: float = DEFAULT_GAP
    """Seconds within which photos of one series follow each other, by one camera's clock."""
    similarity: Annotated[float | None, tyro.conf.arg(metavar="0…1")] = None
    """How alike photos of one series are at least; by default 0.8, or 0.9 where the ranker uses CLIP."""
    by_folder: bool = False
    """Take every sub-folder for one series, whatever is in it."""

    def __post_init__(self) -> None:
        if not self.gap >= 0:
            raise OutputError(f"--gap must be seconds, 0 or more, not {self.gap:g}")
        if self.similarity is not None and not 0 <= self.similarity <= 1:
            raise OutputError(f"--similarity must lie between 0 and 1, not at {self.similarity:g}")

    def series(self, shots: Sequence[Shot], features: Features) -> list[Series]:
        """The series of the shots that have features."""
        shots = [shot for shot in shots if shot.photo in features]
        hashes, captures = features.content_hashes, features.captures
        if hashes is None or captures is None:
            raise ValueError("features of photos that were measured are needed")
        shots = merge_copies(shots, dict(zip(features.photos, hashes, strict=True)))
        places = features.rows(shot.photo for shot in shots)
        taken = [captures[place] for place in places]
        if self.by_folder:
            return series_by_folder(shots, taken)
        blocks = {block.name: block for block in features.blocks}
        return group(
            shots,
            taken,
            features.select([blocks["look"]])[places],
            gap=self.gap,
            similarity=self.similarity,
            embeddings=features.select([blocks["clip"]])[places] if "clip" in blocks else None,
        )


@dataclass(frozen=True)
class Command:
    """Find the series of a folder, and rank each, best first, with reasons.

    Photos that were taken close in time by one camera and look alike are a series; they are compared with
    one another only. Exposure brackets, focus stacks and panoramas are kept whole. Your photos are never
    changed, moved or deleted; what is written beside them can be seen first with --dry_run, and taken back
    with --undo. Photos are measured once and that is kept, so a second run takes no time.
    """

    folder: Annotated[Path, tyro.conf.Positional]
    """The folder to rank, with all its sub-folders."""
    model: OptionalPath = None
    """A ranker of your own, .pt, .safetensors, or the folder of a run; without it the embedded one, which
    needs no download."""
    keep: int = 1
    """How many photos of a series are picks."""
    top: OptionalInt = None
    """Show only this many photos of each series."""
    quiet: bool = False
    """Show no table, no summary and no progress; photos that could not be used are named still."""
    csv: OptionalPath = None
    """Write the ranking as CSV; - for standard output."""
    json: OptionalPath = None
    """Write the ranking as JSON; - for standard output."""
    html: OptionalPath = None
    """Write a page for the browser: series as filmstrips, picks, reasons, photos side by side at 1:1."""
    dry_run: bool = False
    """Show what would be written, and write nothing but the measured features."""
    grouping: Grouping = field(default_factory=Grouping)
    marks: Marks = field(default_factory=Marks)
    picks: Picks = field(default_factory=Picks)
    source: FeatureSource = field(default_factory=FeatureSource)

    def run(self) -> int:
        if self.marks.undo:
            return undo_marks(self.folder, dry_run=self.dry_run)
        self._check()
        ranker = load_ranker(self.model) if self.model else load_embedded_ranker()
        unreadable: list[Failure] = []
        photos = discover(
            self.folder,
            on_failure=lambda path, reason: unreadable.append(Failure(path, reason)),
            on_note=note,
        )
        shots, features = self._measured(shots_of(self.folder, photos), ranker.blocks, unreadable)
        series = self.grouping.series(shots, features)
        ranked = rank_series(series, features, ranker, keep=self.keep, detail=features)
        if not self.quiet and STDOUT not in self._written:
            with shown():
                print_ranking(ranked, self.top)
        note_failures(features.failures)
        if not self.quiet:
            figures = ", ".join(f"{name} {value}" for name, value in ranking_figures(self.folder, ranked))
            note(f"{figures}; {len(features.failures):,} left out")
        failed = self._write(ranked, features)
        return SOME_FAILED if failed or features.failures else 0

    def _measured(
        self, shots: list[Shot], blocks: Sequence[Block], known: Sequence[Failure]
    ) -> tuple[list[Shot], Features]:
        """Measures each shot's photo, or the next of its files where that one cannot be used."""
        names = [*(block.name for block in blocks), *(self.source.features or ()), "look", "iqa_plus"]
        listed = None if self.dry_run else self.source.failures

        def measured(shots: list[Shot], failures: Path | None) -> Features:
            photos = {shot.photo: self.folder / shot.photo for shot in shots}
            source = replace(self.source, features=None, failures=failures)
            return source.measure(photos, list(dict.fromkeys(names)), blocks, quiet=self.quiet, known=known)

        features = measured(shots, listed)
        again = [
            shot
            if shot.photo in features or len(shot.files) == 1
            else Shot(shot.files[1], (*shot.files[1:], shot.photo))
            for shot in shots
        ]
        if again == shots:
            return shots, features
        more = measured(again, None)
        failures = tuple(dict.fromkeys((*features.failures, *more.failures)))
        if listed and listed != STDOUT:
            write_text(failures_csv(failures), listed)
        return again, replace(more, failures=failures)

    @property
    def _written(self) -> list[Path]:
        return [path for path in (self.csv, self.json, self.html, self.source.failures) if path]

    def _check(self) -> None:
        """Refuses what cannot work before hours of measuring, not after."""
        for name, value in (("--top", self.top), ("--keep", self.keep)):
            if value is not None and value < 1:
                raise OutputError(f"{name} must be at least 1, not {value}")
        if self.html == STDOUT:
            raise OutputError("--html needs a file, since the page finds the photos by where it lies")
        if len(set(self._written)) < len(self._written):
            raise OutputError("--csv, --json, --html and --failures need a place each")
        for path in self._written:
            # A slip of the hand must not cost a photo.
            if {path.suffix.lower(), path.resolve().suffix.lower()} & {*PHOTO_SUFFIXES, ".xmp"}:
                raise OutputError(
                    f"{path} has the name of a photo or a sidecar: choose another for the result"
                )
        if self.dry_run and STDOUT in self._written and (self.marks.xmp or self.picks.asked):
            raise OutputError(
                "--dry_run shows marks and picks on standard output: write the result to a file"
            )
        if not self.dry_run:
            check_destinations(*self._written)
        self.marks.check()
        self.picks.check(self.folder)

    def _write(self, ranked: Sequence[RankedSeries], features: Features) -> bool:
        """Writes, or with --dry_run shows, all that was asked for; whether some of it failed."""
        if self.dry_run:
            for path in self._written:
                if path != STDOUT:
                    note(f"would write {path}")
        if self.csv and self._is_due(self.csv):
            write_text(ranking_csv(ranked), self.csv)
        if self.json and self._is_due(self.json):
            model = str(self.model or "embedded")
            write_text(ranking_json(self.folder, model, ranked, features.failures), self.json)
        if self.html and self._is_due(self.html):
            self._write_page(self.html, ranked, features)
            if not self.quiet:
                note(f"{self.html}: open it in a browser")
        # Picks last, so that copies take the new marks along.
        how = {"dry_run": self.dry_run, "quiet": self.quiet}
        marked = self.marks.write(self.folder, ranked, **how)
        picked = self.picks.write(self.folder, ranked, **how)
        return not (marked and picked)

    def _is_due(self, path: Path) -> bool:
        """Standard output is shown also by a dry run."""
        return path == STDOUT or not self.dry_run

    def _write_page(self, page: Path, ranked: Sequence[RankedSeries], features: Features) -> None:
        from phototriage.outputs.report import report_html

        with progress("thumbnails", quiet=self.quiet) as on_progress:
            report_html(
                self.folder,
                ranked,
                features.failures,
                page,
                on_progress,
                workers=self.source.workers,
                cache_dir=self.source.cache_dir,
                content_hashes=features.content_hash_of,
            )
