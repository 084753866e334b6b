"""`phototriage rank`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.cli.feature_source import FeatureSource, OptionalInt, OptionalPath
from phototriage.cli.progress import note
from phototriage.errors import OutputError
from phototriage.outputs import STDOUT, print_ranking, ranking_csv, ranking_json, write_text
from phototriage.photos import discover
from phototriage.ranker import load_embedded_ranker, load_ranker
from phototriage.series import rank_series, series_by_folder

__all__ = ["Command"]

_SOME_FAILED = 3


@dataclass(frozen=True)
class Command:
    """Rank the photos of a folder, series by series, best first.

    Every sub-folder that holds photos is a series; photos are compared within their series only. Nothing in
    the folder is changed. Features are measured once and kept, so a second run takes no time.
    """

    folder: Annotated[Path, tyro.conf.Positional]
    """The folder to rank, with all its sub-folders."""
    model: OptionalPath = None
    """A ranker of your own, .pt or .safetensors; without it the embedded one, which needs no download."""
    top: OptionalInt = None
    """Show only this many photos of each series."""
    csv: OptionalPath = None
    """Write the ranking as CSV; - for standard output."""
    json: OptionalPath = None
    """Write the ranking as JSON; - for standard output."""
    source: FeatureSource = field(default_factory=FeatureSource)

    def run(self) -> int:
        if self.top is not None and self.top < 1:
            raise OutputError(f"--top must be at least 1, not {self.top}")
        written = (self.csv, self.json, self.source.failures)
        if written.count(STDOUT) > 1:
            raise OutputError("only one of --csv, --json and --failures can go to standard output")
        ranker = load_ranker(self.model) if self.model else load_embedded_ranker()
        needed = [block.name for block in ranker.blocks]
        series = series_by_folder(self.folder, discover(self.folder))
        features = self.source.measure(
            {photo: self.folder / photo for photos in series.values() for photo in photos},
            needed,
            ranker.blocks,
        )
        ranked = rank_series(series, features, ranker)
        if STDOUT not in written:
            print_ranking(ranked, self.top)
        if self.csv:
            write_text(ranking_csv(ranked), self.csv)
        if self.json:
            model = str(self.model or "embedded")
            write_text(ranking_json(self.folder, model, ranked, features.failures), self.json)
        for failure in features.failures:
            note(f"left out: {failure.photo}: {failure.reason}")
        return _SOME_FAILED if features.failures else 0
