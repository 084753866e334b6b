"""A simulated camera that photographs a clean picture with known faults.

The steps follow the path of light: framing → linear light → blur of the lens and of the hand → exposure and
clipping → sensor noise → white balance → sRGB → 8 bits. JPEG compression is left to the caller.
"""

import math
from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Take", "blur_by_defocus", "blur_by_motion", "from_linear", "penalty", "photograph", "to_linear"]

REFERENCE_SIDE = 800  # sizes in pixels refer to this long side
MID_GREY = 0.18  # linear reflectance of a photographer's grey card
READ_NOISE_SHARE = 0.1  # share of the variance at mid grey that does not depend on the light
FINE_JPEG = 95  # compression is invisible from here on


@dataclass(frozen=True)
class Take:
    """The faults of one take. The defaults are a perfect take.

    Lengths are pixels of a photo whose long side is 800; they scale with the photo.
    """

    motion_blur: float = 0.0  # length of the streak, px, ≥ 0
    motion_angle: float = 0.0  # its direction, degrees counterclockwise from the x axis
    defocus: float = 0.0  # radius of the disk that a point becomes, px, ≥ 0
    exposure: float = 0.0  # EV from the correct exposure; +1 doubles the light
    noise: float = 0.0  # standard deviation at mid grey in linear light (full scale 1), ≥ 0
    white_balance: float = 0.0  # ln of (red gain / blue gain); positive is too warm
    shift_x: float = 0.0  # shift of the content to the right, px
    shift_y: float = 0.0  # shift of the content downward, px
    rotation: float = 0.0  # counterclockwise rotation of the content, degrees
    zoom: float = 1.0  # enlargement of the content, > 0
    jpeg_quality: int = FINE_JPEG  # 1 to 100, as in Pillow

    def __post_init__(self) -> None:
        for field in fields(self):
            if not math.isfinite(getattr(self, field.name)):
                raise ValueError(f"{field.name} must be a finite number, not {getattr(self, field.name)}")
        for name in ("motion_blur", "defocus", "noise"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, not {getattr(self, name)}")
        if self.zoom <= 0:
            raise ValueError(f"zoom must be above 0, not {self.zoom}")
        if isinstance(self.jpeg_quality, float) or not 1 <= self.jpeg_quality <= 100:
            raise ValueError(f"jpeg_quality must be a whole number from 1 to 100, not {self.jpeg_quality}")


def penalty(take: Take) -> float:
    """How much worse a take is than a perfect one, in log-odds: P(a over b) = σ(penalty(b) − penalty(a)).

    The sum has one term per fault. Each term is 0 for a perfect take and grows with the fault. Blur counts
    logarithmically (each doubling hurts about equally), exposure and color count quadratically (small errors
    are invisible), and framing counts linearly. The weights are a choice of this simulator: the largest
    faults in bursts cost about 2 to 3 (a preference of 88 to 95 %). They are not fitted to people.

    Returns:
        A number ≥ 0; 0 only without any fault.
    """
    overexposed = max(take.exposure, 0.0)
    underexposed = max(-take.exposure, 0.0)
    return (
        1.1 * math.log1p(take.motion_blur / 1.5)
        + 1.3 * math.log1p(take.defocus)
        + 1.3 * overexposed**2  # lost highlights cannot be recovered, dark shadows can
        + 0.9 * underexposed**2
        + 22.0 * take.noise
        + 8.0 * take.white_balance**2
        + math.hypot(take.shift_x, take.shift_y) / 24
        + abs(take.rotation) / 3
        + 6.0 * abs(math.log(take.zoom))
        + max(FINE_JPEG - take.jpeg_quality, 0) / 40
    )


def photograph(
    scene: NDArray[np.uint8], take: Take, rng: np.random.Generator, size: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """Takes one photo of a scene.

    Args:
        scene: uint8 (h, w, 3), sRGB, RGB order.
        take: the faults of this take.
        rng: draws the noise; unused if `take.noise` is 0.
        size: (height, width) of the photo, in the middle of the scene; by default the whole scene. A smaller
            photo leaves real content around it for shifts and rotations; beyond the scene's edge, the content
            is mirrored.

    Returns:
        uint8 (height, width, 3), sRGB, RGB order. A perfect take equals the middle of the scene.
    """
    if scene.dtype != np.uint8 or scene.ndim != 3 or scene.shape[2] != 3:
        raise ValueError(f"a scene is uint8 (h, w, 3), not {scene.dtype} {scene.shape}")
    height, width = scene.shape[:2] if size is None else size
    scale = max(height, width) / REFERENCE_SIDE
    light = to_linear(_frame(scene, take, height, width, scale))
    for kernel in (
        blur_by_defocus(take.defocus * scale),
        blur_by_motion(take.motion_blur * scale, take.motion_angle),
    ):
        if kernel.size > 1:
            light = np.asarray(cv2.filter2D(light, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)
    light = np.clip(light * np.float32(2.0**take.exposure), 0, 1)
    if take.noise > 0:
        # Poisson-Gaussian noise in its normal approximation: variance linear in the light (Foi et al. 2008,
        # "Practical Poissonian-Gaussian noise modeling and fitting for single-image raw-data").
        variance = take.noise**2 * (READ_NOISE_SHARE + (1 - READ_NOISE_SHARE) / MID_GREY * light)
        light = light + np.sqrt(variance, dtype=np.float32) * rng.standard_normal(light.shape, np.float32)
    if take.white_balance:
        warm = math.exp(take.white_balance / 2)
        light = light * np.array([warm, 1.0, 1.0 / warm], np.float32)
    return from_linear(light)


def to_linear(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """sRGB levels to linear light in [0, 1], same shape (IEC 61966-2-1)."""
    level = np.arange(256) / 255
    table = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return table.astype(np.float32)[picture]


def from_linear(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Linear light to the nearest sRGB level, same shape (IEC 61966-2-1); clips light outside [0, 1]."""
    # A table of 2¹⁶ entries is far faster than the power; in the shadows, where it is coarsest, its steps
    # are 1/20 of a level.
    steps = 65535
    value = np.arange(steps + 1) / steps
    srgb = np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)
    table = np.round(srgb * 255).astype(np.uint8)
    return table[(np.clip(light, 0, 1) * np.float32(steps) + np.float32(0.5)).astype(np.uint16)]


def blur_by_motion(length: float, angle: float) -> NDArray[np.float32]:
    """The streak of a point that moves uniformly along a line.

    Args:
        length: px, ≥ 0; 0 leaves the picture unchanged.
        angle: degrees counterclockwise from the x axis.

    Returns:
        float32 (n, n), n odd, non-negative, sums to 1.
    """
    along = length * (np.arange(count := 1 + 8 * math.ceil(length)) - (count - 1) / 2) / max(count - 1, 1)
    turn = math.radians(angle)
    return _spread(along * math.cos(turn), -along * math.sin(turn))


def blur_by_defocus(radius: float) -> NDArray[np.float32]:
    """The uniform disk of an out-of-focus point (geometrical optics, round aperture).

    Args:
        radius: px, ≥ 0; 0 leaves the picture unchanged.

    Returns:
        float32 (n, n), n odd, non-negative, sums to 1.
    """
    if radius == 0:
        return np.ones((1, 1), np.float32)
    half = 4 * math.ceil(radius) + 4
    across = np.arange(-half, half + 1) / half
    y, x = np.meshgrid(across, across, indexing="ij")
    inside = x**2 + y**2 <= 1
    return _spread(radius * x[inside], radius * y[inside])


def _spread(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float32]:
    """A kernel of points with equal weights, each distributed bilinearly over four pixels."""
    half = math.ceil(round(max(np.abs(x).max(), np.abs(y).max()), 9))
    side = 2 * half + 1
    kernel = np.zeros((side + 1, side + 1))  # one more, for the empty right and lower neighbors of the last
    column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    right, down = x - column, y - row
    for step_y, weight_y in ((0, 1 - down), (1, down)):
        for step_x, weight_x in ((0, 1 - right), (1, right)):
            np.add.at(kernel, (row + half + step_y, column + half + step_x), weight_y * weight_x)
    kernel = kernel[:side, :side]
    return np.asarray(kernel / kernel.sum(), np.float32)


def _frame(scene: NDArray[np.uint8], take: Take, height: int, width: int, scale: float) -> NDArray[np.uint8]:
    """Rotates and scales the scene around the middle of the photo, then shifts it and crops the photo."""
    top, left = (scene.shape[0] - height) // 2, (scene.shape[1] - width) // 2
    if top < 0 or left < 0:
        raise ValueError(f"a photo of {height} by {width} does not fit into a scene of {scene.shape[:2]}")
    if (take.shift_x, take.shift_y, take.rotation, take.zoom) == (0, 0, 0, 1):
        return scene[top : top + height, left : left + width]
    middle_x, middle_y = left + (width - 1) / 2, top + (height - 1) / 2
    matrix = np.asarray(cv2.getRotationMatrix2D((middle_x, middle_y), take.rotation, take.zoom), np.float64)
    matrix[:, 2] += (take.shift_x * scale - left, take.shift_y * scale - top)
    framed = cv2.warpAffine(
        scene, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(framed, np.uint8)
