"""`phototriage rank`."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from phototriage.choices import default_choices_dir
from phototriage.cli.feature_source import FeatureSource, OptionalInt, OptionalPath
from phototriage.cli.progress import note, note_failures, progress
from phototriage.cli.ranking_writers import Documents, Marks, Picks, undo_marks
from phototriage.cli.standard_output import shown
from phototriage.errors import NoUsablePhotoError, OptionError, OutputError
from phototriage.exit_code import ExitCode
from phototriage.features import Failure
from phototriage.outputs import STDOUT, print_ranking
from phototriage.personal.learned import default_personal_dir
from phototriage.rank import FaceSearch, Ranking, RankOptions, rank_folder
from phototriage.series import DEFAULT_GAP

__all__ = ["Command"]


@dataclass(frozen=True)
class Grouping:
    """How photos are grouped into series."""

    gap: float = DEFAULT_GAP
    """Largest time between consecutive photos of a series, in seconds by one camera's clock."""
    similarity: Annotated[float | None, tyro.conf.arg(metavar="0…1")] = None
    """Smallest similarity of photos in a series; by default 0.8, or 0.9 if the ranker uses CLIP."""
    by_folder: bool = False
    """Treat every sub-folder as one series, whatever it contains."""

    def __post_init__(self) -> None:
        RankOptions(gap=self.gap, similarity=self.similarity)


@dataclass(frozen=True)
class Command:
    """Find the series in a folder and rank each one, best first, with reasons.

    Photos of a series come from one camera, are close in time, and look alike. They are compared only with
    one another. Exposure brackets, focus stacks and panoramas are kept whole. phototriage never changes,
    moves or deletes your photos. --dry_run shows the files that it would write next to them, and --undo
    reverts them. Each photo is measured only once, so a second run takes almost no time.
    """

    folder: Annotated[Path, tyro.conf.Positional]
    """The folder to rank, with all its sub-folders."""
    model: OptionalPath = None
    """A ranker: .pt, .safetensors, or a run folder; or `default`. If it is left out, the ranker that
    phototriage learn made yours, if it was better on your own choices, and else the default one."""
    keep: int = 1
    """Number of picks per series."""
    top: OptionalInt = None
    """Number of photos to show per series."""
    faces: FaceSearch = "auto"
    """Count closed eyes, blurred faces and smiles. on downloads the networks for it once; auto: where the
    extra faces and the networks are here."""
    quiet: bool = False
    """Show no table, no summary and no progress; unusable photos are still named."""
    decisions: Literal["on", "off"] = "on"
    """Follow what you decided in phototriage review; off gives the bare ranking."""
    choices_dir: Path = field(default_factory=default_choices_dir)
    """Where your decisions are kept."""
    personal_dir: Path = field(default_factory=default_personal_dir)
    """Where your own ranker is kept."""
    dry_run: bool = False
    """Show what would be written; write only the measured features."""
    documents: Documents = field(default_factory=Documents)
    grouping: Grouping = field(default_factory=Grouping)
    marks: Marks = field(default_factory=Marks)
    picks: Picks = field(default_factory=Picks)
    source: FeatureSource = field(default_factory=FeatureSource)

    def run(self) -> int:
        if self.marks.undo:
            return undo_marks(self.folder, dry_run=self.dry_run)
        with _rare_collections():
            return self._rank_and_write()

    def _rank_and_write(self) -> int:
        options = self._checked()
        try:
            with progress("features", quiet=self.quiet) as on_progress:
                ranking = rank_folder(self.folder, options, on_progress=on_progress, on_note=note)
        except NoUsablePhotoError as error:
            self._report_failures(error.failures)
            raise
        written = _Written()
        if not self.quiet and STDOUT not in self.documents.destinations(self.source.failures):
            with written.attempt(), shown():
                print_ranking(ranking.series, self.top)
        with written.attempt():
            self._report_failures(ranking.failures)
        if not self.quiet:
            figures = ", ".join(f"{name} {value}" for name, value in ranking.figures.named().items())
            note(f"{figures}; {len(ranking.failures):,} left out; ranked by {ranking.ranker_name}")
        self._write(ranking, written)
        return ExitCode.of(left_out=ranking.failures, complete=written.complete)

    def _checked(self) -> RankOptions:
        """Rejects invalid options before hours of measuring, not after."""
        if self.top is not None and self.top < 1:
            raise OptionError(f"--top must be at least 1, not {self.top}")
        options = RankOptions(
            model=self.model,
            keep=self.keep,
            gap=self.grouping.gap,
            similarity=self.grouping.similarity,
            by_folder=self.grouping.by_folder,
            faces=self.faces,
            features=self.source.features or (),
            decisions=self.decisions == "on",
            choices_dir=self.choices_dir,
            personal_dir=self.personal_dir,
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
        """Names the unusable photos, and writes them if --failures is given."""
        if self.dry_run and self.source.failures not in (None, STDOUT):
            note(f"would write {self.source.failures}")
        else:
            self.source.write_failures(failures)
        note_failures(failures)

    def _write(self, ranking: Ranking, written: "_Written") -> None:
        """Writes the requested results, or shows them with --dry_run."""
        with written.attempt():
            self.documents.write(
                ranking,
                dry_run=self.dry_run,
                quiet=self.quiet,
                cache_dir=self.source.cache_dir,
                workers=self.source.workers,
            )
        # Picks come last, so that copies include the new marks.
        how = {"dry_run": self.dry_run, "quiet": self.quiet}
        with written.attempt():
            written.complete &= self.marks.write(self.folder, ranking.series, **how)
        with written.attempt():
            written.complete &= self.picks.write(self.folder, ranking.series, **how)
        with written.attempt():
            code = ExitCode.of(left_out=ranking.failures, complete=written.complete)
            self.documents.write_json(ranking, code, dry_run=self.dry_run)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Looks for cycles rarely: millions of objects are made and stay, and going through them takes time."""
    usual = gc.get_threshold()
    gc.set_threshold(1_000_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class _Written:
    """Names what cannot be written, and lets the rest go on. `complete`: whether all was written so far."""

    def __init__(self) -> None:
        self.complete = True

    @contextmanager
    def attempt(self) -> Iterator[None]:
        try:
            yield
        except OutputError as error:
            note(str(error))
            self.complete = False
