"""An extractor around any network."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import FeatureError
from phototriage.features.block import Block
from phototriage.features.options import ExtractorOptions
from phototriage.features.preprocessing import Preprocessing, Whole

if TYPE_CHECKING:
    from torch import nn

__all__ = ["OUT_OF_MEMORY", "NetworkExtractor"]

OUT_OF_MEMORY = ("not enough memory", "out of memory", "failed to allocate", "bad_alloc")


@dataclass(frozen=True)
class NetworkExtractor:
    """Features from a network.

    block: the names and the fingerprint of its numbers.
    prepare: the preprocessing of one photo.
    mean, std: per channel of RGB in [0, 1]; the network gets (photo / 255 − mean) / std.
    build: makes the network: float32 (n, 3, h, w) → float32 (n, block.dim). Called when the first photo
    needs it, so that a filled store needs neither torch nor weights.
    """

    block: Block
    prepare: Preprocessing
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    build: Callable[[], "nn.Module"]
    options: ExtractorOptions
    cache_dir: Path

    def __call__(self, batch: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """Prepared photos to features: float32 (n, dim). Photos of one shape go through together."""
        places = defaultdict(list)
        for place, pixels in enumerate(batch):
            places[pixels.shape].append(place)
        features = np.empty((len(batch), self.block.dim), np.float32)
        size = self.options.inference_batch_size
        for same in places.values():
            for some in (same[start : start + size] for start in range(0, len(same), size)):
                found = self._inferred(np.stack([batch[place] for place in some]))
                if found.shape != (len(some), self.block.dim):
                    raise FeatureError(
                        f"the network of '{self.block.name}' gives {found.shape[-1]} numbers a photo, "
                        f"not {self.block.dim}: see its config.json"
                    )
                features[some] = found
        return features

    def _inferred(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        try:
            return self._infer(pixels)
        except (RuntimeError, MemoryError) as error:
            if isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in OUT_OF_MEMORY):
                raise FeatureError(
                    f"{len(pixels)} photos at once do not fit into the memory: "
                    f"lower --inference_batch_size (it is {self.options.inference_batch_size})"
                ) from error
            raise

    @cached_property
    def _infer(self) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
        from phototriage.features.runtimes import FromPixels, start_runtime

        network = FromPixels(self.build(), self.mean, self.std)
        example = self.prepare(np.random.default_rng(0).integers(0, 256, (150, 200, 3), np.uint8))
        return start_runtime(
            network, example, isinstance(self.prepare, Whole), self.block, self.options, self.cache_dir
        )
