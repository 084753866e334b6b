"""Weights of a network that were trained further, in place of the pretrained ones."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import FeatureError

__all__ = ["TunedWeights"]


@dataclass(frozen=True, eq=False)
class TunedWeights:
    """What differs from the pretrained network that measures a block.

    block: its name. tensors: float32, finite, by their names in the state of the network that the extractor
    builds.
    """

    block: str
    tensors: Mapping[str, NDArray[np.float32]]

    def __post_init__(self) -> None:
        for name, array in self.tensors.items():
            if array.dtype != np.float32 or not np.isfinite(array).all():
                raise FeatureError(f"the tuned weights {name} of '{self.block}' are not sound numbers")

    @cached_property
    def identity(self) -> str:
        """Names them in fingerprints."""
        digest = hashlib.blake2b(digest_size=8)
        for name, array in sorted(self.tensors.items()):
            digest.update(f"{name} {array.shape} ".encode())
            digest.update(np.ascontiguousarray(array, "<f4").tobytes())
        return f"tuned-{digest.hexdigest()}"
