"""Numbers per photo: extractors and the store.

Each name is imported on first use: every decoding process imports this package and needs little of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from phototriage.features.tuned import TunedWeights

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

_HOME = {
    "DEFAULT_FEATURES": "features.registry",
    "DETAIL_COLUMNS": "features.extractors.detail",
    "EXTRACTORS": "features.registry",
    "IQA_COLUMNS": "features.extractors.iqa",
    "IQA_PLUS_COLUMNS": "features.extractors.iqa_plus",
    "LOOK": "features.extractors.look",
    "LOOK_COLUMNS": "features.extractors.look",
    "TABLE": "features.block",
    "Block": "features.block",
    "ExtractorOptions": "features.options",
    "ExtractorSpec": "features.extractors.spec",
    "Failure": "errors",
    "FeatureExtractor": "features.extractors.spec",
    "FeatureStore": "features.cache.store",
    "Features": "features.block",
    "MultiFeatureExtractor": "features.extraction",
    "OnProgress": "features.extraction",
    "TunedWeights": "features.tuned",
    "build_extractors": "features.registry",
    "check_blocks": "features.block",
    "check_weights_dir": "features.block",
    "default_cache_dir": "features.cache.store",
    "default_features": "features.registry",
    "extract": "features.extraction",
    "measure_detail": "features.extractors.detail",
    "measure_iqa": "features.extractors.iqa",
    "measure_iqa_plus": "features.extractors.iqa_plus",
    "measure_look": "features.extractors.look",
    "options_for": "features.registry",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'phototriage.features' has no attribute {name!r}")
    return getattr(import_module(f"phototriage.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
