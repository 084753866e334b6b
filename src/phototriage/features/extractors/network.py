"""An extractor around any network."""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import ExportError, FeatureError
from phototriage.extras import extra
from phototriage.features.block import LONG_SIDE, Block, fixed_picture
from phototriage.features.cache.exported import find_exported
from phototriage.features.extractors.preprocessing import Preprocessing
from phototriage.features.options import ExtractorOptions, Precision
from phototriage.features.runtime.device import chosen_device, memory_needed
from phototriage.features.runtime.onnx_runtime import Infer, start_onnx
from phototriage.features.tuned import TunedWeights
from phototriage.photos import DECODING_VERSION

if TYPE_CHECKING:
    from torch import nn

__all__ = ["NetworkExtractor"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NetworkExtractor:
    """Features from a network.

    name, columns: of the block, and of its numbers.
    version: counts the ways in which `build` made the same numbers of the same weights.
    weights: names the weights: a commit or a checksum.
    output: names the output that is used: layers, pooling.
    prepare: the preprocessing of one photo.
    mean, std: per channel of RGB in [0, 1]; the network gets (photo / 255 − mean) / std.
    build: makes the network: float32 (n, 3, h, w) → float32 (n, len(columns)). Called when a photo
    needs it and no exported network is there, so that a filled store needs neither torch nor weights.
    cache_dir: where the exported network is kept.
    precision: of matrix products.
    start: starts the network on the CPU without torch, where it needs no export; gets the tuned weights, by
    their names. `build` is then for who asks for torch or a GPU.
    tuned: replace some of the weights.
    """

    name: str
    version: int
    weights: str
    output: str
    columns: tuple[str, ...]
    prepare: Preprocessing
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    build: Callable[[], "nn.Module"]
    options: ExtractorOptions
    cache_dir: Path
    precision: Precision = "fp32"
    start: Callable[[Mapping[str, NDArray[np.float32]]], Infer] | None = None
    tuned: TunedWeights | None = None

    @cached_property
    def block(self) -> Block:
        """The names and the fingerprint of the numbers, made of everything that moves them.

        It ends in a digest of what the network gets of a fixed picture: a version of a library that scales
        otherwise makes another fingerprint.
        """
        given = self.prepare(fixed_picture()).tobytes() + repr((self.mean, self.std)).encode()
        made = (
            f"{self.name}-{self.version}",
            f"{self.weights}+{self.tuned.identity}" if self.tuned else self.weights,
            self.output,
            str(self.prepare),
            "" if self.precision == "fp32" else self.precision,
            f"area{LONG_SIDE}",
            f"decoding-{DECODING_VERSION}",
            f"input-{hashlib.blake2b(given, digest_size=4).hexdigest()}",
        )
        return Block(self.name, "/".join(filter(None, made)), self.columns)

    def __call__(self, batch: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """Prepared photos to features: float32 (n, dim). Photos of one shape go through together."""
        places = defaultdict(list)
        for place, pixels in enumerate(batch):
            places[pixels.shape].append(place)
        features = np.empty((len(batch), len(self.columns)), np.float32)
        size = self.options.inference_batch_size
        for same in places.values():
            for some in (same[start : start + size] for start in range(0, len(same), size)):
                found = self._inferred([batch[place] for place in some])
                if found.shape != (len(some), len(self.columns)):
                    raise FeatureError(
                        f"the network of '{self.name}' gives {found.shape[-1]} numbers a photo, "
                        f"not {len(self.columns)}: see its config.json"
                    )
                features[some] = found
        return features

    def network(self) -> "nn.Module":
        """What `build` makes, with the tuned weights. Raises FeatureError where these do not fit it."""
        network = self.build()
        if self.tuned:
            with extra("hub"):
                import torch

            state = {name: torch.tensor(array) for name, array in self.tuned.tensors.items()}
            try:
                unknown = network.load_state_dict(state, strict=False).unexpected_keys
            except RuntimeError as error:
                raise FeatureError(f"the tuned weights of '{self.name}' have other shapes") from error
            if unknown:
                raise FeatureError(f"the network of '{self.name}' has no weights {unknown[0]} to be tuned")
        return network

    def _inferred(self, photos: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        with memory_needed(f"the network of '{self.name}' does not fit into the memory: free some of it"):
            infer = self._infer
        with memory_needed(
            f"{len(photos)} photos at once do not fit into the memory: "
            f"lower --inference_batch_size (it is {self.options.inference_batch_size})"
        ):
            return infer(np.stack(photos))

    @cached_property
    def _infer(self) -> Infer:
        if self.start and self.options.runtime != "torch" and self.options.device in ("auto", "cpu"):
            return self.start(self.tuned.tensors if self.tuned else {})
        device = chosen_device(self.options)
        if self.options.runtime == "onnx" or (self.options.runtime == "auto" and device == "cpu"):
            try:
                path = find_exported(self.cache_dir, self.block) or self._exported()
            except ExportError as error:
                if self.options.runtime == "onnx" or self.precision == "int8":
                    raise
                _log.warning("'%s' runs by torch, which may be slower: %s", self.name, error)
            else:
                return start_onnx(path, one_by_one=self.precision == "int8")
        from phototriage.features.runtime.torch_runtime import FromPixels, start_torch

        return start_torch(FromPixels(self.network(), self.mean, self.std), device, try_half=device == "cuda")

    def _exported(self) -> Path:
        from phototriage.features.runtime.onnx_export import export_onnx
        from phototriage.features.runtime.torch_runtime import FromPixels

        network = FromPixels(self.network(), self.mean, self.std)
        upright = np.ascontiguousarray(fixed_picture()[:, :160])
        noise = np.random.default_rng(0).integers(0, 256, upright.shape, np.uint8)
        dark = noise // 16
        # Upright and lying, since after some preprocessing the shape stays the photo's own.
        examples = [
            self.prepare(each) for photo in (upright, noise, dark) for each in (photo, np.rot90(photo))
        ]
        return export_onnx(network, examples, self.cache_dir, self.block, int8=self.precision == "int8")
