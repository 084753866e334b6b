"""`phototriage review`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

import phototriage
from phototriage.choices import ChoiceStore, default_choices_dir
from phototriage.cli.feature_source import FeatureSource, OptionalPath
from phototriage.cli.progress import note, note_failures, progress
from phototriage.cli.rank import Grouping
from phototriage.cli.ranking_writers import Documents, Marks, Picks, undo_marks
from phototriage.cli.standard_output import shown
from phototriage.errors import LabelError, OptionError
from phototriage.exit_code import ExitCode
from phototriage.extras import require
from phototriage.features import OnProgress
from phototriage.outputs import check_destinations
from phototriage.personal.learned import default_personal_dir
from phototriage.photos import discover
from phototriage.rank import DEFAULT, FaceSearch, Ranking, RankOptions, rank_folder
from phototriage.series import only_decided

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """Decide in the browser, series by series, with one key each.

    Opens a page on which you pick, reject and rate the photos of a folder; it suggests a pick and says why.
    Your decisions are kept at once, outside of the folder, and phototriage rank follows them. Photos never
    change. With --export, your decisions are written for other programs instead.
    """

    folder: Annotated[Path, tyro.conf.Positional]
    """The folder to review, with all its sub-folders."""
    model: OptionalPath = None
    """A ranker: .pt, .safetensors, or a run folder; or `default`. If it is left out, the ranker that
    phototriage learn made yours, if it was better on your own choices, and else the default one."""
    keep: int = 1
    """Number of picks to suggest per series."""
    faces: FaceSearch = "auto"
    """Count closed eyes, blurred faces and smiles. on downloads the networks for it once; auto: where the
    extra faces and the networks are here."""
    teach: bool = False
    """Ask which photo you would keep, blindly, where your answer teaches most; it learns meanwhile, as
    phototriage learn does, and shows whether your own ranker is better yet."""
    no_browser: bool = False
    """Print the address, with a token that works once, instead of opening the browser."""
    host: str = "127.0.0.1"
    """The address to listen on. 0.0.0.0 is for a phone or tablet: it prints what to open there. Whoever reads
    the traffic of your network then sees your photos, and can take over the page."""
    port: int = 0
    """The port; 0 takes any that is free."""
    export: bool = False
    """Open no page: write your decisions, by the options for sidecars, copies, links, documents and
    comparisons."""
    comparisons: OptionalPath = None
    """Write what your decisions say of pairs of photos, for phototriage train: .csv or .parquet."""
    dry_run: bool = False
    """With --export, show what would be written."""
    choices_dir: Path = field(default_factory=default_choices_dir)
    """Where your decisions are kept."""
    personal_dir: Path = field(default_factory=default_personal_dir)
    """Where your own ranker is kept."""
    documents: Documents = field(default_factory=Documents)
    marks: Marks = field(default_factory=Marks)
    picks: Picks = field(default_factory=Picks)
    grouping: Grouping = field(default_factory=Grouping)
    source: FeatureSource = field(default_factory=FeatureSource)

    def run(self) -> int:
        self._check()
        if self.export:
            return self._export()
        require("review")
        from phototriage.web.addresses import is_loopback
        from phototriage.web.measuring import Measuring
        from phototriage.web.server import Address, serve
        from phototriage.web.session import ReviewSession
        from phototriage.web.teaching import Teaching

        if not self.folder.is_dir():
            discover(self.folder)  # says what it is instead, before any browser opens
        if not is_loopback(self.host):
            note(
                f"listening on {self.host}: whoever reads the traffic of your network sees your photos and "
                "can take over the page"
            )
        address = Address(self.host, self.port, browser=not self.no_browser)
        teaching = Teaching(self.personal_dir) if self.teach else None
        with ChoiceStore(self.choices_dir) as store:

            def open_session(on_progress: OnProgress, on_note: Callable[[str], None]) -> ReviewSession:
                ranking = self._ranked(on_progress, on_note)
                ranker = f"{ranking.model} {phototriage.__version__}"
                return ReviewSession(ranking, store, keep=self.keep, ranker=ranker)

            measuring = Measuring(open_session)
            serve(measuring, self.source.cache_dir, address, _say, teaching)
            if teaching and (lines := teaching.end()):
                _say("\n".join(lines))
                note(f"to go on: phototriage review {self.folder} --teach")
        if measuring.failure is not None:
            raise measuring.failure
        return 0

    def _check(self) -> None:
        if not 0 <= self.port < 1 << 16:
            raise OptionError(f"must be 0 to 65535, not {self.port}", "port")
        if self.teach and self.export:
            raise OptionError("opens the page, and export does not: give one of them", "teach")
        if self.teach and self.model is not None:
            raise OptionError("starts from the default ranker: leave out --model", "teach")
        writers = self.marks.xmp or self.picks.asked or self.documents.destinations(self.comparisons)
        if self.export:
            if not writers and not self.marks.undo:
                raise OptionError("needs --xmp, --copy, --link, --csv, --json or --comparisons", "export")
            self.documents.check(self.source.failures, dry_run=self.dry_run, stdout_is_taken=self.dry_run)
            self.marks.check()
            self.picks.check(self.folder)
            check_destinations(self.comparisons)
            if self.comparisons and self.comparisons.suffix.lower() not in (".csv", ".parquet"):
                raise OptionError(f"must be a .csv or .parquet file, not {self.comparisons}", "comparisons")
        elif writers or self.dry_run or self.marks.undo:
            raise OptionError("to write your decisions, add --export")

    def _ranked(
        self, on_progress: OnProgress, on_note: Callable[[str], None], *, decisions: bool = False
    ) -> Ranking:
        options = RankOptions(
            model=DEFAULT if self.teach else self.model,  # what is learned corrects the default
            keep=self.keep,
            decisions=decisions,  # the page follows them as they are made
            choices_dir=self.choices_dir,
            personal_dir=self.personal_dir,
            gap=self.grouping.gap,
            similarity=self.grouping.similarity,
            by_folder=self.grouping.by_folder,
            faces=self.faces,
            features=self.source.features or (),
            extractors=self.source.options,
            cache_dir=self.source.cache_dir,
            workers=self.source.workers,
        )

        def say(text: str) -> None:
            note(text)
            on_note(text)

        with progress("features") as show:

            def show_both(done: int, total: int) -> None:
                show(done, total)
                on_progress(done, total)

            ranking = rank_folder(self.folder, options, on_progress=show_both, on_note=say)
        note_failures(ranking.failures)
        return ranking

    def _export(self) -> int:
        if self.marks.undo:
            return undo_marks(self.folder, dry_run=self.dry_run)
        ranking = self._ranked(lambda done, total: None, lambda text: None, decisions=True)
        self.documents.write(
            ranking,
            dry_run=self.dry_run,
            quiet=False,
            cache_dir=self.source.cache_dir,
            workers=self.source.workers,
        )
        if self.comparisons:
            self._write_comparisons(self.comparisons)
        series = only_decided(ranking.series)
        note(f"series that you decided: {len(series):,} of {len(ranking.series):,}; only these are marked")
        marked = self.marks.write(self.folder, series, dry_run=self.dry_run, quiet=False)
        picked = self.picks.write(self.folder, series, dry_run=self.dry_run, quiet=False)
        return ExitCode.of(left_out=ranking.failures, complete=marked and picked)

    def _write_comparisons(self, destination: Path) -> None:
        from phototriage.labels.decisions import read_decisions  # with pandas, which takes long to load

        decided = read_decisions(self.folder, self.choices_dir)
        if decided is None:
            raise LabelError(f"{self.folder}: you decided nothing that compares two of its photos")
        if self.dry_run:
            note(f"would write {destination}")
            return
        decided.comparisons.write(destination)
        note(f"comparisons written to {destination}: {len(decided.comparisons):,}")


def _say(text: str) -> None:
    with shown():
        print(text, flush=True)
