"""`phototriage features inspect`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.cli.feature_source import OptionalPath
from phototriage.cli.features.blocks import Blocks
from phototriage.cli.progress import note
from phototriage.errors import FeatureError, OptionError
from phototriage.exit_code import ExitCode
from phototriage.extras import require
from phototriage.features import FeatureStore
from phototriage.features.cache.neighbours import stored_neighbours
from phototriage.features.inspection import Inspection
from phototriage.features.selection import select_photos, select_stores
from phototriage.outputs.features.tables import print_inspection, print_neighbours

__all__ = ["Inspect"]


@dataclass(frozen=True)
class Inspect:
    """Show statistics of the stored numbers, for example when a model does not learn.

    For each block: mean, spread, range, saturation (many photos at the smallest or largest value, which
    causes ties), zeros, NaN and infinities, constant and duplicate columns, vector lengths, and the
    similarity of pairs of photos.
    """

    folder: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="[FOLDER]")] = None
    """Use only the photos in this folder and its sub-folders. The default is the whole store."""
    block: Blocks = ()
    """Use only these blocks, by the names that `info` shows, their layers or the names of their folders."""
    output: OptionalPath = None
    """Draw the distributions to this PNG file."""
    photo: OptionalPath = None
    """Show the nearest neighbors of this photo, by the cosine of their numbers."""
    neighbours: int = 5
    """Number of nearest neighbors to show for --photo."""

    def run(self, cache_dir: Path) -> int:
        if self.neighbours < 1:
            raise OptionError(f"--neighbours must be at least 1, not {self.neighbours}")
        if self.output:
            require("train")
        stores = select_stores(cache_dir, self.block, note)
        known = select_photos(cache_dir, self.folder, note)
        chosen: list[tuple[FeatureStore, list[str]]] = []
        for store in stores:
            asked = set(known.values()) if self.folder else store.content_hashes
            hashes = sorted(asked & store.content_hashes)
            if hashes:
                chosen.append((store, hashes))
        if not chosen:
            raise FeatureError(f"no photo in {self.folder} was measured yet")
        if self.photo:
            print_neighbours(stored_neighbours(self.photo, chosen, known, self.neighbours))
            if not self.output:
                return ExitCode.DONE
        inspections = [Inspection(store.block, store.vectors(hashes)) for store, hashes in chosen]
        if not self.photo:
            for inspection in inspections:
                print_inspection(inspection)
        if self.output:
            # Imported here so that tables do not wait for matplotlib.
            from phototriage.outputs.features.distributions import distribution_chart

            distribution_chart(inspections, self.output)
            note(f"drew {self.output}")
        return ExitCode.DONE
