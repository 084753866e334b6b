"""Sixteen image-quality numbers without ceilings, each of which helps to order real or simulated photos.

What was tried and dropped, and the figures behind every choice, are in the lab log; `benchmarks/iqa_plus.py`
prints them anew.
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.features.extractors.iqa import at_measured_size
from phototriage.features.extractors.local_detail import (
    blockiness,
    halved,
    log_detail,
    middle,
    noise,
    smoothness,
    streak,
    tile_means,
)
from phototriage.features.extractors.measured import MeasuredExtractor
from phototriage.features.extractors.spec import ExtractorSpec

__all__ = ["IQA_PLUS", "IQA_PLUS_COLUMNS", "SPEC", "measure_iqa_plus"]

IQA_PLUS_COLUMNS = (
    "sharpest",
    "sharpest_half",
    "softest",
    "centre",
    "smoothness",
    "smoothness_half",
    "motion",
    "noise",
    "brightness",
    "shadow",
    "clipped_shadows",
    "clipped_highlights",
    "warmth",
    "saturation",
    "red_green",
    "blockiness",
)

_SOFT = 8.0  # levels added before a logarithm or a quotient, so that near-black photos stay within bounds


def measure_iqa_plus(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The sixteen numbers of one photo, the same, up to rounding, for its mirror images and quarter turns.

    Half size is by area averaging. D is the detail of one of 8×8 tiles (`log_detail`). Logarithms are
    natural; shares are of pixels.

    Args:
        pixels: uint8 RGB (h, w, 3), upright; shrunk here by area averaging if its long side is over 800.

    Returns:
        float32 (16,), finite, in the order of IQA_PLUS_COLUMNS:
        sharpest: mean D of the sharpest eighth of the tiles; sharpest_half: the same at half size;
        softest: mean D of the softest quarter of the tiles, less the mean D (near 0: all equally sharp);
        centre: mean D of the middle quarter of the area, less the mean D;
        smoothness: likeness of diagonal neighbours (`smoothness`), higher for blur, lower for noise;
        smoothness_half: the same at half size;
        motion: size of `streak` at half size;
        noise: ln(`noise` + 0.1);
        brightness: ln(mean grey + 8);
        shadow: ln(m + 8), m the mean grey of the darkest tenth of 16×16 tiles;
        clipped_shadows: ln(share of grey ≤ 4, + 0.001); clipped_highlights: of grey ≥ 251;
        warmth: ln((mean red + 8) / (mean blue + 8)) at half size;
        saturation: mean of (max − min) / (max + 8) over a pixel's channels, at half size;
        red_green: standard deviation of R − G at half size (the opponent axis of Hasler and Süsstrunk,
        SPIE 2003, that tells most);
        blockiness: steps across the borders of JPEG's 8×8 blocks (`blockiness`).
    """
    pixels = at_measured_size(pixels)
    half_colour = halved(pixels)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    half = halved(grey)
    detail = log_detail(grey)
    tile_light = tile_means(grey.astype(np.float32), 16)
    red, _, blue = (mean + _SOFT for mean in cv2.mean(half_colour)[:3])
    values = (
        -_mean_of_least(-detail, 8),
        -_mean_of_least(-log_detail(half), 8),
        _mean_of_least(detail, 4) - detail.mean(),
        middle(detail).mean() - detail.mean(),
        smoothness(grey),
        smoothness(half),
        abs(streak(half)),
        math.log(noise(grey) + 0.1),
        math.log(cv2.mean(grey)[0] + _SOFT),
        math.log(_mean_of_least(tile_light, 10) + _SOFT),
        math.log(cv2.countNonZero(cv2.inRange(grey, 0, 4)) / grey.size + 0.001),
        math.log(cv2.countNonZero(cv2.inRange(grey, 251, 255)) / grey.size + 0.001),
        math.log(red / blue),
        *_saturation_and_red_green(half_colour),
        (blockiness(grey, axis=0) + blockiness(grey, axis=1)) / 2,
    )
    return np.array(values, np.float32)


def _saturation_and_red_green(pixels: Any) -> tuple[float, float]:
    red, green, blue = cv2.split(pixels)
    most, least = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    share = cv2.divide(cv2.subtract(most, least), most.astype(np.float32) + _SOFT, dtype=cv2.CV_32F)
    _, spread = cv2.meanStdDev(cv2.subtract(red, green, dtype=cv2.CV_16S))
    return cv2.mean(share)[0], float(spread[0, 0])


def _mean_of_least(values: NDArray[np.float32], divisor: int) -> float:
    """The mean of the least 1/divisor of the values, at least one."""
    return float(np.sort(values, axis=None)[: max(1, values.size // divisor)].mean())


IQA_PLUS = MeasuredExtractor(
    "iqa_plus",
    1,
    IQA_PLUS_COLUMNS,
    measure_iqa_plus,
    of_fixed_picture=(
        *(6.03223, 6.59174, -0.66221, 0.0615282, 0.0473557, -0.125237, 0.903529, 0.439372),
        *(4.8373, 2.40086, -2.17557, -2.45363, -0.00483041, 0.261407, 14.4536, 0.0431185),
    ),
)
"""The `iqa_plus` block: `measure_iqa_plus` of every photo."""

SPEC = ExtractorSpec(
    "IQA+", "16 finer quality numbers", lambda options, cache_dir: IQA_PLUS, core_seconds=0.007
)
