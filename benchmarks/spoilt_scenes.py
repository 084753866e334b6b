"""Faults made again on clean scenes, of the kinds and levels of TID2013 and KADID-10k, for their opinions.

TID2013 fixes a level by its distance from the original, so a fault's strength is searched until the PSNR is
33, 30, 27, 24 or 21 dB. KADID-10k fixes its parameters. Faults of transmission, patterns and blocks, JPEG
2000, mean shift (its sign is not published) and sparse sampling are left out; brightening and darkening bend
the tone curve as much as KADID-10k's numbers say, by a curve of our own.
"""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.simulation.camera import blur_by_motion

__all__ = ["KADID", "TID", "spoilt_as_kadid", "spoilt_as_tid"]

Photo = NDArray[np.uint8]
Values = NDArray[np.float32]
Fault = Callable[[Values, float, np.random.Generator], Values]

PSNR = (33.0, 30.0, 27.0, 24.0, 21.0)
STEPS = 4
STRONGEST = 500.0


def grain(photo: Values, rng: np.random.Generator) -> Values:
    return rng.standard_normal(photo.shape, np.float32)


def colored_noise(photo: Values, sigma: float, rng: np.random.Generator) -> Values:
    """The same strength in luma and twice that in the two differences of colour."""
    luma, red, blue = np.moveaxis(grain(photo, rng), 2, 0)
    parts = (luma + 2 * 1.4 * red, luma - 2 * (0.71 * red + 0.34 * blue), luma + 2 * 1.77 * blue)
    return np.asarray(photo + sigma * np.stack(parts, axis=2), np.float32)


def correlated_noise(photo: Values, sigma: float, rng: np.random.Generator) -> Values:
    return photo + sigma * 3.5 * cv2.GaussianBlur(grain(photo, rng), (0, 0), 1.0)


def masked_noise(photo: Values, sigma: float, rng: np.random.Generator) -> Values:
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    detail = np.sqrt(cv2.GaussianBlur((grey - cv2.GaussianBlur(grey, (0, 0), 3)) ** 2, (0, 0), 3))
    return np.asarray(photo + sigma * (detail / detail.mean())[:, :, None] * grain(photo, rng), np.float32)


def high_noise(photo: Values, sigma: float, rng: np.random.Generator) -> Values:
    noise = grain(photo, rng)
    return photo + sigma * 1.1 * (noise - cv2.GaussianBlur(noise, (0, 0), 1.0))


def impulses(photo: Values, share: float, rng: np.random.Generator) -> Values:
    drawn = rng.random(photo.shape, np.float32)
    share = min(share / 255, 1)
    return np.where(drawn < share / 2, 0, np.where(drawn > 1 - share / 2, 255, photo)).astype(np.float32)


def quantized(photo: Values, step: float, _: np.random.Generator) -> Values:
    step = max(step, 1)
    return np.asarray(np.floor(photo / step) * step + step / 2, np.float32)


def blurred(photo: Values, sigma: float, _: np.random.Generator) -> Values:
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), max(sigma / 10, 0.05)), np.float32)


def denoised(photo: Values, sigma: float, rng: np.random.Generator) -> Values:
    """What a simple denoiser leaves of noise and takes of detail."""
    return np.asarray(cv2.bilateralFilter(photo + sigma / 2 * grain(photo, rng), 7, 3 * sigma, 3), np.float32)


def jpeg(photo: Values, scale: float, _: np.random.Generator) -> Values:
    """scale: of libjpeg's tables of quantization, in tenths."""
    percent = 10 * scale
    quality = int(np.clip(5000 / percent if percent > 100 else (200 - percent) / 2, 1, 100))
    data = cv2.imencode(".jpg", rounded(photo)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[:, :, ::-1].astype(np.float32)


def less_contrast(photo: Values, loss: float, _: np.random.Generator) -> Values:
    return np.asarray(photo.mean() + (photo - photo.mean()) * (1 - min(loss / 120, 0.95)), np.float32)


def more_contrast(photo: Values, gain: float, _: np.random.Generator) -> Values:
    return np.asarray(photo.mean() + (photo - photo.mean()) * (1 + gain / 60), np.float32)


def less_saturation(photo: Values, loss: float, _: np.random.Generator) -> Values:
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[:, :, None]
    return grey + (photo - grey) * (1 - loss / 60)


def multiplied_noise(photo: Values, sigma: float, rng: np.random.Generator) -> Values:
    return photo * (1 + sigma / 110 * grain(photo, rng))


def noise_compressed(photo: Values, sigma: float, rng: np.random.Generator) -> Values:
    return jpeg(photo + sigma / 2 * grain(photo, rng), 2 * sigma, rng)


def dithered(photo: Values, step: float, rng: np.random.Generator) -> Values:
    return quantized(photo + step * (rng.random(photo.shape, np.float32) - 0.5), 1.4 * step, rng)


def aberrated(photo: Values, shift: float, _: np.random.Generator) -> Values:
    moved = [
        cv2.warpAffine(
            channel,
            np.array([[1, 0, by], [0, 1, 0]], np.float32),
            channel.shape[::-1],
            borderMode=cv2.BORDER_REPLICATE,
        )
        for channel, by in zip(np.moveaxis(photo, 2, 0), (shift / 10, 0, -shift / 10), strict=True)
    ]
    return np.stack(moved, axis=2)


TID: dict[int, Fault] = {
    1: lambda photo, sigma, rng: photo + sigma * grain(photo, rng),
    2: colored_noise,
    3: correlated_noise,
    4: masked_noise,
    5: high_noise,
    6: impulses,
    7: quantized,
    8: blurred,
    9: denoised,
    10: jpeg,
    17: less_contrast,
    18: less_saturation,
    19: multiplied_noise,
    21: noise_compressed,
    22: dithered,
    23: aberrated,
}
"""By the number of the distortion; an error grows about as the strength does."""


def spoilt_as_tid(photo: Photo, rng: np.random.Generator) -> Iterator[tuple[int, int, Photo]]:
    """(distortion, level, the spoilt photo) of a clean photo, uint8 RGB (384, 512, 3).

    A fault that cannot be made so strong (a photo without color loses none) is as strong as can be.
    """
    values = photo.astype(np.float32)
    for kind, fault in TID.items():
        strength = 6.0
        for level, wanted in enumerate(PSNR, 1):
            made = more_contrast if kind == 17 and level in (2, 4) else fault
            seed = int(rng.integers(2**32))
            for _ in range(STEPS if level > 1 else 2 * STEPS):
                spoilt = rounded(made(values, strength, np.random.default_rng(seed)))
                step = 10 ** ((psnr(photo, spoilt) - wanted) / 20)
                strength = min(strength * float(np.clip(step, 0.7, 1.5)), STRONGEST)
            yield kind, level, spoilt


def psnr(photo: Photo, spoilt: Photo) -> float:
    error = np.mean((photo.astype(np.float32) - spoilt) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-3)))


def disc_blur(photo: Values, radius: float, _: np.random.Generator) -> Values:
    side = int(radius)
    y, x = np.mgrid[-side : side + 1, -side : side + 1]
    kernel = (x**2 + y**2 <= radius**2).astype(np.float32)
    kernel /= kernel.sum()
    return np.asarray(cv2.filter2D(photo, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)


def motion(photo: Values, length: float, rng: np.random.Generator) -> Values:
    kernel = blur_by_motion(length, rng.uniform(0, 180))
    return np.asarray(cv2.filter2D(photo, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)


def white_noise(photo: Values, variance: float, rng: np.random.Generator) -> Values:
    return np.asarray(photo + 255 * variance**0.5 * grain(photo, rng), np.float32)


def brightened(photo: Values, amount: float, _: np.random.Generator) -> Values:
    lab = cv2.cvtColor(photo / 255, cv2.COLOR_RGB2LAB)
    light = lab[:, :, 0] / 100
    lab[:, :, 0] = 100 * np.clip(light + amount * light * (1 - light), 0, 1)
    return np.asarray(255 * cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.float32)


def darkened(photo: Values, amount: float, rng: np.random.Generator) -> Values:
    return brightened(photo, -amount, rng)


def shifted(photo: Values, share: float, _: np.random.Generator) -> Values:
    return photo + 255 * share


def oversharpened(photo: Values, amount: float, _: np.random.Generator) -> Values:
    return photo + amount * (photo - cv2.GaussianBlur(photo, (0, 0), 1.0))


def contrast(photo: Values, change: float, _: np.random.Generator) -> Values:
    """A curve through black, mid grey and white, steeper in the middle for a change over 0."""
    share = photo / 255
    bent = share + change * 2 * (share - 0.5) * (0.5 - np.abs(share - 0.5))
    return np.asarray(255 * bent, np.float32)


KADID: dict[int, tuple[Fault, tuple[float, ...]]] = {
    2: (disc_blur, (1, 2, 4, 6, 8)),
    3: (motion, (1, 2, 4, 6, 10)),
    11: (white_noise, (0.001, 0.002, 0.003, 0.005, 0.01)),
    16: (brightened, (0.1, 0.2, 0.4, 0.7, 1.1)),
    17: (darkened, (0.05, 0.1, 0.2, 0.4, 0.8)),
    18: (shifted, (0, 0.08, -0.08, 0.15, -0.15)),
    24: (oversharpened, (1, 2, 3, 6, 12)),
    25: (contrast, (0, 0.15, -0.4, 0.3, -0.6)),
}


def spoilt_as_kadid(photo: Photo, rng: np.random.Generator) -> Iterator[tuple[int, int, Photo]]:
    """(distortion, level, the spoilt photo) of a clean photo."""
    for kind, (fault, strengths) in KADID.items():
        for level, strength in enumerate(strengths, 1):
            yield kind, level, rounded(fault(photo.astype(np.float32), strength, rng))


def rounded(values: Values) -> Photo:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
