"""What a feature extractor is, and the extractors there are."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import FeatureError
from phototriage.features.block import Block
from phototriage.features.extractors.clip import clip_extractor
from phototriage.features.extractors.iqa import IQA
from phototriage.features.extractors.iqa_plus import IQA_PLUS
from phototriage.features.extractors.lite import lite_extractor
from phototriage.features.extractors.look import LOOK
from phototriage.features.extractors.resnet import resnet_extractor
from phototriage.features.options import ExtractorOptions

__all__ = ["DEFAULT_FEATURES", "EXTRACTORS", "FeatureExtractor", "build_extractors"]


class FeatureExtractor(Protocol):
    """Turns photos into numbers, in two steps, because decoding and inference run beside each other.

    `prepare` runs once per photo in a decoding process, so it must pickle and be cheap to pickle: it gets
    the pixels, uint8 RGB (h, w, 3), upright, with a long side of at most LONG_SIDE, and returns an array.
    Calling the extractor with n such arrays gives float32 (n, block.dim).
    """

    @property
    def block(self) -> Block:
        """Name, fingerprint and column names of the numbers."""

    @property
    def prepare(self) -> Callable[[NDArray[np.uint8]], NDArray[Any]]:
        """The per-photo step."""

    def __call__(self, batch: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """Prepared photos to numbers, float32 (n, dim)."""


EXTRACTORS: dict[str, Callable[[ExtractorOptions, Path], FeatureExtractor]] = {
    "clip": clip_extractor,
    "resnet": resnet_extractor,
    "iqa": lambda options, cache_dir: IQA,
    "iqa_plus": lambda options, cache_dir: IQA_PLUS,
    "lite": lite_extractor,
    "look": lambda options, cache_dir: LOOK,
}
"""Builders by name, in the order in which blocks are concatenated."""

DEFAULT_FEATURES = ("clip", "resnet", "iqa")
"""The 1540 numbers of the specification."""


def build_extractors(
    names: Sequence[str], options: ExtractorOptions, cache_dir: Path
) -> tuple[FeatureExtractor, ...]:
    """The extractors called `names`, each once, in the order of EXTRACTORS.

    `cache_dir` is where they may keep what they make of their weights.

    Raises FeatureError for an unknown name, or for none at all.
    """
    unknown = [name for name in names if name not in EXTRACTORS]
    if unknown or not names:
        problem = f"there are no features called {unknown[0]!r}" if unknown else "no features were asked for"
        raise FeatureError(f"{problem}: choose from {', '.join(EXTRACTORS)}")
    return tuple(builder(options, cache_dir) for name, builder in EXTRACTORS.items() if name in names)
