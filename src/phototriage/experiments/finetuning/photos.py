"""The photos of a training run, as its networks get them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import FeatureError, PhotoError
from phototriage.features.block import LONG_SIDE
from phototriage.photos import load

__all__ = ["View", "photo_loader"]

_SMALLEST = 0.8
_KEPT = 256
"""Photos that stay in memory, at most 1.9 MB each."""


@dataclass(frozen=True)
class View:
    """A crop and a flip that all photos of a comparison get alike, so that their order stays the same.

    Nothing else is changed: blur, brightness or colour would change which photo is better.

    size: share of both sides that is kept. top, left: shares of what is cut off, above and to the left.
    """

    size: float = 1.0
    top: float = 0.0
    left: float = 0.0
    flip: bool = False

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "View":
        """At least 0.8 of each side, anywhere, flipped half of the time."""
        size, top, left = float(rng.uniform(_SMALLEST, 1)), float(rng.random()), float(rng.random())
        return cls(size, top, left, flip=bool(rng.random() < 0.5))

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 (h, w, 3) to uint8 (size · h, size · w, 3)."""
        height, width = (max(1, round(self.size * side)) for side in pixels.shape[:2])
        top = round(self.top * (pixels.shape[0] - height))
        left = round(self.left * (pixels.shape[1] - width))
        seen = pixels[top : top + height, left : left + width]
        return np.ascontiguousarray(seen[:, ::-1] if self.flip else seen)


def photo_loader(files: Mapping[str, Path]) -> Callable[[str], NDArray[np.uint8]]:
    """Photo → its pixels, uint8 RGB (h, w, 3), as extractors get them; raises FeatureError."""

    @lru_cache(maxsize=_KEPT)
    def read(photo: str) -> NDArray[np.uint8]:
        try:
            pixels = load(files[photo], LONG_SIDE).pixels
        except PhotoError as error:
            raise FeatureError(f"{photo} could be read before and cannot be now: {error}") from error
        pixels.flags.writeable = False
        return pixels

    return read
