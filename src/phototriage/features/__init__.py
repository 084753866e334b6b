"""Numbers per photo: extractors and the store.

Tables of ready numbers are in `phototriage.features.table`, apart: every decoding process imports this
package, and should not wait for pandas.
"""

from phototriage.errors import Failure
from phototriage.features.block import TABLE, Block, Features, check_blocks, check_weights_dir
from phototriage.features.cache.store import FeatureStore, default_cache_dir
from phototriage.features.extraction import MultiFeatureExtractor, OnProgress, extract
from phototriage.features.extractors.detail import DETAIL_COLUMNS, measure_detail
from phototriage.features.extractors.iqa import IQA_COLUMNS, measure_iqa
from phototriage.features.extractors.iqa_plus import IQA_PLUS_COLUMNS, measure_iqa_plus
from phototriage.features.extractors.look import LOOK, LOOK_COLUMNS, measure_look
from phototriage.features.extractors.spec import ExtractorSpec, FeatureExtractor
from phototriage.features.options import ExtractorOptions
from phototriage.features.registry import (
    DEFAULT_FEATURES,
    EXTRACTORS,
    build_extractors,
    default_features,
    options_for,
)

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
