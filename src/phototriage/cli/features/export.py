"""`phototriage features export`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.cli.feature_source import OptionalPath
from phototriage.cli.features.blocks import Blocks
from phototriage.cli.progress import note
from phototriage.outputs.features.export import export_features

__all__ = ["Export"]


@dataclass(frozen=True)
class Export:
    """Write stored features as one table: series, photo, then a column per number.

    It has every photo that was read before and has numbers in all chosen blocks. --feature_table of the
    other commands reads it again. A name that an earlier block has too is led by that of its block, as in
    look_brightness.
    """

    output: Annotated[Path, tyro.conf.Positional]
    """The table to write, .csv or .parquet."""
    folder: OptionalPath = None
    """Only the photos in this folder, by their paths relative to it; a series is a sub-folder. Without it all
    photos, by absolute paths."""
    block: Blocks = ()
    """Only these blocks, by the names that `info` shows or by the names of their folders."""

    def run(self, cache_dir: Path) -> int:
        photos, blocks = export_features(self.output, cache_dir, self.folder, self.block, note)
        note(f"wrote {photos:,} photos with {', '.join(blocks)} to {self.output}")
        return 0
