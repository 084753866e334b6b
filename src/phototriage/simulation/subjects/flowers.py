"""Large flowers in front of an out-of-focus garden."""

import numpy as np
from numpy.typing import NDArray

from phototriage.simulation.painting import Canvas, Color, pick, polygon, rgb, sphere, strokes, vary
from phototriage.simulation.subjects.surroundings import paint_backdrop

__all__ = ["paint_flowers"]


def paint_flowers(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paints one to three large flowers with veined petals, in focus in front of a blurred garden."""
    height, width = canvas.shape[:2]
    paint_backdrop(canvas, rng)
    count = int(rng.integers(1, 4))
    petal = pick(
        rng,
        (
            (0.97, 0.76, 0.12),
            (0.90, 0.36, 0.48),
            (0.96, 0.95, 0.92),
            (0.62, 0.42, 0.80),
            (0.93, 0.44, 0.16),
        ),
    )
    places = np.array([0.5]) if count == 1 else np.linspace(0.26, 0.74, count)
    for place in rng.permutation(places):
        x = width * (place + rng.uniform(-0.04, 0.04))
        y = height * rng.uniform(0.34, 0.52)
        size = height * (0.30 if count == 1 else 0.20) * rng.uniform(0.88, 1.1)
        _stem(canvas, rng, x, y, size)
        _flower(canvas, rng, x, y, size, vary(rng, petal, 0.04))


def _petal(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    y: float,
    angle: float,
    size: float,
    color: Color,
    slim: float,
) -> None:
    """Paints a petal or leaf from its base at x, y, lit along its middle, with veins."""
    t = np.linspace(0, 1, 16)
    half = size * slim * np.sin(np.pi * t**0.75) ** 0.8
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    bend = size * rng.normal(0, 0.05) * t**2
    middle = np.array([x, y]) + size * t[:, None] * along + bend[:, None] * across
    outline = np.concatenate([middle + half[:, None] * across, (middle - half[:, None] * across)[::-1]])
    base = rgb(color)

    def surface(px: NDArray[np.float32], py: NDArray[np.float32]) -> NDArray[np.float32]:
        u = ((px - x) * along[0] + (py - y) * along[1]) / size
        v = ((px - x) * across[0] + (py - y) * across[1]) / (size * slim)
        lit = (
            0.72
            + 0.34 * u
            + 0.16 * np.cos(2.4 * v)
            + 0.07 * np.sin(19 * v + 3 * u)
            - 0.12 * v * np.sin(angle + 0.8)
        )
        return np.asarray(lit[..., None] * base, np.float32)

    polygon(canvas, outline + np.array([2, 3]), rgb(color) * 0.25, 0.35)
    polygon(canvas, outline, surface)
    vein = (float(base[0] * 0.72), float(base[1] * 0.68), float(base[2] * 0.7))
    x0, y0 = np.maximum(outline.min(0).astype(int) - 2, 0)
    x1, y1 = outline.max(0).astype(int) + 3
    if x1 > x0 and y1 > y0:
        ways = [
            middle[:14] + (s * 0.55 * half[:14, None]) * across - (x0, y0)
            for s in (-0.9, -0.45, 0, 0.45, 0.9)
        ]
        strokes(canvas[y0:y1, x0:x1], [(way, vein) for way in ways], opacity=0.5)


def _stem(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    height = canvas.shape[0]
    t = np.linspace(0, 1, 20)
    sway = size * rng.uniform(-0.5, 0.5)
    path = np.stack([x + sway * t**2, y + (height * 1.03 - y) * t], 1)
    side_step = np.array([max(size * 0.045, 2), 0])
    polygon(
        canvas,
        np.concatenate([path - side_step, path[::-1] + side_step]),
        lambda px, py: (0.9 - 0.25 * np.sin((px - x) * 0.5))[..., None] * rgb((0.34, 0.47, 0.20)),
    )
    for spot, side in ((9, -1), (13, 1)):
        angle = (np.pi if side < 0 else 0.0) - side * rng.uniform(0.1, 0.6)
        _petal(
            canvas,
            rng,
            float(path[spot, 0]),
            float(path[spot, 1]),
            angle,
            size * rng.uniform(0.7, 0.95),
            vary(rng, (0.32, 0.48, 0.20), 0.1),
            0.2,
        )


def _flower(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float, color: Color) -> None:
    """Paints two rings of petals around a head of seeds arranged in the golden angle."""
    petals = int(rng.integers(11, 18))
    for ring, (reach, shade) in enumerate(((1.0, 0.82), (0.86, 1.0))):
        turns = (np.arange(petals) + 0.5 * ring) * 2 * np.pi / petals + rng.normal(0, 0.05, petals)
        for turn in rng.permutation(turns):
            tone = vary(rng, (color[0] * shade, color[1] * shade, color[2] * shade), 0.04)
            _petal(
                canvas,
                rng,
                x + 0.2 * size * np.cos(turn),
                y + 0.2 * size * np.sin(turn),
                float(turn),
                size * reach * rng.uniform(0.74, 0.84),
                tone,
                0.17,
            )
    heart = size * 0.32
    sphere(canvas, x, y, heart, (0.30, 0.19, 0.08), 0.0)
    seeds = 260
    for i in range(seeds, 0, -1):
        radius, turn = heart * 0.97 * (i / seeds) ** 0.5, i * 2.39996
        tone = (0.36, 0.22, 0.07) if i < seeds * 0.4 else (0.74, 0.52, 0.14)
        sphere(
            canvas,
            x + radius * np.cos(turn),
            y + radius * np.sin(turn),
            max(heart * 0.055, 1.2),
            vary(rng, tone, 0.15),
            0.1,
        )
