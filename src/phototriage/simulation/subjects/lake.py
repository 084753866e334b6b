"""Mountains with snow and firs above a lake."""

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.simulation.painting import (
    Canvas,
    Color,
    blend,
    fractal_noise,
    pick,
    polygon,
    relief,
    rgb,
    ridge,
    smoothstep,
    vary,
)
from phototriage.simulation.subjects.surroundings import LIGHTS, Light, below, paint_grass, paint_sky

__all__ = ["paint_lake"]


def paint_lake(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paints mountains with snow and firs above a lake that reflects them."""
    height, width = canvas.shape[:2]
    light = pick(rng, LIGHTS)
    tint = rgb(light.tint)
    shore = int(height * rng.uniform(0.56, 0.66))
    paint_sky(canvas, rng, light, shore)
    haze = rgb(light.horizon)
    rows = np.arange(height, dtype=np.float32)[:, None]
    for distance in (0.75, 0.45, 0.15):
        top = height * (0.10 + 0.32 * (1 - distance) + rng.uniform(0, 0.06))
        rise = height * (0.34 * distance + 0.10)
        outline = (top + rise * (1 - ridge(rng, width, rng.uniform(2, 4), 0.5))).astype(np.float32)
        rock = fractal_noise(rng, height, width, 7, octaves=8, gain=0.66)
        shading = relief(rock, 0.55)[..., None]
        color = rgb((0.36, 0.37, 0.40)) if distance > 0.3 else rgb((0.20, 0.30, 0.17))
        body = color * tint * shading * (0.8 + 0.4 * rock[..., None])
        if distance > 0.3:
            depth = rows - outline
            snow = smoothstep(0.45, 0.60, rock + (height * 0.10 - depth) / (height * 0.34))
            blend(body, rgb((0.95, 0.97, 1.0)) * tint * (0.6 + 0.4 * shading), snow)
            wood = smoothstep(0.30, 0.6, (depth - rise * 0.55) / height * 3 + rock - 0.5)
            blend(body, rgb((0.17, 0.27, 0.19)) * tint * shading, wood)
        body = body * (1 - 0.62 * distance) + haze * 0.62 * distance
        blend(canvas, body, below(canvas, outline, shore))
    bank = shore - height * 0.015 - height * 0.05 * ridge(rng, width, 3)
    green = (0.13 * light.tint[0], 0.24 * light.tint[1], 0.14 * light.tint[2])
    _conifers(canvas, rng, bank, height * 0.12, green)
    blend(
        canvas,
        rgb((0.30, 0.33, 0.20)) * tint,
        below(canvas, (bank + height * 0.02).astype(np.float32), shore),
    )
    canvas[shore:] = 0
    _mirror(canvas, rng, shore, light)
    _bank(canvas, rng, light)


def _conifers(
    canvas: Canvas, rng: np.random.Generator, outline: NDArray[np.float32], size: float, color: Color
) -> None:
    """Paints firs along an outline, one every few pixels."""
    width = canvas.shape[1]
    for x in np.arange(0, width, size * 0.16) + rng.uniform(-2, 2):
        tall = size * rng.uniform(0.45, 1.1)
        foot = outline[min(max(int(x), 0), width - 1)] + size * rng.uniform(0, 0.35)
        steps = 7
        down = np.repeat(np.arange(1, steps + 1), 2) / steps
        reach = tall * 0.21 * down * np.tile([1.0, 0.62], steps) * rng.uniform(0.8, 1.2, 2 * steps)
        left = np.stack([x - reach, foot - tall * (1 - down)], 1)
        right = np.stack([x + reach, foot - tall * (1 - down)], 1)
        polygon(canvas, [(x, foot - tall), *right.tolist(), *left[::-1].tolist()], vary(rng, color, 0.18))


def _mirror(canvas: Canvas, rng: np.random.Generator, shore: int, light: Light) -> None:
    """Fills the rows from `shore` on with water that reflects the content above, distorted by waves."""
    height, width = canvas.shape[:2]
    deep = height - shore
    y, x = np.mgrid[0:deep, 0:width].astype(np.float32)
    waves = fractal_noise(rng, deep, width, 24, octaves=5, stretch=9) - 0.5
    near = y / deep
    mirrored = cv2.remap(
        canvas[:shore],
        (x + 10 * waves * (0.2 + near)).astype(np.float32),
        (shore - 1 - y * 1.25 + 46 * waves * (0.08 + near)).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    water = rgb((0.12, 0.24, 0.30)) * rgb(light.tint)
    surface = (
        np.asarray(mirrored, np.float32) * (0.86 - 0.30 * near[..., None]) + water * 0.35 * near[..., None]
    )
    surface += (0.5 * np.maximum(waves - 0.12, 0) * near)[..., None] * rgb(light.horizon)
    canvas[shore:] = surface


def _bank(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Paints stones and reeds at the lower edge."""
    height, width = canvas.shape[:2]
    for _ in range(46):
        x, y = rng.uniform(0, width), height * (1 - abs(rng.normal(0, 0.045)))
        size = height * rng.uniform(0.014, 0.05)
        around = np.sort(rng.uniform(0, 2 * np.pi, 11))
        reach = size * rng.uniform(0.75, 1.1, 11)
        points = np.stack([x + 1.5 * reach * np.cos(around), y + 0.75 * reach * np.sin(around)], 1)
        grain = fractal_noise(rng, height // 4, height // 4, 40, octaves=3)
        grey = rgb(vary(rng, (0.46, 0.44, 0.41), 0.2)) * rgb(light.tint)

        def stone(
            px: NDArray[np.float32], py: NDArray[np.float32], y: float = y, size: float = size,
            grain: NDArray[np.float32] = grain, grey: NDArray[np.float32] = grey,
        ) -> NDArray[np.float32]:  # fmt: skip
            lit = 0.78 - 0.5 * (py - y) / size
            return (lit * (0.7 + 0.6 * grain[: px.shape[0], : px.shape[1]]))[..., None] * grey

        polygon(canvas, points, stone)
    foot = rng.uniform(0, 0.25) * width if rng.random() < 0.5 else rng.uniform(0.75, 1) * width
    paint_grass(
        canvas, rng, foot + rng.normal(0, width * 0.09, 260), np.full(260, height + 4.0), height * 0.16, light
    )
