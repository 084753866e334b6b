"""Brushes for drawn scenes: textures, skies, shapes, round bodies.

A canvas is float32 (h, w, 3), RGB, display-referred (sRGB curve) in [0, 1]; brushes paint on it in place.
A color is three such numbers. Positions and sizes are in pixels, y downward.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Canvas", "Color", "blend", "bokeh", "box", "fractal_noise", "glow", "gradient", "lathe", "pick",
    "polygon", "relief", "rgb", "ridge", "shadow", "smoothstep", "sphere", "strokes", "vary",
]  # fmt: skip

Canvas = NDArray[np.float32]
Color = tuple[float, float, float]
T = TypeVar("T")


def fractal_noise(
    rng: np.random.Generator,
    height: int,
    width: int,
    cells: float,
    octaves: int = 6,
    stretch: float = 1.0,
    gain: float = 0.55,
) -> NDArray[np.float32]:
    """Value noise summed over octaves (fractional Brownian motion).

    Args:
        rng: draws the lattices.
        height, width: of the result.
        cells: lattice cells across the width in the coarsest octave; each octave doubles them.
        octaves: number of octaves; those finer than a pixel are left out.
        stretch: width of a cell divided by its height.
        gain: amplitude ratio of successive octaves; higher is rougher.

    Returns:
        float32 (height, width), scaled to exactly [0, 1].
    """
    total = np.zeros((height, width), np.float32)
    amplitude = 1.0
    for octave in range(octaves):
        cell = width / (cells * 2**octave)
        if octave and cell < 1.5:
            break
        columns, rows = int(width / cell) + 4, int(height * stretch / cell) + 4
        lattice = rng.random((rows, columns), np.float32)
        # The window starts off the lattice points; otherwise all octaves would share one.
        x, y = rng.uniform(0.5, 1.5, 2)
        matrix = np.array([[1 / cell, 0, x], [0, stretch / cell, y]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        layer = cv2.warpAffine(
            lattice, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101
        )
        total += np.float32(amplitude) * np.asarray(layer, np.float32)
        amplitude *= gain
    total -= total.min()
    return total / max(float(total.max()), 1e-6)


def smoothstep(low: float, high: float, value: NDArray[np.float32]) -> NDArray[np.float32]:
    """0 below `low`, 1 above `high`, the cubic 3t² − 2t³ between."""
    t = np.clip((value - low) / (high - low), 0, 1).astype(np.float32)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def relief(surface: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
    """Light from the upper left on a height map: float32, 1 where flat, about 1 ± strength."""
    slope = np.gradient(surface, axis=0) + np.gradient(surface, axis=1)
    return (1 + strength * np.tanh(slope / (2 * float(slope.std()) + 1e-6))).astype(np.float32)


def rgb(colors: ArrayLike) -> NDArray[np.float32]:
    """Colors as arrays: float32, (3,) for one, (n, 3) for several."""
    return np.asarray(colors, np.float32)


def pick(rng: np.random.Generator, palette: Sequence[T]) -> T:
    """Picks one of several colors or other values."""
    return palette[int(rng.integers(len(palette)))]


def vary(rng: np.random.Generator, color: Color, amount: float) -> Color:
    """A variation of a color: lighter or darker, with a slightly different hue, still in [0, 1]."""
    tint = np.asarray(color) * (1 + rng.normal(0, amount) + rng.normal(0, amount / 4, 3))
    red, green, blue = np.clip(tint, 0, 1).tolist()
    return red, green, blue


def gradient(canvas: Canvas, top: Color, bottom: Color, y0: int = 0, y1: int | None = None) -> None:
    """Fills the rows y0 to y1 (by default to the end) with a gradient between two colors."""
    rows = canvas[y0:y1]
    t = np.linspace(0, 1, len(rows), dtype=np.float32)[:, None, None]
    rows[:] = rgb(top) * (1 - t) + rgb(bottom) * t


def blend(canvas: Canvas, paint: ArrayLike, mask: NDArray[np.float32]) -> None:
    """Blends paint (a color, or a picture of the canvas' shape) into the canvas, by mask (h, w) in [0, 1]."""
    canvas += (np.asarray(paint, np.float32) - canvas) * mask[..., None]


def box(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    """The corners of an upright rectangle, for `polygon`."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def polygon(
    canvas: Canvas,
    points: ArrayLike,
    paint: ArrayLike | Callable[[NDArray[np.float32], NDArray[np.float32]], ArrayLike],
    opacity: float = 1.0,
) -> None:
    """Paints a polygon with smooth edges.

    Args:
        canvas: painted on.
        points: (n, 2) x, y.
        paint: a color, a picture (h, w, 3) of the canvas' shape, or a function from the pixel grids x, y of
            the polygon's box to (…, 3).
        opacity: in [0, 1].
    """
    corners = np.asarray(points, np.float64)
    height, width = canvas.shape[:2]
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int) - 1, 0).tolist()
    x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 2, (width, height)).tolist()
    if x0 >= x1 or y0 >= y1:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    fixed = np.round((corners - (x0, y0)) * 16).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, lineType=cv2.LINE_AA, shift=4)
    if callable(paint):
        y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        paint = paint(x, y)
    else:
        paint = np.asarray(paint, np.float32)
        paint = paint[y0:y1, x0:x1] if paint.ndim == 3 else paint
    blend(canvas[y0:y1, x0:x1], paint, mask * np.float32(opacity / 255))


def strokes(
    canvas: Canvas, lines: Sequence[tuple[ArrayLike, Color]], thickness: int = 1, opacity: float = 1.0
) -> None:
    """Paints many smooth lines on top of each other; each has (n, 2) points and a color."""
    layer = (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)
    for points, color in lines:
        path = np.round(np.asarray(points, np.float64) * 16).astype(np.int32)
        level = [float(255 * c) for c in color]
        cv2.polylines(layer, [path], False, level, thickness, cv2.LINE_AA, 4)
    canvas += (layer.astype(np.float32) / 255 - canvas) * np.float32(opacity)


def ridge(rng: np.random.Generator, width: int, cells: float, gain: float = 0.5) -> NDArray[np.float32]:
    """The outline of hills: float32 (width,) over exactly [0, 1]."""
    return np.ascontiguousarray(fractal_noise(rng, 3, width, cells, octaves=9, gain=gain)[1])


def glow(canvas: Canvas, x: float, y: float, radius: float, color: Color, strength: float) -> None:
    """Adds light around a point that fades like a Gaussian with standard deviation `radius`."""
    rows, columns = np.arange(canvas.shape[0]) - y, np.arange(canvas.shape[1]) - x
    light = np.outer(np.exp(-((rows / radius) ** 2) / 2), np.exp(-((columns / radius) ** 2) / 2))
    canvas += (strength * light[..., None] * np.asarray(color)).astype(np.float32)


def shadow(canvas: Canvas, x: float, y: float, radius_x: float, radius_y: float, strength: float) -> None:
    """Darkens an ellipse with soft edges, like the shadow of an object on a table."""
    height, width = canvas.shape[:2]
    x0, x1 = max(int(x - 2 * radius_x), 0), min(int(x + 2 * radius_x), width)
    y0, y1 = max(int(y - 2 * radius_y), 0), min(int(y + 2 * radius_y), height)
    rows, columns = np.mgrid[y0:y1, x0:x1]
    distance = ((columns - x) / radius_x) ** 2 + ((rows - y) / radius_y) ** 2
    canvas[y0:y1, x0:x1] *= (1 - strength * np.exp(-2 * distance**1.5))[..., None].astype(np.float32)


def _lit(
    normal_x: ArrayLike, normal_y: ArrayLike, normal_z: ArrayLike, gloss: float
) -> tuple[ArrayLike, ArrayLike]:
    """Diffuse and specular light (Blinn-Phong) from the upper left on unit normals (z to the viewer)."""
    light = np.array([-0.5, -0.6, 0.62])
    light /= np.linalg.norm(light)
    half = light + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    x, y, z = np.asarray(normal_x), np.asarray(normal_y), np.asarray(normal_z)
    facing = np.maximum(light[0] * x + light[1] * y + light[2] * z, 0)
    shine = np.maximum(half[0] * x + half[1] * y + half[2] * z, 0) ** 60
    return 0.36 + 0.74 * facing, gloss * shine


def sphere(
    canvas: Canvas, x: float, y: float, radius: float, paint: ArrayLike, gloss: float = 0.3, stripes: int = 0
) -> None:
    """Paints a lit ball.

    Args:
        canvas: painted on.
        x, y, radius: of the ball.
        paint: a color, a texture (2r + 3, 2r + 3, 3) or larger, or one color per stripe.
        gloss: strength of the highlight.
        stripes: number of segments; 0 for none.
    """
    height, width = canvas.shape[:2]
    x0, x1 = max(int(x - radius) - 1, 0), min(int(x + radius) + 2, width)
    y0, y1 = max(int(y - radius) - 1, 0), min(int(y + radius) + 2, height)
    if x0 >= x1 or y0 >= y1:
        return
    rows, columns = np.mgrid[y0:y1, x0:x1]
    nx, ny = (columns - x) / radius, (rows - y) / radius
    squared = nx**2 + ny**2
    nz = np.sqrt(np.maximum(1 - squared, 0))
    body = np.asarray(paint, np.float64)
    if stripes:
        # Rotated around the x axis, so that the pole where the segments meet is visible.
        longitude = np.arctan2(nx, 0.5 * ny + 0.87 * nz) - 0.25 * ny
        body = body[(np.floor((longitude / (2 * np.pi) + 0.5) * stripes).astype(int)) % stripes]
    elif body.ndim == 3:
        body = body[: y1 - y0, : x1 - x0]
    diffuse, shine = _lit(nx, ny, nz, gloss)
    lit = body * np.asarray(diffuse)[..., None] + np.asarray(shine)[..., None]
    edge = np.clip(radius * (1 - np.sqrt(squared)) + 0.5, 0, 1).astype(np.float32)
    blend(canvas[y0:y1, x0:x1], lit, edge)


def lathe(canvas: Canvas, x: float, y0: int, radii: ArrayLike, paint: ArrayLike, gloss: float = 0.3) -> None:
    """Paints a lit solid of revolution (vase, cup, bottle) with a round bottom, seen slightly from above.

    Args:
        canvas: painted on.
        x: position of its axis.
        y0: its first row.
        radii: (n,) its radius in each row.
        paint: a color, or (n, 3), one color per row.
        gloss: strength of the highlight.
    """
    radius = np.asarray(radii, np.float64)
    bottom = y0 + len(radius)
    bulge = 0.22 * radius[-1]
    radius = np.concatenate([radius, radius[-1] * np.sqrt(np.linspace(1, 0, int(bulge) + 1))])
    colors = np.broadcast_to(np.asarray(paint, np.float64), (bottom - y0, 3))
    colors = np.concatenate([colors, np.repeat(colors[-1:], len(radius) - len(colors), 0)])
    height, width = canvas.shape[:2]
    half = int(radius.max()) + 2
    x0, x1 = max(int(x) - half, 0), min(int(x) + half + 1, width)
    last = min(y0 + len(radius), height)
    radius, colors = radius[: last - y0, None], colors[: last - y0, None]
    nx = np.clip((np.arange(x0, x1) - x) / np.maximum(radius, 1), -1, 1)
    lean = -np.gradient(radius[:, 0])[:, None]
    length = np.sqrt(1 + np.clip(lean, -1, 1) ** 2)
    diffuse, shine = _lit(nx / length, -np.clip(lean, -1, 1) / length, np.sqrt(1 - nx**2) / length, gloss)
    lit = colors * np.asarray(diffuse)[..., None] + np.asarray(shine)[..., None]
    edge = np.clip(radius - np.abs(np.arange(x0, x1) - x) + 0.5, 0, 1).astype(np.float32)
    blend(canvas[y0:last, x0:x1], lit, edge)


def bokeh(
    canvas: Canvas,
    rng: np.random.Generator,
    count: int,
    radius: float,
    colors: Sequence[Color],
    bottom: float,
) -> None:
    """Paints out-of-focus lights: soft-edged disks above the fraction `bottom` of the height."""
    height, width = canvas.shape[:2]
    for _ in range(count):
        size = radius * rng.uniform(0.5, 1.3)
        x, y = rng.uniform(0, width), rng.uniform(0, height * bottom)
        x0, x1 = max(int(x - size) - 2, 0), min(int(x + size) + 3, width)
        y0, y1 = max(int(y - size) - 2, 0), min(int(y + size) + 3, height)
        rows, columns = np.mgrid[y0:y1, x0:x1]
        distance = np.hypot(columns - x, rows - y)
        disc = np.clip((size - distance) / 3, 0, 1) * (0.75 + 0.25 * (distance / size) ** 4)
        color = np.asarray(vary(rng, colors[int(rng.integers(len(colors)))], 0.12), np.float32)
        canvas[y0:y1, x0:x1] += (rng.uniform(0.12, 0.5) * disc[..., None] * color).astype(np.float32)
