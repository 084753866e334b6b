"""Four image-quality numbers: sharpness, exposure, colorfulness, contrast."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.features.block import LONG_SIDE
from phototriage.features.extractors.measured import MeasuredExtractor
from phototriage.features.extractors.spec import ExtractorSpec
from phototriage.photos.geometry import fitted_size, shrink

__all__ = ["IQA", "IQA_COLUMNS", "SPEC", "at_measured_size", "measure_iqa"]

IQA_COLUMNS = ("sharpness", "exposure", "colorfulness", "contrast")


def measure_iqa(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The four numbers of one photo.

    Args:
        pixels: uint8 RGB (h, w, 3), upright; shrunk here by area averaging if its long side is over 800.

    Returns:
        float32 (4,), each in [0, 1], in the order of IQA_COLUMNS:
        sharpness: variance of the 3×3 Laplacian of grey (Pech-Pacheco et al., ICPR 2000), over 1000;
        exposure: half the share of grey pixels at neither 0 nor 255, half the entropy of the 256-bin grey
        histogram over ln 256;
        colorfulness: Hasler and Süsstrunk (SPIE 2003), over 100;
        contrast: standard deviation over mean of grey, over 0.8; 0 for a black photo.
    """
    pixels = at_measured_size(pixels)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)

    _, edges_std = _mean_std(cv2.Laplacian(grey, cv2.CV_16S))
    sharpness = edges_std**2 / 1000

    shares = np.bincount(grey.ravel(), minlength=256) / grey.size
    present = shares[shares > 0]
    entropy = -float(present @ np.log(present))
    exposure = 0.5 * (1 - shares[0] - shares[255]) + 0.5 * entropy / np.log(256)

    red, green, blue = cv2.split(pixels)
    rg_mean, rg_std = _mean_std(cv2.subtract(red, green, dtype=cv2.CV_16S))
    # Twice the yellow-blue difference is a whole number and stays exact in 16 bits.
    double_yb = cv2.add(red, green, dtype=cv2.CV_16S) - 2 * blue.astype(np.int16)
    yb_mean, yb_std = (value / 2 for value in _mean_std(double_yb))
    colorfulness = (np.hypot(rg_std, yb_std) + 0.3 * np.hypot(rg_mean, yb_mean)) / 100

    grey_mean, grey_std = _mean_std(grey)
    contrast = grey_std / grey_mean / 0.8 if grey_mean else 0.0

    return np.array([sharpness, exposure, colorfulness, contrast]).clip(0, 1).astype(np.float32)


def at_measured_size(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (h, w, 3), shrunk by area averaging to a long side of LONG_SIDE where it is longer."""
    height, width = pixels.shape[:2]
    return shrink(pixels, fitted_size(width, height, LONG_SIDE))


def _mean_std(values: Any) -> tuple[float, float]:
    mean, std = cv2.meanStdDev(values)
    return float(mean[0, 0]), float(std[0, 0])


IQA = MeasuredExtractor(
    "iqa", 1, IQA_COLUMNS, measure_iqa, of_fixed_picture=(0.31048, 0.910185, 0.26677, 0.904333)
)
"""The `iqa` block: `measure_iqa` of every photo."""

SPEC = ExtractorSpec(
    "IQA",
    "sharpness, exposure, colorfulness, contrast",
    lambda options, cache_dir: IQA,
    core_seconds=0.008,
    specified=True,
    baseline=True,
)
