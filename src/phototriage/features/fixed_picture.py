"""A picture that is the same everywhere: what is made of it tells whether a library computes otherwise."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from phototriage.features.block import LONG_SIDE

__all__ = ["fixed_picture"]


@cache
def fixed_picture() -> NDArray[np.uint8]:
    """uint8 RGB (200, 800, 3), read-only: coloured slopes from black to white, with a fine pattern."""
    row, column = np.indices((200, LONG_SIDE), np.int32)
    slope = np.abs((column + 2 * row) % 640 - 320)
    tints = [(row - 100) // 5, (column - 400) // 20, (300 - column + row) // 12]
    pattern = 16 * ((row // 3 + column // 5) % 2)
    picture = np.stack([slope + tint + pattern - 40 for tint in tints], axis=-1).clip(0, 255)
    pixels = picture.astype(np.uint8)
    pixels.flags.writeable = False
    return pixels
