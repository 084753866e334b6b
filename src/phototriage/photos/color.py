"""Converts every color mode of photos to 8-bit sRGB."""

import io
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms
from PIL.ExifTags import Base

from phototriage.errors import PhotoError
from phototriage.photos.tiff import UNSIGNED, WHITE_IS_ZERO, tiff_tag

__all__ = ["Pixels", "to_8_bit", "to_srgb"]

Pixels = npt.NDArray[np.uint8]

_ROWS_AT_ONCE = 256
_MODE_OF_SPACE = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}


def to_8_bit(image: Image.Image) -> tuple[Pixels, tuple[str, ...]]:
    """Convert a loaded image to 8 bits per channel, with transparent parts over white.

    16-bit gray is scaled from its full range; signed 16-bit gray starts at 0. Floats have the range 0 to 1
    and 32-bit integers the range 0 to 65535. If values exceed that range, or if 16-bit values are negative,
    they are stretched from the darkest to the brightest value of the image.

    Returns:
        uint8 (h, w) for gray, (h, w, 3) for RGB or (h, w, 4) for CMYK, 0 to 255; and warnings.

    Raises:
        PhotoError: the pixels contain infinities or NaN.
        ValueError: Pillow cannot convert the mode to RGB.
    """
    mode = image.mode
    if mode.startswith("I;16"):
        return _deep_grey(image, white=2 ** tiff_tag(image, Base.BitsPerSample, 16) - 1)
    if mode == "I":
        return _deep_grey(image, white=32767 if tiff_tag(image, Base.BitsPerSample, 32) == 16 else 65535)
    if mode == "F":
        return _deep_grey(image, white=1)
    if image.has_transparency_data:
        grey = mode in ("1", "L", "LA")
        if mode not in ("LA", "RGBA"):
            image = image.convert("LA" if grey else "RGBA")
        # Image.alpha_composite would hold three copies of four channels; pasting holds one.
        opaque = Image.new("L" if grey else "RGB", image.size, "white")
        opaque.paste(image, mask=image)
        image = opaque
    elif mode not in ("L", "RGB", "CMYK"):
        image = image.convert("L" if mode == "1" else "RGB")
    return _pixels(image), ()


def to_srgb(pixels: Pixels, profile: bytes | None) -> tuple[Pixels, tuple[str, ...]]:
    """Convert gray, RGB or CMYK to sRGB with the embedded ICC profile.

    Args:
        pixels: uint8 (h, w), (h, w, 3) or (h, w, 4), as `to_8_bit` returns them.
        profile: without one, gray and RGB count as sRGB, and CMYK as ideal inks.

    Returns:
        uint8 (h, w, 3), 0 to 255; and warnings. A broken or unsuitable profile is ignored.
    """
    mode = _mode(pixels)
    warnings: tuple[str, ...] = ()
    if profile:
        try:
            profile_mode, transform = _transform(profile)
            if mode == "L" and profile_mode == "RGB":
                pixels, mode = np.repeat(pixels[..., np.newaxis], 3, axis=2), "RGB"
            if mode != profile_mode:
                raise ValueError(f"it is for {profile_mode}, the pixels are {mode}")
            if transform is not None:
                return np.asarray(transform.apply(_as_image(pixels, mode))), ()
        except (ImageCms.PyCMSError, OSError, ValueError) as error:
            warnings = (f"the ICC profile is ignored: {error}",)
    if mode != "RGB":
        pixels = np.asarray(_as_image(pixels, mode).convert("RGB"))
    return pixels, warnings


def _pixels(image: Image.Image) -> Pixels:
    """The pixels of an 8-bit image, in a third of the memory that numpy.asarray takes for them."""
    width, height = image.size
    bands = len(image.getbands())
    pixels = np.empty((height, width, bands) if bands > 1 else (height, width), np.uint8)
    for top in range(0, height, _ROWS_AT_ONCE):
        bottom = min(top + _ROWS_AT_ONCE, height)
        pixels[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    return pixels


def _mode(pixels: Pixels) -> str:
    return "L" if pixels.ndim == 2 else {3: "RGB", 4: "CMYK"}[pixels.shape[2]]


def _as_image(pixels: Pixels, mode: str) -> Image.Image:
    # Image.fromarray would interpret four channels as RGBA.
    return Image.frombytes(mode, (pixels.shape[1], pixels.shape[0]), pixels.tobytes())


@lru_cache(maxsize=16)
def _transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """The Pillow mode of a profile, and its transform to sRGB; None if no color changes by 2 levels.

    A lattice of colors decides this, because the name of a profile is unreliable.
    """
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space = source.profile.xcolor_space.strip()
    if space not in _MODE_OF_SPACE:
        raise ValueError(f"its colour space is {space!r}")
    mode = _MODE_OF_SPACE[space]
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    if mode == "RGB":
        levels = np.linspace(0, 255, 16).astype(np.uint8)
        lattice = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(64, 64, 3)
        moved = np.asarray(transform.apply(Image.fromarray(lattice)))
        if np.abs(moved.astype(int) - lattice).max() <= 1:
            return mode, None
    return mode, transform


def _deep_grey(image: Image.Image, white: int) -> tuple[Pixels, tuple[str, ...]]:
    values = np.asarray(image)
    if values.dtype == np.int32 and tiff_tag(image, Base.SampleFormat, UNSIGNED) == UNSIGNED:
        values = values.view(np.uint32)  # Pillow keeps these bits but has no such mode
    black, brightest = float(values.min()), float(values.max())
    warnings: tuple[str, ...] = ()
    if not (np.isfinite(black) and np.isfinite(brightest)):
        raise PhotoError("some pixels are infinite or no numbers: save it with 8 or 16 bits per color")
    if black < 0 or brightest > white:
        warnings = (f"pixel values from {black:g} to {brightest:g} were stretched to 8 bits",)
    else:
        black, brightest = 0.0, float(white)
    scale = 255 / (brightest - black) if brightest > black else 0.0
    pixels = np.rint((values.astype(np.float32) - np.float32(black)) * np.float32(scale)).astype(np.uint8)
    # Pillow inverts such TIFFs at 8 bits only.
    if tiff_tag(image, Base.PhotometricInterpretation, 1) == WHITE_IS_ZERO:
        pixels = 255 - pixels
    if "transparency" in image.info:  # the transparent gray of a PNG
        pixels[values == image.info["transparency"]] = 255
    return pixels, warnings
