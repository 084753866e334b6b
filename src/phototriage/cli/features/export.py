"""`phototriage features export`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.cli.feature_source import OptionalPath
from phototriage.cli.features.blocks import Blocks
from phototriage.cli.progress import note
from phototriage.exit_code import ExitCode
from phototriage.outputs.features.export import export_features

__all__ = ["Export"]


@dataclass(frozen=True)
class Export:
    """Write stored features as one table: series, photo, then one column per number.

    The table contains every known photo that has numbers in all chosen blocks. --feature_table of the other
    commands reads it. If two blocks have a column of the same name, the later one gets the name of its block
    as a prefix, as in look_brightness.
    """

    output: Annotated[Path, tyro.conf.Positional]
    """The table to write, .csv or .parquet."""
    folder: OptionalPath = None
    """Export only the photos in this folder, with paths relative to it; each sub-folder is a series. Without
    it, export all photos, with absolute paths."""
    block: Blocks = ()
    """Use only these blocks, by the names that `info` shows, their layers or the names of their folders."""

    def run(self, cache_dir: Path) -> int:
        photos, blocks = export_features(self.output, cache_dir, self.folder, self.block, note)
        note(f"wrote {photos:,} photos with {', '.join(blocks)} to {self.output}")
        return ExitCode.DONE
