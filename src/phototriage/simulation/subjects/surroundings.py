"""Parts shared by several scenes: daylight, sky, grass, an out-of-focus background."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from phototriage.simulation.painting import (
    Canvas,
    Color,
    blend,
    bokeh,
    fractal_noise,
    glow,
    gradient,
    pick,
    rgb,
    smoothstep,
    strokes,
    vary,
)

__all__ = ["LIGHTS", "Light", "below", "paint_backdrop", "paint_grass", "paint_sky"]


@dataclass(frozen=True)
class Light:
    """The colors of a time of day."""

    zenith: Color
    horizon: Color
    cloud: Color
    cloud_shade: Color
    sun: Color
    tint: Color  # factor for the colors of objects


LIGHTS = (
    Light(
        (0.24, 0.47, 0.78),
        (0.74, 0.86, 0.94),
        (1, 1, 1),
        (0.66, 0.72, 0.80),
        (1, 0.97, 0.85),
        (1, 1, 0.97),
    ),
    Light(
        (0.38, 0.58, 0.80),
        (0.86, 0.90, 0.90),
        (0.98, 0.98, 0.97),
        (0.62, 0.67, 0.73),
        (1, 1, 0.95),
        (0.95, 0.97, 1),
    ),
    Light(
        (0.20, 0.24, 0.46),
        (0.98, 0.68, 0.42),
        (1, 0.78, 0.60),
        (0.45, 0.34, 0.46),
        (1, 0.75, 0.40),
        (0.92, 0.76, 0.66),
    ),
    Light(
        (0.34, 0.44, 0.66),
        (0.99, 0.84, 0.64),
        (1, 0.91, 0.80),
        (0.62, 0.56, 0.62),
        (1, 0.86, 0.55),
        (1, 0.90, 0.76),
    ),
)


def paint_sky(canvas: Canvas, rng: np.random.Generator, light: Light, horizon: int) -> None:
    """Fills the rows above `horizon` with sky, clouds and the glow of the sun."""
    width = canvas.shape[1]
    sky = canvas[:horizon]
    gradient(sky, light.zenith, light.horizon)
    noise = fractal_noise(rng, horizon, width, rng.uniform(2, 4), octaves=7, stretch=2.6, gain=0.5)
    cover = rng.uniform(0.42, 0.58)
    clouds = smoothstep(cover, cover + 0.28, noise)
    under = np.clip(0.5 + 6 * (noise - np.roll(noise, -max(horizon // 40, 1), 0)), 0, 1)[..., None]
    shade = rgb(light.cloud) * under + rgb(light.cloud_shade) * (1 - under)
    fade = np.linspace(0.95, 0.45, horizon, dtype=np.float32)[:, None]
    blend(sky, shade, clouds * fade)
    glow(sky, rng.uniform(0.1, 0.9) * width, horizon * rng.uniform(0.5, 1), width * 0.16, light.sun, 0.28)


def below(canvas: Canvas, outline: NDArray[np.float32], bottom: int) -> NDArray[np.float32]:
    """Mask (h, w) of the area below an outline, smooth at its edge, down to the row `bottom`."""
    rows = np.arange(canvas.shape[0], dtype=np.float32)[:, None]
    return np.asarray(np.clip(rows - outline + 0.5, 0, 1) * (rows < bottom), np.float32)


def paint_grass(
    canvas: Canvas,
    rng: np.random.Generator,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    size: float,
    light: Light,
) -> None:
    """Paints blades of grass at the given points, bent by the wind."""
    tall = size * rng.uniform(0.35, 1.1, len(x))
    bend = tall * rng.normal(0.12, 0.22, len(x))
    lines: list[tuple[ArrayLike, Color]] = []
    greens: tuple[Color, ...] = (
        (0.36, 0.48, 0.16),
        (0.24, 0.38, 0.12),
        (0.55, 0.56, 0.26),
        (0.16, 0.28, 0.10),
    )
    for i in range(len(x)):
        t = np.linspace(0, 1, 5)
        path = np.stack([x[i] + bend[i] * t**2, y[i] - tall[i] * t], 1)
        red, green, blue = vary(rng, pick(rng, greens), 0.15)
        lines.append((path, (red * light.tint[0], green * light.tint[1], blue * light.tint[2])))
    strokes(canvas, lines)


def paint_backdrop(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paints a strongly out-of-focus background: leaves by day or lights in the evening."""
    height, width = canvas.shape[:2]
    grounds: tuple[tuple[Color, Color], ...] = (
        ((0.42, 0.55, 0.32), (0.16, 0.26, 0.14)), ((0.16, 0.18, 0.30), (0.10, 0.08, 0.12)),
        ((0.72, 0.62, 0.42), (0.34, 0.28, 0.18)), ((0.52, 0.64, 0.72), (0.24, 0.34, 0.30)),
    )  # fmt: skip
    kind = int(rng.integers(len(grounds)))
    gradient(canvas, *grounds[kind])
    canvas *= (0.6 + 0.8 * fractal_noise(rng, height, width, 4, octaves=3))[..., None]
    lights: tuple[tuple[Color, ...], ...] = (
        ((0.75, 0.9, 0.5), (0.9, 0.95, 0.7)), ((1, 0.7, 0.3), (1, 0.4, 0.25), (0.4, 0.6, 1), (1, 0.9, 0.6)),
        ((1, 0.85, 0.5), (1, 0.95, 0.75)), ((0.85, 0.95, 0.9), (0.7, 0.85, 1)),
    )  # fmt: skip
    bokeh(canvas, rng, 55, height * 0.06, lights[kind], 0.95)
    canvas[:] = np.asarray(cv2.GaussianBlur(canvas, (0, 0), 1.6), np.float32)
