"""Numbers per photo: extractors, the store, and tables of ready numbers."""

from phototriage.features.block import Block, Failure, Features
from phototriage.features.extraction import OnProgress, extract
from phototriage.features.extractor import EXTRACTORS, FeatureExtractor, build_extractors
from phototriage.features.iqa import IQA_COLUMNS, measure_iqa
from phototriage.features.store import FeatureStore, default_cache_dir
from phototriage.features.table import read_feature_table, read_score_table

__all__ = [
    "EXTRACTORS",
    "IQA_COLUMNS",
    "Block",
    "Failure",
    "FeatureExtractor",
    "FeatureStore",
    "Features",
    "OnProgress",
    "build_extractors",
    "default_cache_dir",
    "extract",
    "measure_iqa",
    "read_feature_table",
    "read_score_table",
]
