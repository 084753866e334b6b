"""Rolling fields with trees, poppies and hot-air balloons."""

import cv2
import numpy as np

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
    shadow,
    sphere,
    strokes,
    vary,
)
from phototriage.simulation.subjects.surroundings import LIGHTS, Light, below, paint_grass, paint_sky

__all__ = ["paint_meadow"]


def paint_meadow(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paints rolling fields with trees, flowers in front, and sometimes hot-air balloons."""
    height, width = canvas.shape[:2]
    light = pick(rng, LIGHTS)
    tint = rgb(light.tint)
    horizon = int(height * rng.uniform(0.45, 0.58))
    paint_sky(canvas, rng, light, horizon + height // 8)
    if rng.random() < 0.6:
        for _ in range(int(rng.integers(1, 5))):
            _balloon(
                canvas,
                rng,
                rng.uniform(0.12, 0.88) * width,
                rng.uniform(0.12, 0.32) * height,
                height * rng.uniform(0.025, 0.085),
            )
    fields: tuple[Color, ...] = (
        (0.33, 0.42, 0.30),
        (0.45, 0.50, 0.22),
        (0.62, 0.56, 0.25),
        (0.30, 0.42, 0.14),
    )
    for layer in range(4):
        near = layer / 3
        top = horizon + height * 0.34 * near**1.5
        outline = (top - height * (0.09 - 0.03 * near) * ridge(rng, width, rng.uniform(1, 2), 0.3)).astype(
            np.float32
        )
        grain = fractal_noise(
            rng, height, width, 14 + 20 * near, octaves=6, stretch=4 - 2.4 * near, gain=0.75
        )
        color = rgb(vary(rng, fields[layer], 0.1)) * tint
        body = color * (0.62 + 0.76 * grain[..., None]) * relief(grain, 0.16 + 0.14 * near)[..., None]
        body = body * (0.55 + 0.45 * near) + rgb(light.horizon) * (0.36 * (1 - near))
        blend(canvas, body, below(canvas, outline, height))
        if layer == 3:
            break
        for _ in range(int(rng.integers(4, 9)) - 2 * layer):
            x = rng.uniform(0, width)
            foot = float(outline[int(x)]) + height * 0.012
            size = height * (0.05 + 0.15 * near + rng.uniform(0, 0.04))
            shadow(canvas, x + size * 0.25, foot, size * 0.5, size * 0.08, 0.45)
            _tree(canvas, rng, x, foot, size, light)
    if rng.random() < 0.75:
        x, foot, size = rng.choice([0.22, 0.78]) * width, height * 0.80, height * rng.uniform(0.5, 0.64)
        shadow(canvas, x + size * 0.25, foot, size * 0.6, size * 0.08, 0.5)
        _tree(canvas, rng, x, foot, size, light)
    depth = np.sort(rng.random(1500))
    paint_grass(
        canvas, rng, rng.uniform(0, width, 1500), height * (0.80 + 0.26 * depth), height * 0.075, light
    )
    petals = vary(
        rng,
        pick(rng, ((0.86, 0.20, 0.16), (0.96, 0.85, 0.25), (0.97, 0.96, 0.93), (0.55, 0.36, 0.76))),
        0.05,
    )
    for depth_of in np.sort(rng.random(90)):
        size = height * (0.003 + 0.009 * depth_of)
        x, y = rng.uniform(0, width), height * (0.79 + 0.2 * depth_of)
        color = rgb(vary(rng, petals, 0.1)) * tint
        for turn in rng.uniform(0, 1.2) + np.arange(5) * 2 * np.pi / 5:
            sphere(canvas, x + size * np.cos(turn), y + 0.7 * size * np.sin(turn), size * 0.62, color, 0.0)
        sphere(canvas, x, y, size * 0.5, (0.35, 0.25, 0.08), 0.0)


def _tree(canvas: Canvas, rng: np.random.Generator, x: float, foot: float, size: float, light: Light) -> None:
    """Paints a broad-leaved tree: a trunk and a crown of small leaves, lighter toward the upper left."""
    tint = rgb(light.tint)
    bark = rgb((0.26, 0.19, 0.13)) * tint
    trunk = size * 0.045
    polygon(
        canvas,
        [
            (x - trunk, foot),
            (x - trunk * 0.6, foot - size * 0.6),
            (x + trunk * 0.6, foot - size * 0.6),
            (x + trunk * 1.2, foot),
        ],
        bark,
    )
    clumps = np.clip(rng.normal(0, 1, (26, 2)), -1.6, 1.6) * (size * 0.15, size * 0.13) + (
        x,
        foot - size * 0.64,
    )
    count = int(min(3000, 11 * size))
    spots = clumps[rng.integers(len(clumps), size=count)] + rng.normal(0, size * 0.042, (count, 2))
    leaf = rgb(vary(rng, (0.36, 0.46, 0.15), 0.16)) * tint
    lit = np.clip(
        0.62 - (spots[:, 0] - x + spots[:, 1] - foot + size * 0.64) / size * 0.95 + rng.normal(0, 0.2, count),
        0.3,
        1.5,
    )
    order = np.argsort(lit)
    layer = (np.clip(canvas, 0, 1) * 255).astype(np.uint8)
    for (px, py), shade in zip(
        np.round(spots[order] * 16).astype(int).tolist(), lit[order].tolist(), strict=True
    ):
        color = [float(255 * min(c * shade, 1)) for c in leaf]
        cv2.circle(layer, (px, py), int(16 * max(size * 0.011, 1.0)), color, -1, cv2.LINE_AA, 4)
    canvas[:] = layer.astype(np.float32) / 255


def _balloon(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    """A hot-air balloon with its basket."""
    colors = rng.permutation(
        rgb([(0.85, 0.22, 0.18), (0.96, 0.76, 0.2), (0.2, 0.42, 0.72), (0.95, 0.93, 0.88)])
    )
    dark = (0.28, 0.2, 0.14)
    polygon(
        canvas,
        [
            (x - size * 0.8, y + size * 0.58),
            (x + size * 0.8, y + size * 0.58),
            (x + size * 0.16, y + size * 1.5),
            (x - size * 0.16, y + size * 1.5),
        ],
        colors[0] * 0.75,
    )
    sphere(canvas, x, y, size, np.tile(colors[:3], (6, 1)), 0.12, stripes=18)
    strokes(
        canvas,
        [
            ([(x + s * size * 0.15, y + size * 1.5), (x + s * size * 0.12, y + size * 1.78)], dark)
            for s in (-1, 1)
        ],
    )
    polygon(
        canvas,
        [
            (x - size * 0.15, y + size * 1.75),
            (x + size * 0.15, y + size * 1.75),
            (x + size * 0.12, y + size * 2),
            (x - size * 0.12, y + size * 2),
        ],
        dark,
    )
