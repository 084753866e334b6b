"""`phototriage features`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.cli.features.export import Export
from phototriage.cli.features.extract import Extract
from phototriage.cli.features.inspect import Inspect
from phototriage.cli.features.maintenance import Check, Clear, Compact, Info
from phototriage.features import default_cache_dir

__all__ = ["Command"]


@dataclass(frozen=True)
class _Features:
    """Measure photos ahead of time; inspect and maintain the stored features.

    Examples:

      phototriage features extract ~/Pictures --features lite iqa iqa_plus look
      phototriage features info
      phototriage features inspect ~/Pictures/2026-06 --output distributions.png
      phototriage features inspect --photo ~/Pictures/2026-06/IMG_0412.jpg
      phototriage features export features_cache.parquet --folder ~/Pictures/2026-06
      phototriage features clear --block resnet --yes
    """

    action: (
        Annotated[Extract, tyro.conf.subcommand("extract")]
        | Annotated[Info, tyro.conf.subcommand("info")]
        | Annotated[Check, tyro.conf.subcommand("check")]
        | Annotated[Compact, tyro.conf.subcommand("compact")]
        | Annotated[Export, tyro.conf.subcommand("export")]
        | Annotated[Clear, tyro.conf.subcommand("clear")]
        | Annotated[Inspect, tyro.conf.subcommand("inspect")]
    )
    cache_dir: Path = field(default_factory=default_cache_dir)
    """The feature store."""

    def run(self) -> int:
        return self.action.run(self.cache_dir)


# Allows --cache_dir before or after the action.
Command = Annotated[_Features, tyro.conf.CascadeSubcommandArgs]
