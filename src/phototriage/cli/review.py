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
from phototriage.errors import OptionError
from phototriage.extras import require
from phototriage.features import OnProgress
from phototriage.rank import RankOptions, rank_folder

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """Decide in the browser, series by series, with one key each."""

    folder: Annotated[Path, tyro.conf.Positional]
    """The folder to review, with all its sub-folders."""
    model: OptionalPath = None
    """Your own ranker: .pt, .safetensors, or a run folder."""
    keep: int = 1
    """Number of picks to suggest per series."""
    no_browser: bool = False
    """Print the address with its token instead of opening the browser."""
    host: str = "127.0.0.1"
    """The address to listen on. Any other than 127.0.0.1 lets other machines in that know the token."""
    port: int = 0
    """The port; 0 takes any that is free."""
    choices_dir: Path = field(default_factory=default_choices_dir)
    """Where your decisions are kept."""
    grouping: Grouping = field(default_factory=Grouping)
    source: FeatureSource = field(default_factory=FeatureSource)

    def run(self) -> int:
        require("review")
        from phototriage.web.measuring import Measuring
        from phototriage.web.server import Address, serve
        from phototriage.web.session import ReviewSession

        options = self._options()
        store = ChoiceStore(self.choices_dir)

        def open_session(on_progress: OnProgress, on_note: Callable[[str], None]) -> ReviewSession:
            with progress("features") as show:

                def both(done: int, total: int) -> None:
                    show(done, total)
                    on_progress(done, total)

                def say(text: str) -> None:
                    note(text)
                    on_note(text)

                ranking = rank_folder(self.folder, options, on_progress=both, on_note=say)
            note_failures(ranking.failures)
            return ReviewSession(
                ranking, store, keep=self.keep, ranker=f"{ranking.model} {phototriage.__version__}"
            )

        address = Address(self.host, self.port, browser=not self.no_browser)
        with store:
            serve(Measuring(open_session), self.source.cache_dir, address, print)
        return 0

    def _options(self) -> RankOptions:
        if not 0 <= self.port < 1 << 16:
            raise OptionError(f"must be 0 to 65535, not {self.port}", "port")
        return RankOptions(
            model=self.model,
            keep=self.keep,
            gap=self.grouping.gap,
            similarity=self.grouping.similarity,
            by_folder=self.grouping.by_folder,
            extractors=self.source.options,
            cache_dir=self.source.cache_dir,
            workers=self.source.workers,
        )
