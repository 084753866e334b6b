"""`phototriage rank`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.cli.feature_source import FeatureSource, OptionalInt, OptionalPath
from phototriage.cli.progress import note, note_failures, progress
from phototriage.cli.ranking_writers import Documents, Marks, Picks, undo_marks
from phototriage.cli.standard_output import SOME_FAILED, shown
from phototriage.errors import NoUsablePhotoError, OptionError
from phototriage.features import Failure
from phototriage.outputs import STDOUT, print_ranking
from phototriage.rank import Ranking, RankOptions, rank_folder
from phototriage.series import DEFAULT_GAP

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
        RankOptions(gap=self.gap, similarity=self.similarity)


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
    """A ranker of your own, .pt, .safetensors, or the folder of a run; without it the default one, which
    needs no download."""
    keep: int = 1
    """How many photos of a series are picks."""
    top: OptionalInt = None
    """Show only this many photos of each series."""
    quiet: bool = False
    """Show no table, no summary and no progress; photos that could not be used are named still."""
    dry_run: bool = False
    """Show what would be written, and write nothing but the measured features."""
    documents: Documents = field(default_factory=Documents)
    grouping: Grouping = field(default_factory=Grouping)
    marks: Marks = field(default_factory=Marks)
    picks: Picks = field(default_factory=Picks)
    source: FeatureSource = field(default_factory=FeatureSource)

    def run(self) -> int:
        if self.marks.undo:
            return undo_marks(self.folder, dry_run=self.dry_run)
        options = self._checked()
        try:
            with progress("features", quiet=self.quiet) as on_progress:
                ranking = rank_folder(self.folder, options, on_progress=on_progress, on_note=note)
        except NoUsablePhotoError as error:
            self._report_failures(error.failures)
            raise
        if not self.quiet and STDOUT not in self.documents.destinations(self.source.failures):
            with shown():
                print_ranking(ranking.series, self.top)
        self._report_failures(ranking.failures)
        if not self.quiet:
            figures = ", ".join(f"{name} {value}" for name, value in ranking.figures.named().items())
            note(f"{figures}; {len(ranking.failures):,} left out")
        complete = self._write(ranking)
        return 0 if complete and not ranking.failures else SOME_FAILED

    def _checked(self) -> RankOptions:
        """Refuses what cannot work before hours of measuring, not after."""
        if self.top is not None and self.top < 1:
            raise OptionError(f"--top must be at least 1, not {self.top}")
        options = RankOptions(
            model=self.model,
            keep=self.keep,
            gap=self.grouping.gap,
            similarity=self.grouping.similarity,
            by_folder=self.grouping.by_folder,
            features=self.source.features or (),
            extractors=self.source.options,
            cache_dir=self.source.cache_dir,
            workers=self.source.workers,
        )
        marks_are_shown = bool(self.marks.xmp or self.picks.asked)
        self.documents.check(
            self.source.failures, dry_run=self.dry_run, stdout_is_taken=self.dry_run and marks_are_shown
        )
        self.marks.check()
        self.picks.check(self.folder)
        return options

    def _report_failures(self, failures: Sequence[Failure]) -> None:
        """Names what could not be used, and writes it where --failures asks for that."""
        if self.dry_run and self.source.failures not in (None, STDOUT):
            note(f"would write {self.source.failures}")
        else:
            self.source.write_failures(failures)
        note_failures(failures)

    def _write(self, ranking: Ranking) -> bool:
        """Writes, or with --dry_run shows, all that was asked for; whether all of it could be written."""
        self.documents.write(
            ranking,
            dry_run=self.dry_run,
            quiet=self.quiet,
            cache_dir=self.source.cache_dir,
            workers=self.source.workers,
        )
        # Picks last, so that copies take the new marks along.
        how = {"dry_run": self.dry_run, "quiet": self.quiet}
        marked = self.marks.write(self.folder, ranking.series, **how)
        picked = self.picks.write(self.folder, ranking.series, **how)
        return marked and picked
