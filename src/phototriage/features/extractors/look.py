"""A layout descriptor, to tell whether two photos show the same scene: 107 numbers of our own.

Light and colour by place, as colour layouts have it (MPEG-7, ISO/IEC 15938-3), but made so that exposure and
small shifts change little; `benchmarks/grouping.py` judges it. Beside them stands what tells brackets, focus
stacks and sweeps apart from bursts: how bright the photo is, and where it is sharp.
"""

import json
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.features.extractors.iqa import at_measured_size
from phototriage.features.extractors.local_detail import log_detail, tile_means
from phototriage.features.extractors.measured import MeasuredExtractor
from phototriage.features.extractors.spec import ExtractorSpec

__all__ = [
    "LOOK",
    "LOOK_BRIGHTNESS",
    "LOOK_COLUMNS",
    "LOOK_DETAIL",
    "LOOK_GRID",
    "LOOK_LAYOUT",
    "SPEC",
    "measure_look",
]

LOOK_GRID = (6, 12)
"""Rows and columns of the grid of light, whose numbers come first."""
_LIGHTS = LOOK_GRID[0] * LOOK_GRID[1]
_COLOURS, _DETAILS = 3, 4  # tiles a side
LOOK_LAYOUT = slice(0, _LIGHTS + 2 * _COLOURS**2)
"""Light and colour: of length 1 at most; its dot product with another photo's says how alike the two look."""
LOOK_DETAIL = slice(LOOK_LAYOUT.stop, LOOK_LAYOUT.stop + _DETAILS**2)
LOOK_BRIGHTNESS = LOOK_DETAIL.stop

LOOK_COLUMNS = (
    *(f"light_{row}_{column}" for row in range(LOOK_GRID[0]) for column in range(LOOK_GRID[1])),
    *(
        f"{hue}_{row}_{column}"
        for hue in ("red", "blue")
        for row in range(_COLOURS)
        for column in range(_COLOURS)
    ),
    *(f"detail_{row}_{column}" for row in range(_DETAILS) for column in range(_DETAILS)),
    "brightness",
)

_SIDE = 96  # px; a multiple of every grid's sides
_DARK = 0.02  # linear light added before logarithms, so that the noise of shadows does not count
_LIGHT_SHARE = 0.7  # of the squared length, the rest is colour
# Squared lengths below which light and colour count less, lest the noise of even and grey photos count.
_EVEN, _GREY = 0.05, 1.0
_FEATURELESS = 0.3  # length below which a photo is not made longer: it is like no other


def measure_look(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The layout descriptor of one photo.

    All light is linear (the levels to the power 2.2, in [0, 1]), of the photo squeezed to 96 × 96 pixels.

    Args:
        pixels: uint8 RGB (h, w, 3), upright; shrunk here by area averaging if its long side is over 800.

    Returns:
        float32 (107,), finite, in the order of LOOK_COLUMNS:
        light: ln(luminance + 0.02), blurred by half a tile, less its mean; red, blue: ln of (red + 0.02) or
        (blue + 0.02) over (green + 0.02); light and colour weighted 0.7 to 0.3 and of length 1 together, less
        for a photo that is even all over;
        detail: mean of `log_detail` over 4 × 4 tiles;
        brightness: mean of ln(luminance + 0.02).
    """
    pixels = at_measured_size(pixels)
    small = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    linear = np.power(np.arange(256, dtype=np.float32) / 255, np.float32(2.2))[small]
    log_luminance = np.log(linear @ np.array([0.2126, 0.7152, 0.0722], np.float32) + _DARK)
    blurred = cv2.GaussianBlur(log_luminance, (0, 0), _SIDE / LOOK_GRID[1] / 2)
    light = np.asarray(cv2.resize(blurred, LOOK_GRID[::-1], interpolation=cv2.INTER_AREA), np.float32).ravel()
    log_colours = np.log(linear + _DARK)
    colour = np.stack([tile_means(log_colours[..., hue] - log_colours[..., 1], _COLOURS) for hue in (0, 2)])
    layout = np.concatenate(
        [
            np.sqrt(_LIGHT_SHARE) * _shortened(light - light.mean(), _EVEN),
            np.sqrt(1 - _LIGHT_SHARE) * _shortened(colour.ravel(), _GREY),
        ]
    )
    detail = tile_means(log_detail(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)), _DETAILS)
    if detail.size < _DETAILS**2:  # a photo of less than four pixels a side
        detail = np.full((_DETAILS, _DETAILS), detail.mean())
    layout /= max(float(np.linalg.norm(layout)), _FEATURELESS)
    return np.concatenate([layout, detail.ravel(), [log_luminance.mean()]]).astype(np.float32)


def _shortened(vector: NDArray[np.float32], unit: float) -> NDArray[np.float32]:
    """Of nearly length 1 where the squared length is far above `unit`, and shorter where it is not."""
    return np.asarray(vector / np.sqrt(vector @ vector + unit), np.float32)


LOOK = MeasuredExtractor(
    "look",
    1,
    LOOK_COLUMNS,
    measure_look,
    of_fixed_picture=tuple(
        json.loads(files("phototriage.features.extractors").joinpath("look.json").read_text())
    ),
)
"""The `look` block: `measure_look` of every photo."""

SPEC = ExtractorSpec(
    "layout descriptor",
    "what series are found by",
    lambda options, cache_dir: LOOK,
    core_seconds=0.007,
    judges_quality=False,
)
