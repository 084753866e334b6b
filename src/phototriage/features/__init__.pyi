from .block import TABLE, Block, Failure, Features, check_blocks, check_weights_dir
from .cache.store import FeatureStore, default_cache_dir
from .extraction import MultiFeatureExtractor, OnProgress, extract
from .extractors.detail import DETAIL_COLUMNS, measure_detail
from .extractors.iqa import IQA_COLUMNS, measure_iqa
from .extractors.iqa_plus import IQA_PLUS_COLUMNS, measure_iqa_plus
from .extractors.look import LOOK, LOOK_COLUMNS, measure_look
from .extractors.spec import ExtractorSpec, FeatureExtractor
from .options import ExtractorOptions
from .registry import (
    DEFAULT_FEATURES,
    EXTRACTORS,
    build_extractors,
    default_features,
    options_for,
)
from .tuned import TunedWeights

__all__ = [
    "DEFAULT_FEATURES",
    "DETAIL_COLUMNS",
    "EXTRACTORS",
    "IQA_COLUMNS",
    "IQA_PLUS_COLUMNS",
    "LOOK",
    "LOOK_COLUMNS",
    "TABLE",
    "Block",
    "ExtractorOptions",
    "ExtractorSpec",
    "Failure",
    "FeatureExtractor",
    "FeatureStore",
    "Features",
    "MultiFeatureExtractor",
    "OnProgress",
    "TunedWeights",
    "build_extractors",
    "check_blocks",
    "check_weights_dir",
    "default_cache_dir",
    "default_features",
    "extract",
    "measure_detail",
    "measure_iqa",
    "measure_iqa_plus",
    "measure_look",
    "options_for",
]
