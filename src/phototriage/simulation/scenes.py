"""Draws clean pictures to photograph, from a seed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from phototriage.simulation.painting import Canvas, fractal_noise
from phototriage.simulation.subjects.flowers import paint_flowers
from phototriage.simulation.subjects.lake import paint_lake
from phototriage.simulation.subjects.meadow import paint_meadow
from phototriage.simulation.subjects.table import paint_table

__all__ = ["SCENES", "draw_scene"]

SCENES: dict[str, Callable[[Canvas, np.random.Generator], None]] = {
    "lake": paint_lake,
    "flowers": paint_flowers,
    "table": paint_table,
    "meadow": paint_meadow,
}


def draw_scene(seed: int, width: int = 800, height: int = 533) -> NDArray[np.uint8]:
    """Draws a scene; consecutive seeds show different kinds of scenes.

    Args:
        seed: ≥ 0; the same seed gives the same picture; the seed modulo the number of kinds gives the kind.
        width, height: in pixels, at least 64 each. Another size gives a different picture, not a scaled one.

    Returns:
        uint8 (height, width, 3), sRGB, RGB order, sharp and free of noise.
    """
    if seed < 0 or width < 64 or height < 64:
        raise ValueError(f"need seed ≥ 0 and 64 pixels or more a side, not seed {seed}, {width} by {height}")
    rng = np.random.default_rng(seed)
    canvas = np.zeros((height, width, 3), np.float32)
    list(SCENES.values())[seed % len(SCENES)](canvas, rng)
    # Real light is never perfectly uniform, and real surfaces are never perfectly smooth.
    canvas *= (0.94 + 0.1 * fractal_noise(rng, height, width, 2, octaves=2))[..., None]
    canvas += (0.02 * (fractal_noise(rng, height, width, width / 6, octaves=2) - 0.5))[..., None]
    return (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)
