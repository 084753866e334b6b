"""A still life on a wooden table next to a window."""

import numpy as np
from numpy.typing import NDArray

from phototriage.simulation.painting import (
    Canvas,
    Color,
    blend,
    fractal_noise,
    gradient,
    lathe,
    pick,
    polygon,
    relief,
    rgb,
    shadow,
    sphere,
    strokes,
    vary,
)

__all__ = ["paint_table"]


def paint_table(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paints a still life: fruit, a vase or bottle, a cup and a book on a wooden table next to a window."""
    height, width = canvas.shape[:2]
    edge = int(height * rng.uniform(0.46, 0.54))
    wall = vary(
        rng,
        pick(rng, ((0.66, 0.70, 0.66), (0.74, 0.66, 0.58), (0.48, 0.56, 0.62), (0.80, 0.76, 0.68))),
        0.06,
    )
    dim = (wall[0] * 0.62, wall[1] * 0.6, wall[2] * 0.6)
    gradient(canvas, wall, dim, 0, edge)
    plaster = fractal_noise(rng, edge, width, 20, octaves=6, gain=0.8)
    canvas[:edge] *= relief(plaster, 0.05)[..., None]
    for pane_x in (0.0, 0.13):  # light of a window on the wall
        for pane_y in (0.0, 0.19):
            x, y = width * (0.10 + pane_x), height * (0.04 + pane_y)
            polygon(
                canvas,
                [
                    (x, y),
                    (x + width * 0.115, y + height * 0.03),
                    (x + width * 0.115, y + height * 0.195),
                    (x, y + height * 0.165),
                ],
                (1.0, 0.96, 0.84),
                0.38,
            )
    _planks(canvas, rng, edge)
    if rng.random() < 0.5:
        _cloth(canvas, rng, edge)
    scale = height * 0.01
    x = width * rng.uniform(0.2, 0.3)
    _book(canvas, rng, width * rng.uniform(0.60, 0.70), height * rng.uniform(0.80, 0.88), width * 0.17)
    shape = np.linspace(0, 1, int(34 * scale))
    vase = (
        5.5 + 4.8 * np.sin(np.pi * shape**1.35) * shape**0.5 - 2.5 * np.exp(-(((shape - 0.13) / 0.1) ** 2))
    ) * scale
    foot = int(height * 0.66)
    glaze = vary(
        rng,
        pick(rng, ((0.20, 0.42, 0.55), (0.72, 0.34, 0.22), (0.88, 0.86, 0.80), (0.22, 0.40, 0.30))),
        0.08,
    )
    bands = 1 + 0.25 * ((np.abs(shape - 0.55) < 0.035) | (np.abs(shape - 0.68) < 0.02))[:, None]
    shadow(canvas, x + 9 * scale, foot + scale, 16 * scale, 3 * scale, 0.6)
    _sprigs(canvas, rng, x, foot - 33 * scale, 22 * scale)
    lathe(canvas, x, foot - len(shape), vase, np.asarray(glaze) * bands, 0.7)
    mug_x, mug_foot = width * rng.uniform(0.44, 0.52), int(height * 0.68)
    china = vary(
        rng,
        pick(rng, ((0.94, 0.93, 0.90), (0.80, 0.28, 0.24), (0.26, 0.44, 0.60), (0.95, 0.78, 0.36))),
        0.05,
    )
    shadow(canvas, mug_x + 7 * scale, mug_foot + scale, 12 * scale, 2.6 * scale, 0.6)
    handle = np.linspace(-1.9, 1.9, 24)
    path = np.stack(
        [
            mug_x + 6.3 * scale + 4.2 * scale * np.cos(handle),
            mug_foot - 7 * scale + 4.5 * scale * np.sin(handle),
        ],
        1,
    )
    strokes(
        canvas, [(path, (china[0] * 0.6, china[1] * 0.6, china[2] * 0.6))], thickness=max(int(2 * scale), 1)
    )
    lathe(canvas, mug_x, int(mug_foot - 14 * scale), np.full(int(14 * scale), 7.2 * scale), china, 0.5)
    around = np.linspace(0, 2 * np.pi, 60)
    rim = np.stack(
        [np.cos(around) * 7.2 * scale + mug_x, np.sin(around) * 1.7 * scale + mug_foot - 14 * scale], 1
    )
    polygon(canvas, rim, np.asarray(china) * 0.95)
    polygon(
        canvas,
        (rim - (mug_x, mug_foot - 14 * scale)) * 0.88 + (mug_x, mug_foot - 13.6 * scale),
        (0.20, 0.11, 0.06),
    )
    places = np.linspace(0.2, 0.82, int(rng.integers(4, 7)))
    for foot_y in np.sort(rng.uniform(0.76, 0.93, len(places))):
        place, places = places[0], rng.permutation(places[1:])
        _fruit(canvas, rng, width * place, height * foot_y, scale * rng.uniform(4.6, 6.2))


def _planks(canvas: Canvas, rng: np.random.Generator, edge: int) -> None:
    """Paints a table of horizontal boards with grain and joints, darker toward its far edge."""
    height, width = canvas.shape[:2]
    deep = height - edge
    wood = rgb(vary(rng, pick(rng, ((0.60, 0.40, 0.24), (0.74, 0.56, 0.37), (0.42, 0.28, 0.19))), 0.08))
    grain = fractal_noise(rng, deep, width, 4, octaves=8, stretch=16, gain=0.72)
    rings = 0.5 + 0.5 * np.sin(70 * fractal_noise(rng, deep, width, 2, octaves=3, stretch=7))
    table = wood * (0.62 + 0.5 * grain + 0.12 * rings)[..., None]
    joints = edge + deep * np.cumsum([0.08, 0.13, 0.19, 0.26])
    for joint in joints.astype(int) - edge:
        table[: max(joint, 1)] *= np.float32(rng.uniform(0.93, 1.07))
        table[joint : joint + 2] *= np.float32(0.45)
        table[joint + 2 : joint + 3] *= np.float32(1.18)
    table *= np.linspace(0.8, 1.12, deep, dtype=np.float32)[:, None, None]
    table *= np.linspace(1.12, 0.82, width, dtype=np.float32)[None, :, None]
    canvas[edge:] = table


def _cloth(canvas: Canvas, rng: np.random.Generator, edge: int) -> None:
    """Paints a checkered cloth with a visible weave over part of the table."""
    height, width = canvas.shape[:2]
    color = rgb(vary(rng, pick(rng, ((0.75, 0.2, 0.2), (0.2, 0.36, 0.6), (0.3, 0.5, 0.34))), 0.08))

    def weave(px: NDArray[np.float32], py: NDArray[np.float32]) -> NDArray[np.float32]:
        u, v = (px - 0.5 * py) / (width * 0.024), (py + 0.05 * px) / (height * 0.03)
        share = 0.5 * (np.floor(u) % 2) + 0.5 * (np.floor(v) % 2)
        thread = 0.92 + 0.1 * np.sin(px * 2.1) * np.sin(py * 2.3)
        checks = (1 - share)[..., None] * rgb((0.95, 0.94, 0.9)) + share[..., None] * color
        return np.asarray(checks * thread[..., None], np.float32)

    y0, y1 = edge + (height - edge) * 0.36, height * 1.02
    polygon(
        canvas,
        [(width * 0.16, y0 + 3), (width * 0.66, y0 - 3), (width * 0.84, y1), (width * 0.02, y1)],
        (0.1, 0.06, 0.04),
        0.35,
    )
    polygon(
        canvas, [(width * 0.17, y0), (width * 0.65, y0 - 6), (width * 0.82, y1), (width * 0.04, y1)], weave
    )


def _sprigs(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    """Paints stems with leaves and blossoms in a vase whose mouth is at x, y."""
    blossom = vary(
        rng,
        pick(rng, ((0.92, 0.45, 0.52), (0.96, 0.82, 0.30), (0.94, 0.92, 0.88), (0.62, 0.48, 0.80))),
        0.05,
    )
    for lean in np.linspace(-0.75, 0.75, 7) + rng.normal(0, 0.08, 7):
        t = np.linspace(0, 1, 12)
        tall = size * rng.uniform(0.7, 1.0)
        stem = np.stack([x + tall * lean * t**1.4, y - tall * t * (1 - 0.2 * abs(lean)) + 6 * (1 - t)], 1)
        strokes(canvas, [(stem, (0.24, 0.36, 0.16))], thickness=2)
        for px, py in stem[3:]:
            for side in (-1, 1):
                reach = size * rng.uniform(0.08, 0.15)
                tip = (px + side * reach, py - reach * rng.uniform(0.2, 0.9))
                bend = ((px + tip[0]) / 2, (py + tip[1]) / 2 - reach * 0.35)
                back = ((px + tip[0]) / 2, (py + tip[1]) / 2 + reach * 0.15)
                polygon(canvas, [(px, py), bend, tip, back], vary(rng, (0.30, 0.45, 0.20), 0.2))
        px, py = stem[-1]
        for _ in range(9):
            dx, dy = rng.normal(0, size * 0.045, 2)
            sphere(canvas, px + dx, py + dy, size * rng.uniform(0.03, 0.06), vary(rng, blossom, 0.1), 0.05)


def _fruit(canvas: Canvas, rng: np.random.Generator, x: float, foot: float, radius: float) -> None:
    """Paints an orange, apple, lemon or plum with freckled skin."""
    skins: tuple[Color, ...] = (
        (0.94, 0.54, 0.12),
        (0.74, 0.13, 0.12),
        (0.58, 0.68, 0.20),
        (0.93, 0.80, 0.22),
        (0.34, 0.14, 0.26),
    )
    kind = int(rng.integers(len(skins)))
    side = int(2 * radius) + 4
    grain = fractal_noise(rng, side, side, 10 if kind == 0 else 3, octaves=5, gain=0.8)
    skin = rgb(vary(rng, skins[kind], 0.07)) * (
        relief(grain, 0.16)[..., None] if kind == 0 else (0.75 + 0.45 * grain[..., None])
    )
    if kind in (1, 2):
        freckles = (rng.random((side, side)) > 0.985).astype(np.float32)
        blend(skin, (0.90, 0.82, 0.55), freckles * 0.7)
    shadow(canvas, x + radius * 0.7, foot, radius * 1.35, radius * 0.36, 0.65)
    sphere(canvas, x, foot - radius * 0.9, radius, skin, 0.45)
    if kind in (1, 2, 4):
        top = foot - radius * 1.72
        strokes(
            canvas,
            [([(x, top + radius * 0.14), (x + radius * 0.1, top - radius * 0.18)], (0.24, 0.16, 0.08))],
            thickness=2,
        )


def _book(canvas: Canvas, rng: np.random.Generator, x: float, y: float, wide: float) -> None:
    """Paints an open book with lines of print."""
    tall = wide * 0.62
    paper = rgb((0.93, 0.91, 0.84))
    shadow(canvas, x + wide * 0.1, y - tall * 0.3, wide * 1.25, tall * 0.7, 0.45)
    lines = []
    for side in (-1, 1):
        far, near = (x + side * wide * 0.84, y - tall), (x + side * wide, y)
        page = [(x, y - tall * 0.97), far, near, (x, y + tall * 0.05)]
        polygon(
            canvas,
            page,
            lambda px, py: (0.72 + 0.3 * np.minimum(np.abs(px - x) / (wide * 0.3), 1))[..., None] * paper,
        )
        for row in np.linspace(0.12, 0.9, 15):
            outer = x + side * wide * (0.84 + 0.16 * row) * 0.9
            start, end = sorted((x + side * wide * 0.09, outer))
            level = y - tall * (1 - row)
            while start < end - 4:
                word = min(rng.uniform(5, 17), end - start)
                lines.append(([(start, level), (start + word - 3, level)], (0.30, 0.28, 0.27)))
                start += word + 1
    strokes(canvas, lines)
