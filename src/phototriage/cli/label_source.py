"""The options for the sources of labels and precomputed numbers; they are the same on every command."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from phototriage.clear_pairs import MIN_AGREEMENT, MIN_REVIEWERS
from phototriage.cli.feature_source import FeatureSource, OptionalPath
from phototriage.cli.progress import note
from phototriage.errors import FeatureError, OptionError
from phototriage.experiments.labelled_features import check_covered
from phototriage.experiments.subsets import narrowed
from phototriage.features import Features
from phototriage.features.table import read_feature_table
from phototriage.labels import Labels, read_labels
from phototriage.labels.release import find_release
from phototriage.outputs.text_file import check_destinations

__all__ = ["ROOT_VARIABLE", "LabelSource"]

ROOT_VARIABLE = "PHOTOTRIAGE_ROOT"
_ROOTS = (Path("PhotoTriage"), Path("data/phototriage"))
"""Where a release is looked for if nothing names one."""


@dataclass(frozen=True)
class LabelSource:
    """Where preferences come from, and what is known about the photos in them."""

    root: OptionalPath = None
    """A PhotoTriage release folder: pairlists, reviews or vote table, photos; or FGAesthetics' Natural. By
    default the one that $PHOTOTRIAGE_ROOT names, else PhotoTriage or data/phototriage."""
    comparisons: OptionalPath = None
    """Your own preferences, instead of --root: CSV or Parquet with photo_a, photo_b and one of preference,
    winner (a or b), or votes_a and votes_b."""
    photos: OptionalPath = None
    """The folder that the photo paths in --comparisons are relative to."""
    feature_table: OptionalPath = None
    """Use these precomputed features instead of photos: CSV or Parquet with series, photo, and one column per
    number; or .npz with photos and features. --features narrows it to some of its parts or columns."""
    strict: bool = False
    """Stop if a labeled photo has no features or score, instead of continuing without it."""

    def labels(self, min_agreement: float = MIN_AGREEMENT, min_reviewers: int = MIN_REVIEWERS) -> Labels:
        """Reads the preferences; the arguments are the filter that its steps report on."""
        if self.root is not None and self.comparisons is not None:
            raise OptionError(
                "give either --root FOLDER (a PhotoTriage release) or --comparisons TABLE (your own)"
            )
        path = self.root or self.comparisons
        if path is None:
            path = _default_root()
            note(f"the labels are those of {path}")
        labels = read_labels(path, min_agreement=min_agreement, min_reviewers=min_reviewers)
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

    def measured(self, source: FeatureSource, needed: Sequence[str]) -> tuple[str, ...] | None:
        """The features that `read_features` gives for training; None for all those of a table."""
        if self.feature_table is not None:
            return source.features or None
        return tuple(source.features or needed)

    def absolute(self) -> "LabelSource":
        """The same source with absolute paths, and with the root that is used if none is given."""
        given = self if self.root or self.comparisons else replace(self, root=_default_root())
        paths = {
            name: path.absolute()
            for name in ("root", "comparisons", "photos", "feature_table")
            if (path := getattr(given, name)) is not None
        }
        return replace(given, **paths)

    def _features(self, labels: Labels, source: FeatureSource, needed: Sequence[str]) -> Features:
        if self.feature_table is not None:
            check_destinations(source.failures)
            features = read_feature_table(self.feature_table)
            source.write_failures(features.failures)
            if source.features:
                return narrowed(features, source.features, source.options.resnet_layers)
            return features
        folder = self.photos or labels.photo_root
        if folder is None:
            raise OptionError(
                "there are labels but no photos: give --photos FOLDER, or ready numbers by --feature_table"
            )
        if not folder.is_dir():
            raise FeatureError(f"the photo folder {folder} does not exist")
        return source.measure(labels.photo_files(folder), needed)


def _default_root() -> Path:
    """The release that is used if none is named. Raises OptionError, with what to do, if there is none."""
    if named := os.environ.get(ROOT_VARIABLE):
        return Path(named)
    for folder in _ROOTS:
        if folder.is_dir() and find_release(folder).files:
            return folder
    raise OptionError(
        f"there are no labels: put the PhotoTriage release (train_val/, reviews_trainval/) into {_ROOTS[0]}, "
        f"or name its folder by --root or {ROOT_VARIABLE}, or give your own by --comparisons TABLE; "
        f"to try it at once, `phototriage demo --release {_ROOTS[0]}` writes a simulated one "
        "(docs/researchers.md)"
    )
