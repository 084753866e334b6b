"""From a photo of any size to what a network takes: uint8 RGB, small enough to travel between processes."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["PAD_COLOUR", "Crop", "Pad", "Preprocessing", "Whole"]

PAD_COLOUR = (0.460, 0.450, 0.430)
"""Mean colour of photos, RGB in [0, 1]: the edge of a padded photo tells a network little."""


_STRIP = 8
"""Photos this many times as long as they are wide, and more, are strips."""


@dataclass(frozen=True)
class Crop:
    """The middle square: the short side resized to `resize`, then `size` × `size` pixels cut out.

    What the reference image processors do; it cuts framing away at the long ends.
    """

    size: int
    resize: int

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 RGB (h, w, 3) to uint8 RGB (size, size, 3)."""
        height, width = pixels.shape[:2]
        short, long = sorted((height, width))
        # The reference cuts the fraction off.
        longer = int(self.resize * long / short)
        if longer > _STRIP * self.resize:
            # Of a thin strip only the middle: resized whole, it would take gigabytes.
            kept = math.ceil(_STRIP * short)
            start = (long - kept) // 2
            pixels = pixels[start : start + kept] if height >= width else pixels[:, start : start + kept]
            longer = int(self.resize * kept / short)
        scaled = _resized(pixels, *((longer, self.resize) if height >= width else (self.resize, longer)))
        top, left = ((side - self.size) // 2 for side in scaled.shape[:2])
        return scaled[top : top + self.size, left : left + self.size]

    def __str__(self) -> str:
        return f"crop{self.size}of{self.resize}"


@dataclass(frozen=True)
class Pad:
    """All of the photo: the long side resized to `size`, the rest of the square filled with PAD_COLOUR."""

    size: int

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 RGB (h, w, 3) to uint8 RGB (size, size, 3)."""
        height, width = pixels.shape[:2]
        scale = self.size / max(height, width)
        scaled = _resized(pixels, max(1, round(height * scale)), max(1, round(width * scale)))
        square = np.empty((self.size, self.size, 3), np.uint8)
        square[:] = np.round(np.array(PAD_COLOUR) * 255)
        top, left = ((self.size - side) // 2 for side in scaled.shape[:2])
        square[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled
        return square

    def __str__(self) -> str:
        return f"pad{self.size}"


@dataclass(frozen=True)
class Whole:
    """All of the photo in its own shape, the long side resized to at most `size`, never enlarged."""

    size: int

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 RGB (h, w, 3) to uint8 RGB (h', w', 3); at least 32 a side, which a deep network needs."""
        height, width = pixels.shape[:2]
        scale = min(1.0, self.size / max(height, width))
        return _resized(pixels, max(32, round(height * scale)), max(32, round(width * scale)))

    def __str__(self) -> str:
        return f"whole{self.size}"


Preprocessing = Crop | Pad | Whole


def _resized(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))
