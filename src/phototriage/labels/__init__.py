"""Preferences between photos: reads, aligns, filters and splits comparisons."""

from phototriage.labels.alignment import Agreement, AlignmentSummary
from phototriage.labels.comparisons import Comparisons
from phototriage.labels.filtering import clear_preference, filter_comparisons
from phototriage.labels.reading import Labels, Step, read_labels
from phototriage.labels.reasons import PairReasons
from phototriage.labels.release import photo_key, photo_root, series_key
from phototriage.labels.splits import Split, k_folds, official_split, split_by_series

__all__ = [
    "Agreement",
    "AlignmentSummary",
    "Comparisons",
    "Labels",
    "PairReasons",
    "Split",
    "Step",
    "clear_preference",
    "filter_comparisons",
    "k_folds",
    "official_split",
    "photo_key",
    "photo_root",
    "read_labels",
    "series_key",
    "split_by_series",
]
