"""What an extractor is, and what is known of it before it is built."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from phototriage.features.block import Block, PhotoView
from phototriage.features.options import ExtractorOptions

__all__ = ["ExtractorSpec", "FeatureExtractor", "Weights", "view_of"]


class FeatureExtractor(Protocol):
    """Turns photos into numbers, in two steps, because decoding and inference run beside each other.

    `prepare` runs once per photo in a decoding process, so it must pickle and be cheap to pickle: it gets
    the pixels, uint8 RGB (h, w, 3), upright, with a long side of at most LONG_SIDE, and returns an array.
    Calling the extractor with n such arrays gives float32 (n, block.dim). An extractor that needs to be given
    the photo otherwise has an attribute `view`, a `PhotoView`. Where that says `closer`, `prepare` gets a
    `CloserLook` as its second argument.
    """

    @property
    def block(self) -> Block:
        """Name, fingerprint and column names of the numbers."""

    @property
    def prepare(self) -> Callable[..., NDArray[Any]]:
        """The per-photo step."""

    def __call__(self, batch: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """Prepared photos to numbers, float32 (n, dim)."""


def view_of(extractor: FeatureExtractor) -> PhotoView:
    """What it is given of a photo."""
    view: PhotoView = getattr(extractor, "view", PhotoView())
    return view


class Weights(Protocol):
    """Pretrained weights that may be on this machine."""

    def local(self) -> Path:
        """Where they are; looked for without a network. Raises FeatureError where they are not here."""

    @property
    def remedy(self) -> str:
        """How to get them: a command, or what to do."""


@dataclass(frozen=True)
class ExtractorSpec:
    """An extractor, before it is built, as all that list or choose extractors need to know it.

    title: its name in sentences. summary: what it measures, in a few words.
    build: makes the extractor; the folder is the cache, where it may keep what it makes of its weights.
    weights: where its weights come from; None where it needs none.
    core_seconds: of one core per photo of 800 pixels, about: docs/lab-log.md, the speed of extraction.
    specified: whether it is one of those of the specification, which are measured by default.
    baseline: whether benchmarks train a ranker on this block alone, too.
    judges_quality: whether its numbers may say which photo is better, so that ablations try it by default.
    needs: the option that must be given, without which it cannot be built; None where there is none.
    options_of: the options that make a block, read from its fingerprint, with the other options as given;
    None where only the given options can say.
    """

    title: str
    summary: str
    build: Callable[[ExtractorOptions, Path], FeatureExtractor]
    weights: Callable[[ExtractorOptions, Path], Weights] | None = None
    core_seconds: float = 0.05
    specified: bool = False
    baseline: bool = False
    judges_quality: bool = True
    needs: str | None = None
    options_of: Callable[[Block, ExtractorOptions], ExtractorOptions] | None = None

    def available(self, options: ExtractorOptions) -> bool:
        """Whether the options name all that it needs."""
        return self.needs is None or getattr(options, self.needs) is not None
