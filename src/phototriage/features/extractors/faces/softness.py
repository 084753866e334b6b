"""How soft a face and its eyes are."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Region", "inside", "softness"]

Region = tuple[float, float, float, float]
"""left, top, width, height in pixels."""

_FLAT = 1.0  # variance of grey below which there is nothing to be crisp
_SOFTEST = 2.0**-12


def softness(grey: NDArray[np.uint8], regions: list[Region]) -> float:
    """log₂ of the variance of the Laplacian over that of grey, each summed over regions.

    The variance of the Laplacian is Pech-Pacheco's (ICPR 2000); the ratio cancels contrast and light. It
    depends on how large a face is, and noise raises it: it compares frames of one burst.

    Args:
        grey: uint8 (h, w).
        regions: each is cut at the borders, down to one pixel.

    Returns:
        The lower, the softer; at least −12, where nothing is to be seen.
    """
    edges = cv2.Laplacian(grey, cv2.CV_32F)
    fine = coarse = 0.0
    for left, top, width, height in regions:
        rows, columns = inside(top, height, grey.shape[0]), inside(left, width, grey.shape[1])
        fine += float(edges[rows, columns].var())
        coarse += float(grey[rows, columns].var())
    return float(np.log2((fine + _FLAT * _SOFTEST) / (coarse + _FLAT)))


def inside(begin: float, length: float, side: int) -> slice:
    """The pixels of a side from `begin` on, for `length`: cut at the ends, at least one."""
    first = min(max(0, round(begin)), side - 1)
    return slice(first, max(first + 1, min(side, round(begin + length))))
