"""The options for the sources of labels and precomputed numbers; they are the same on every command."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from phototriage.cli.feature_source import FeatureSource, OptionalPath
from phototriage.cli.progress import note
from phototriage.errors import FeatureError, OptionError
from phototriage.experiments.labelled_features import check_covered
from phototriage.features import Features, default_features
from phototriage.features.table import read_feature_table
from phototriage.labels import Labels, read_labels
from phototriage.labels.photo_files import photo_files
from phototriage.outputs.text_file import check_destinations

__all__ = ["LabelSource"]


@dataclass(frozen=True)
class LabelSource:
    """Where preferences come from, and what is known about the photos in them."""

    root: OptionalPath = None
    """A PhotoTriage release folder: pairlists, reviews or vote table, photos."""
    comparisons: OptionalPath = None
    """Your own preferences, instead of --root: CSV or Parquet with photo_a, photo_b and one of preference,
    winner (a or b), or votes_a and votes_b."""
    photos: OptionalPath = None
    """The folder that the photo paths in --comparisons are relative to."""
    feature_table: OptionalPath = None
    """Use these precomputed features instead of photos: CSV or Parquet with series, photo, and one column per
    number."""
    strict: bool = False
    """Stop if a labeled photo has no features or score, instead of continuing without it."""

    def labels(self) -> Labels:
        """Reads the preferences."""
        if (self.root is None) == (self.comparisons is None):
            raise OptionError(
                "give either --root FOLDER (a PhotoTriage release) or --comparisons TABLE (your own)"
            )
        labels = read_labels(self.root or self.comparisons or Path())
        for text in labels.notes:
            note(text)
        return labels

    def read_features(self, labels: Labels, source: FeatureSource, needed: Sequence[str]) -> Features:
        """The features of the labeled photos; `needed` is as in `FeatureSource.measure`.

        Photos without features are reported on standard error; with --strict they are an error.
        """
        features = self._features(labels, source, needed)
        hint = ""
        if self.feature_table is not None and len(features):
            hint = f"; the table names its photos like {features.photos[0]}"
        check_covered(
            labels,
            features.photos,
            features.failures,
            "features",
            strict=self.strict,
            on_note=note,
            hint=hint,
        )
        return features

    def measured(self, source: FeatureSource) -> tuple[str, ...] | None:
        """The features that `read_features` measures for training; None if a table provides them."""
        if self.feature_table is not None:
            return None
        return tuple(source.features or default_features(source.options))

    def absolute(self) -> "LabelSource":
        """The same source with absolute paths."""
        paths = {
            name: path.absolute()
            for name in ("root", "comparisons", "photos", "feature_table")
            if (path := getattr(self, name)) is not None
        }
        return replace(self, **paths)

    def _features(self, labels: Labels, source: FeatureSource, needed: Sequence[str]) -> Features:
        if self.feature_table is not None:
            if source.features:
                note("--features says what to measure; all numbers of --feature_table are used as they are")
            check_destinations(source.failures)
            features = read_feature_table(self.feature_table)
            source.write_failures(features.failures)
            return features
        folder = self.photos or labels.photo_root
        if folder is None:
            raise OptionError(
                "there are labels but no photos: give --photos FOLDER, or ready numbers by --feature_table"
            )
        if not folder.is_dir():
            raise FeatureError(f"the photo folder {folder} does not exist")
        return source.measure(photo_files(folder, labels.comparisons.photos), needed)
