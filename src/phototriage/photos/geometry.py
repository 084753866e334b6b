"""Scales pixels and rotates them upright."""

import cv2
import numpy as np

from phototriage.photos.color import Pixels

__all__ = ["SIDEWAYS", "fitted_size", "shrink", "upright"]

SIDEWAYS = frozenset({5, 6, 7, 8})
"""The EXIF orientations that swap width and height."""


def fitted_size(width: int, height: int, max_side: int) -> tuple[int, int]:
    """The (width, height) of a photo with a long side of at most `max_side`; the short side is at least 1."""
    long_side = max(width, height)
    if long_side <= max_side:
        return width, height
    return max(1, round(width * max_side / long_side)), max(1, round(height * max_side / long_side))


def shrink(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Average the areas under the new pixels.

    Args:
        pixels: uint8 (h, w) or (h, w, channels), no side smaller than the new one.
        size: (width, height) of the result.
    """
    if size == (pixels.shape[1], pixels.shape[0]):
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo an EXIF orientation of uint8 (h, w, …); unknown values change nothing."""
    match orientation:
        case 2:
            return pixels[:, ::-1]
        case 3:
            return pixels[::-1, ::-1]
        case 4:
            return pixels[::-1]
        case 5:
            return pixels.swapaxes(0, 1)
        case 6:
            return np.rot90(pixels, -1)
        case 7:
            return pixels[::-1, ::-1].swapaxes(0, 1)
        case 8:
            return np.rot90(pixels)
        case _:
            return pixels
