"""Local detail of a grey picture: how much, how crisp, how noisy, in which direction, across which blocks.

Mirroring the picture changes none of them but the angle of `streak`.
"""

import math
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["blockiness", "halved", "log_detail", "middle", "noise", "smoothness", "streak", "tile_means"]

_SECOND_DIFFERENCE = np.array([1, -2, 1], np.float32)


def streak(grey: NDArray[np.uint8]) -> complex:
    """How much more one direction lost its detail in grey, uint8 (h, w), than at half its size.

    A hand that moves wipes out fine detail along its way, coarse detail less; lines in the scene are at both
    scales and cancel. Each scale's direction is that of the structure tensor (Bigün and Granlund, ICCV 1987)
    of its Laplacian, as half the log ratio of the eigenvalues times exp(2iθ).

    Returns:
        A complex number of angle 2θ, θ anticlockwise from the x axis and *across* the streak.
    """
    return _orientation(grey) - _orientation(halved(grey))


def _orientation(grey: Any) -> complex:
    edges = cv2.Laplacian(grey, cv2.CV_32F)
    dx = cv2.Sobel(edges, cv2.CV_32F, 1, 0, scale=1 / 8)
    dy = cv2.Sobel(edges, cv2.CV_32F, 0, 1, scale=-1 / 8)  # rows run downwards, angles upwards
    xx, yy, xy = (float(np.vdot(a, b)) / int(dx.size) for a, b in ((dx, dx), (dy, dy), (dx, dy)))
    direction: complex = complex(xx - yy, 2 * xy) / (xx + yy + 0.1)
    coherence = abs(direction)
    gain = math.atanh(min(coherence, 0.999)) / coherence if coherence > 1e-6 else 1.0
    return gain * direction


def smoothness(grey: Any) -> float:
    """Mean product of diagonal neighbours over mean square of x = d / (√G(d²) + 1), d = grey − G(grey).

    G is a 7×7 Gaussian of σ = 7/6. Locally normalised grey is Ruderman's (1994); its products of neighbours
    are what BRISQUE (Mittal et al., TIP 2012) is built of.
    """
    light = grey.astype(np.float32)
    detail = light - _gaussian(light)
    normalised = detail / (cv2.sqrt(_gaussian(detail * detail)) + 1)
    # With a column of zeros at its right the flat array, shifted, pairs diagonal neighbours and nothing else.
    flat = cv2.copyMakeBorder(normalised, 0, 0, 0, 1, cv2.BORDER_CONSTANT, value=0).ravel()
    height, width = normalised.shape
    pairs = max(1, int((height - 1) * (width - 1)))
    products = sum(float(np.dot(flat[shift:], flat[:-shift])) for shift in (width, width + 2))
    power: float = float(np.dot(flat, flat)) / int(normalised.size)
    return products / (2 * pairs) / (power + 0.001)


def _gaussian(values: Any) -> Any:
    return cv2.GaussianBlur(values, (7, 7), 7 / 6)


def noise(grey: Any) -> float:
    """Standard deviation of white noise in levels, by Immerkær (CVIU 1996); fine texture counts too."""
    fine = cv2.sepFilter2D(grey, cv2.CV_16S, _SECOND_DIFFERENCE, _SECOND_DIFFERENCE)
    return math.sqrt(math.pi / 2) / 6 * float(cv2.norm(fine, cv2.NORM_L1)) / int(grey.size)


def blockiness(grey: Any, axis: int) -> float:
    """ln of the largest over the median of the eight mean steps 8 apart along an axis, 0.1 added to each.

    After Wang, Sheikh and Bovik (ICIP 2002); any of the eight phases may hold the borders, because photos are
    cropped and turned. 0 where that side has fewer than 16 pixels.
    """
    if grey.shape[axis] < 16:
        return 0.0
    differences = cv2.absdiff(*((grey[1:], grey[:-1]) if axis == 0 else (grey[:, 1:], grey[:, :-1])))
    steps = cv2.reduce(differences, 1 - axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    phases = np.array([steps[phase::8].mean() for phase in range(8)]) / grey.shape[1 - axis] + 0.1
    return math.log(phases.max() / np.median(phases))


def log_detail(grey: Any) -> NDArray[np.float32]:
    """ln(1 + mean squared 3×3 Laplacian) over 8×8 tiles (after Pech-Pacheco et al., ICPR 2000)."""
    edges = cv2.Laplacian(grey, cv2.CV_16S)
    return np.log1p(tile_means(cv2.multiply(edges, edges, dtype=cv2.CV_32F), 8))


def tile_means(values: Any, tiles: int) -> NDArray[np.float32]:
    """Means of float32 (h, w) over tiles × tiles equal parts; a side of fewer pixels has a tile per pixel."""
    # For few tiles, products with their weights take a tenth of the time of cv2.INTER_AREA.
    down, across = (_tile_weights(side, min(tiles, side)) for side in values.shape)
    return np.asarray(down @ values @ across.T, np.float32)


@lru_cache(maxsize=32)
def _tile_weights(pixels: int, tiles: int) -> NDArray[np.float32]:
    """(tiles, pixels) the share that each pixel of a side has in the mean of each tile."""
    ends = np.arange(1, pixels + 1)
    bounds = np.arange(tiles + 1)[:, np.newaxis] * pixels / tiles
    before = (ends - bounds).clip(0, 1)  # of each pixel, what lies after each bound
    return np.asarray((before[:-1] - before[1:]) * tiles / pixels, np.float32)


def middle(tiles: NDArray[np.float32]) -> NDArray[np.float32]:
    """The tiles of the middle half of both sides."""
    top, left = tiles.shape[0] // 4, tiles.shape[1] // 4
    return tiles[top : tiles.shape[0] - top, left : tiles.shape[1] - left]


def halved(pixels: Any) -> Any:
    """Half as large by area averaging, at least one pixel a side."""
    size = (max(1, pixels.shape[1] // 2), max(1, pixels.shape[0] // 2))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
