"""The `toy` block: two mixtures of a photo's mean colour, by weights in toy.safetensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phototriage.features import Block, ExtractorOptions
from phototriage.features.extractors.spec import ExtractorSpec
from phototriage.features.runtime.weights import WeightsFile


def mean_colour(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return pixels.mean(axis=(0, 1)).astype(np.float32)


@dataclass(frozen=True)
class Toy:
    file: WeightsFile
    prepare = staticmethod(mean_colour)

    @cached_property
    def block(self) -> Block:
        return Block("toy", f"toy-1/{self.file.checksum}", ("toy_warm", "toy_cold"))

    def __call__(self, batch: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        return np.stack(batch) @ self.file.tensors()["mixture"].numpy()


def weights(options: ExtractorOptions, cache_dir: Path) -> WeightsFile:
    return WeightsFile((options.weights_dir or Path()) / "toy.safetensors", cache_dir)


SPEC = ExtractorSpec(
    "Toy",
    "two mixtures of the mean colour",
    lambda options, cache_dir: Toy(weights(options, cache_dir)),
    weights,
    core_seconds=100.0,
    baseline=True,
)
