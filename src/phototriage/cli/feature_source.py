"""The options that define how photos become numbers; they are the same on every command."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.cli.progress import note, note_failures, progress
from phototriage.errors import NoUsablePhotoError, OptionError
from phototriage.features import (
    EXTRACTORS,
    ExtractorOptions,
    Failure,
    Features,
    MultiFeatureExtractor,
    default_cache_dir,
    options_for,
)
from phototriage.outputs.failures import failures_csv
from phototriage.outputs.text_file import check_destinations, write_text
from phototriage.ranker.trained import TrainedRanker

__all__ = ["FeatureSource", "OptionalInt", "OptionalPath"]

OptionalPath = Annotated[Path | None, tyro.conf.arg(metavar="PATH")]
OptionalInt = Annotated[int | None, tyro.conf.arg(metavar="INT")]


def _features_hint(default: str) -> str:
    # A function, so that the help lists the extractors registered at that moment.
    known = "; ".join(f"{name}: {spec.summary}" for name, spec in EXTRACTORS.items())
    return f"({known}; default: {default})"


@dataclass(frozen=True)
class FeatureSource:
    """How photos become numbers."""

    features: Annotated[
        tuple[str, ...] | None, tyro.conf.arg(metavar="NAME ...", help_behavior_hint=_features_hint)
    ] = None
    """Features to measure. By default those that the ranker needs; for training clip, resnet and iqa."""
    cache_dir: Path = field(default_factory=default_cache_dir)
    """The feature store."""
    workers: OptionalInt = None
    """Number of processes that decode photos; by default one per core."""
    failures: OptionalPath = None
    """Write the unusable photos, with the reasons, as CSV; - for standard output."""
    options: ExtractorOptions = field(default_factory=ExtractorOptions)

    def measure(self, photos: dict[str, Path], needed: Sequence[str]) -> Features:
        """The features of the photos (key → file), with progress and notes on standard error.

        `needed`: the features to measure if --features is not given.
        """
        if self.workers is not None and self.workers < 1:
            raise OptionError(f"must be at least 1, not {self.workers}", "workers")
        check_destinations(self.failures)
        if self.options.backbone and self.features and "backbone" not in self.features:
            note("--backbone is not used: --features does not name backbone")
        extractor = MultiFeatureExtractor(self.features or needed, self.options, self.cache_dir)
        with progress("features") as on_progress:
            features = extractor(photos, workers=self.workers, on_progress=on_progress, on_note=note)
        self.write_failures(features.failures)
        if photos and not len(features):
            note_failures(features.failures)
            raise NoUsablePhotoError(features.failures, len(photos))
        return features

    def for_rankers(self, rankers: Sequence[TrainedRanker]) -> "FeatureSource":
        """The same source, measuring as the rankers say that their features were measured."""
        blocks = [block for ranker in rankers for block in ranker.blocks]
        return replace(self, options=options_for(blocks, self.options))

    def write_failures(self, failures: Sequence[Failure]) -> None:
        """Writes the photos without features, if --failures is given."""
        if self.failures:
            write_text(failures_csv(failures), self.failures)
