"""The extractors there are, by name."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from phototriage.errors import FeatureError
from phototriage.features.block import TABLE, Block
from phototriage.features.extractors import backbone, clip, detail, faces, iqa, iqa_plus, lite, look, resnet
from phototriage.features.extractors.spec import ExtractorSpec, FeatureExtractor
from phototriage.features.options import ExtractorOptions

__all__ = ["DEFAULT_FEATURES", "EXTRACTORS", "build_extractors", "default_features", "options_for"]

EXTRACTORS: dict[str, ExtractorSpec] = {
    "clip": clip.SPEC,
    "resnet": resnet.SPEC,
    "iqa": iqa.SPEC,
    "iqa_plus": iqa_plus.SPEC,
    "lite": lite.SPEC,
    "look": look.SPEC,
    "detail": detail.SPEC,
    "faces": faces.SPEC,
    "backbone": backbone.SPEC,
}
"""By the name of the block, in the order in which blocks are concatenated."""

DEFAULT_FEATURES = tuple(name for name, spec in EXTRACTORS.items() if spec.specified)
"""The 1540 numbers of the specification."""


def default_features(options: ExtractorOptions) -> tuple[str, ...]:
    """What is measured to train on where nothing else is asked for.

    DEFAULT_FEATURES; where a backbone is named, it stands in place of the networks.
    """
    return ("backbone", "iqa") if options.backbone else DEFAULT_FEATURES


def options_for(blocks: Iterable[Block], options: ExtractorOptions) -> ExtractorOptions:
    """`options`, with those that the fingerprints of `blocks` say in place of them.

    So that a ranker's features are measured as they were when it was trained.
    """
    for block in blocks:
        spec = EXTRACTORS.get(block.name)
        if spec and spec.options_of:
            options = spec.options_of(block, options)
    return options


def build_extractors(
    names: Sequence[str], options: ExtractorOptions, cache_dir: str | os.PathLike[str]
) -> tuple[FeatureExtractor, ...]:
    """The extractors called `names`, each once, in the order of EXTRACTORS.

    `cache_dir` is where they may keep what they make of their weights.

    Raises FeatureError for an unknown name, for none at all, and for `TABLE`, which nothing measures.
    """
    if TABLE in names:
        raise FeatureError("the model was trained on a table of ready numbers and cannot measure photos")
    cache_dir = Path(cache_dir)
    unknown = [name for name in names if name not in EXTRACTORS]
    if unknown or not names:
        problem = f"there are no features called {unknown[0]!r}" if unknown else "no features were asked for"
        raise FeatureError(f"{problem}: choose from {', '.join(EXTRACTORS)}")
    return tuple(spec.build(options, cache_dir) for name, spec in EXTRACTORS.items() if name in names)
