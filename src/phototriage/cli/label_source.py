"""The options that say where labels and ready numbers come from; the same on every command."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from phototriage.cli.feature_source import FeatureSource, OptionalPath
from phototriage.cli.progress import note
from phototriage.errors import FeatureError, LabelError
from phototriage.features import Failure, Features
from phototriage.features.table import read_feature_table
from phototriage.labels import Labels, Split, official_split, read_labels, split_by_series
from phototriage.outputs.text_file import check_destinations

__all__ = ["LabelSource", "split_as"]


@dataclass(frozen=True)
class LabelSource:
    """Where preferences come from, and what is known about the photos in them."""

    root: OptionalPath = None
    """A PhotoTriage release folder: pairlists, reviews or vote table, photos."""
    comparisons: OptionalPath = None
    """Preferences of your own, in place of --root: CSV or Parquet of photo_a, photo_b and one of preference,
    winner (a or b), or votes_a and votes_b."""
    photos: OptionalPath = None
    """The folder that the photos of --comparisons are relative to."""
    feature_table: OptionalPath = None
    """Ready features in place of photos, CSV or Parquet: series, photo, then a column per number."""
    strict: bool = False
    """Stop where a labelled photo has no features or score, instead of going on without it."""

    def labels(self) -> Labels:
        """Reads the preferences."""
        if (self.root is None) == (self.comparisons is None):
            raise LabelError(
                "give either --root FOLDER (a PhotoTriage release) or --comparisons TABLE (your own)"
            )
        labels = read_labels(self.root or self.comparisons or Path())
        for text in labels.notes:
            note(text)
        return labels

    def read_features(self, labels: Labels, source: FeatureSource, needed: Sequence[str]) -> Features:
        """The features of the labelled photos; `needed` is as for `FeatureSource.measure`.

        What has none is said on standard error, or is an error with --strict.
        """
        features = self._features(labels, source, needed)
        self.check_covered(labels, features.photos, features.failures, "features")
        return features

    def check_covered(
        self, labels: Labels, photos: Collection[str], failures: Sequence[Failure], what: str
    ) -> None:
        """Says on standard error how many labelled photos are not among `photos`, or raises with --strict.

        `what` these have: features, or a score. `failures`: why others have none.
        """
        covered = labels.comparisons.between(photos)
        known = set(photos)
        lacking = [photo for photo in labels.comparisons.photos if photo not in known]
        if lacking:
            reasons = {failure.photo: failure.reason for failure in failures}
            reason = f" ({reasons[lacking[0]]})" if lacking[0] in reasons else ""
            text = (
                f"{len(lacking)} of {len(labels.comparisons.photos)} labelled photos have no {what}, "
                f"the first is {lacking[0]}{reason}; "
                f"{len(labels.comparisons) - len(covered)} of {len(labels.comparisons)} pairs are left out"
            )
            if self.feature_table is not None and not len(covered):
                text += f"; the table names its photos like {next(iter(photos))}"
            if self.strict or not len(covered):
                raise FeatureError(text)
            note(text)

    def _features(self, labels: Labels, source: FeatureSource, needed: Sequence[str]) -> Features:
        if self.feature_table is not None:
            if source.features:
                note("--features says what to measure; all numbers of --feature_table are used as they are")
            check_destinations(source.failures)
            features = read_feature_table(self.feature_table)
            source.write_failures(features)
            return features
        folder = self.photos or labels.photo_root
        if folder is None:
            raise FeatureError(
                "there are labels but no photos: give --photos FOLDER, or ready numbers by --feature_table"
            )
        if not folder.is_dir():
            raise FeatureError(f"the photo folder {folder} does not exist")
        return source.measure({photo: folder / photo for photo in labels.comparisons.photos}, needed)


def split_as(how: Literal["random", "official"], labels: Labels, features: Features, seed: int) -> Split:
    """The split that --split asks for, of those of the labels' comparisons whose photos have features."""
    comparisons = labels.comparisons.between(features.photos)
    if how == "official":
        return official_split(
            comparisons, labels.official_test_series, seed, contents=features.content_hash_of
        )
    return split_by_series(comparisons, seed, contents=features.content_hash_of)
