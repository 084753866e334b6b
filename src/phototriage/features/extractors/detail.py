"""The `detail` block: noise, acutance, blur and shake at 2,400 pixels, as they are seen at 1:1.

800 pixels, at which the other blocks measure, show none of a noise of 3 % and little of a blur of one pixel.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.features.block import PhotoView
from phototriage.features.extractors.measured import MeasuredExtractor
from phototriage.features.extractors.spec import ExtractorSpec

__all__ = ["DETAIL", "DETAIL_COLUMNS", "DETAIL_SIDE", "NOISE_PER_SIGMA", "SPEC", "measure_detail"]

DETAIL_SIDE = 2400
"""The long side in pixels, so that photos of different cameras compare and a large one stays cheap.

A JPEG of twice that or more is halved by its decoder first.
"""

DETAIL_COLUMNS = ("noise", "acutance", "blur", "motion_length", "motion_angle", "clipped_highlights")

NOISE_PER_SIGMA = 0.6745
"""The median of the absolute value of a normal variable, over its standard deviation."""

_NOISE_TILE = 8  # px at half size
_FLATTEST = 1 / 5
_UNCLIPPED = (8, 247)  # mean levels of tiles in which noise is not cut off
_HIGHLIGHT = 251

_TILE, _MARGIN = 48, 8  # px
_MOST_DETAILED = 0.1  # share of the tiles
_FINE, _COARSE = 0.7, 2.0  # σ of Gaussian derivatives, px
_LEAST_ENERGY, _LEAST_OF_NOISE = 1e-3, 0.05  # what is left of an energy, beside that of noise, at least
_OBLIQUE = 1.64
"""Edges across a motion lose more than oblique ones: where edges run in all directions, the difference of the
variances along and across the motion is that of a motion shorter by this factor."""
_VARIANCES = (
    -0.3,
    20.0,
)  # px²; sharpened photos are crisper than an edge, and nothing tells large blurs apart
_ANGLES = np.deg2rad(np.arange(0, 180, 5))

_Floats = NDArray[np.float64]


def measure_detail(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The six numbers of one photo.

    Blur and shake are read from tiles of 48 pixels, the tenth with the most detail: from the ratio of the
    energies of Gaussian derivatives of σ 0.7 and 2 pixels, in each direction, less what noise adds to them.
    An edge that is blurred by σ has energies in proportion to 1/√(σ² + scale²) (after Zhuo and Sim, Pattern
    Recognition 2011). Contrast and the directions of lines cancel in the ratio.

    Args:
        grey: uint8 (h, w), upright, with a long side of at most DETAIL_SIDE.

    Returns:
        float32 (6,), finite, in the order of DETAIL_COLUMNS:
        noise: median absolute diagonal Haar detail, (a − b − c + d) / 2, in the flattest fifth of the 16 × 16
        tiles that are not clipped (after Donoho and Johnstone, Biometrika 1994), in grey levels: 0.6745 of
        the standard deviation of white noise; at least 0.125, as levels are whole;
        acutance: ln of fine over coarse energy, all directions together; the higher the crisper;
        blur: standard deviation of the blur in the direction that has least of it, ≥ 0, in pixels of a photo
        of DETAIL_SIDE;
        motion_length: length of the straight motion that explains why another direction has more blur, ≥ 0,
        in the same pixels;
        motion_angle: direction of that motion, in degrees anticlockwise from the x axis, in [0, 180), to 5;
        clipped_highlights: share of pixels of level 251 and above, in [0, 1].
    """
    clipped = np.count_nonzero(grey >= _HIGHLIGHT) / grey.size
    pixels = DETAIL_SIDE / max(grey.shape)
    grey = _at_least(grey, _TILE + 2 * _MARGIN)
    height, width = (side // 2 * 2 for side in grey.shape)
    half = cv2.resize(grey[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    noise = _noise(grey[:height, :width], half)
    tiles, sigma = _most_detailed(grey, half), noise / NOISE_PER_SIGMA
    fine, coarse = (_Energy.of(tiles, scale, sigma) for scale in (_FINE, _COARSE))
    variances = _blur_variances(fine, coarse)
    least, most = float(variances.min()), float(variances.max())
    return np.array(
        [
            noise,
            np.log(fine.everywhere / coarse.everywhere),
            pixels * np.sqrt(max(0.0, least)),
            pixels
            * _OBLIQUE
            * np.sqrt(12 * (most - least)),  # the variance of a straight motion is length² / 12
            np.rad2deg(_ANGLES[variances.argmax()]),
            clipped,
        ],
        np.float32,
    )


def _at_least(grey: NDArray[np.uint8], side: int) -> Any:
    """With mirrored borders where a side is shorter."""
    down, right = (max(0, side - each) for each in grey.shape)
    if not down and not right:
        return grey
    return np.pad(grey, ((0, down), (0, right)), mode="symmetric")


def _noise(grey: Any, half: Any) -> float:
    signed = grey.astype(np.int16)
    diagonal = np.abs(signed[::2, ::2] - signed[::2, 1::2] - signed[1::2, ::2] + signed[1::2, 1::2])
    levels = _tiled(half.astype(np.float32))
    mean, variance = levels.mean(axis=-1), levels.var(axis=-1)
    usable = np.flatnonzero((mean > _UNCLIPPED[0]) & (mean < _UNCLIPPED[1]))
    if not usable.size:
        usable = np.arange(mean.size)
    count = max(1, int(usable.size * _FLATTEST))
    flattest = usable[np.argpartition(variance[usable], count - 1)[:count]]
    return _median(_tiled(diagonal)[flattest]) / 2


def _tiled(values: Any) -> Any:
    """(tiles, pixels of a tile); what is left over at the lower and right borders has no part."""
    down, across = (side // _NOISE_TILE for side in values.shape)
    whole = values[: down * _NOISE_TILE, : across * _NOISE_TILE]
    split = whole.reshape(down, _NOISE_TILE, across, _NOISE_TILE).swapaxes(1, 2)
    return split.reshape(down * across, _NOISE_TILE**2)


def _median(values: Any) -> float:
    """Of absolute values that were rounded to whole numbers, to fractions of a level."""
    counts = np.bincount(values.ravel())
    up_to = np.cumsum(counts)
    middle = int(np.searchsorted(up_to, up_to[-1] / 2))
    below = int(up_to[middle - 1]) if middle else 0
    begin, width = (middle - 0.5, 1.0) if middle else (0.0, 0.5)
    return float(begin + width * (up_to[-1] / 2 - below) / counts[middle])


def _most_detailed(grey: Any, half: Any) -> NDArray[np.float32]:
    """(n, side, side) the tiles with the most detail at half size, where noise is less, and their margins."""
    down, across = ((side - 2 * _MARGIN) // _TILE for side in grey.shape)
    top, left = (
        (side - tiles * _TILE) // 4 * 2 for side, tiles in zip(grey.shape, (down, across), strict=True)
    )
    rough = cv2.absdiff(half, cv2.blur(half, (3, 3))).astype(np.float32)
    inside = rough[top // 2 :, left // 2 :][: down * _TILE // 2, : across * _TILE // 2]
    energy = cv2.resize(inside * inside, (across, down), interpolation=cv2.INTER_AREA).ravel()
    order = np.argsort(-energy, kind="stable")[: max(4, int(down * across * _MOST_DETAILED))]
    corners = [
        (top + row * _TILE - _MARGIN, left + column * _TILE - _MARGIN)
        for row, column in zip(*divmod(order, across), strict=True)
    ]
    side = _TILE + 2 * _MARGIN
    return np.stack([grey[y : y + side, x : x + side] for y, x in corners]).astype(np.float32)


@dataclass(frozen=True)
class _Energy:
    """Of Gaussian derivatives along x, along y, and their mean product, less that of noise."""

    xx: float
    yy: float
    xy: float
    least: float

    @classmethod
    def of(cls, tiles: NDArray[np.float32], scale: float, sigma: float) -> "_Energy":
        xx, yy, xy = _derivatives(tiles, scale)
        noise = sigma**2 * _energy_of_white_noise(scale)
        return cls(xx - noise, yy - noise, xy, max(_LEAST_ENERGY, _LEAST_OF_NOISE * noise))

    @property
    def everywhere(self) -> float:
        """All directions together."""
        return max(self.xx + self.yy, 2 * self.least)

    @property
    def along(self) -> _Floats:
        """(angles,) in each direction."""
        x, y = np.cos(_ANGLES), np.sin(_ANGLES)
        return np.asarray(np.maximum(self.xx * x * x + self.yy * y * y + 2 * self.xy * x * y, self.least))


def _derivatives(tiles: NDArray[np.float32], scale: float) -> tuple[float, float, float]:
    """Mean squares along x and y, and the mean product, of all tiles."""
    count, side, _ = tiles.shape
    smooth = cv2.GaussianBlur(tiles.reshape(-1, side), (0, 0), scale)
    dx = cv2.filter2D(smooth, -1, np.array([[-0.5, 0, 0.5]], np.float32))
    dy = cv2.filter2D(smooth, -1, np.array([[0.5], [0], [-0.5]], np.float32))  # rows run down, angles up
    inner = [
        np.ascontiguousarray(each.reshape(count, side, side)[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]).ravel()
        for each in (dx, dy)
    ]
    size = inner[0].size
    xx, yy, xy = (float(np.dot(inner[a], inner[b])) / size for a, b in ((0, 0), (1, 1), (0, 1)))
    return xx, yy, xy


@cache
def _energy_of_white_noise(scale: float) -> float:
    """Of the derivatives of noise of variance 1."""
    impulse = np.zeros((1, _TILE + 2 * _MARGIN, _TILE + 2 * _MARGIN), np.float32)
    impulse[0, _MARGIN + _TILE // 2, _MARGIN + _TILE // 2] = 1
    return _derivatives(impulse, scale)[0] * _TILE**2


def _blur_variances(fine: _Energy, coarse: _Energy) -> _Floats:
    """(angles,) px², of the blur in each direction."""
    squared = np.maximum((fine.along / coarse.along) ** 2, 1.0001)
    return np.asarray(((_COARSE**2 - squared * _FINE**2) / (squared - 1)).clip(*_VARIANCES))


DETAIL = MeasuredExtractor(
    "detail",
    2,
    DETAIL_COLUMNS,
    measure_detail,
    of_fixed_picture=(0.175182, 1.812686, 0.0),
    view=PhotoView(DETAIL_SIDE, grey=True),
)
"""The `detail` block: `measure_detail` of every photo."""

SPEC = ExtractorSpec(
    "full-size detail",
    "noise, blur and shake as seen at 1:1",
    lambda options, cache_dir: DETAIL,
    core_seconds=0.08,
    judges_quality=False,
)
