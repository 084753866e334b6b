"""The formats that Pillow opens for us, and how it is asked to."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from PIL import Image, ImageFile

__all__ = ["DAMAGE", "FORMATS", "own_pillow_settings", "register_formats"]

# JPEG stands for MPO too: Pillow tells them apart after opening.
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF", "BMP")

DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow and its plugins raise on damaged files."""


@cache
def register_formats() -> None:
    """Makes Pillow know FORMATS, and as few others as possible."""
    import pi_heif
    from PIL import (  # noqa: F401 - importing a plugin registers it
        AvifImagePlugin,
        BmpImagePlugin,
        JpegImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )

    pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


@contextmanager
def own_pillow_settings() -> Iterator[list[warnings.WarningMessage]]:
    """No limit but ours, no half photos, and a warning from a format that looked right but did not open.

    Yields the list in which Python's warnings end up meanwhile. All of it is the whole process's.
    """
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, Image.WARN_POSSIBLE_FORMATS
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, Image.WARN_POSSIBLE_FORMATS = None, False, True
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield warned
    finally:
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, Image.WARN_POSSIBLE_FORMATS = before
