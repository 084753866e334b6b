"""The formats that Pillow opens for us, and how it is asked to."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from PIL import Image, ImageFile, PngImagePlugin

__all__ = ["DAMAGE", "FORMATS", "Warnings", "own_pillow_settings", "register_formats", "why_unopened"]

Warnings = list[warnings.WarningMessage]

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

# Profiles and texts of a PNG, unpacked: profiles of printers take 2 MB and more, XMP of many edits likewise.
_MOST_PNG_METADATA = 16 << 20


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
def own_pillow_settings() -> Iterator[Warnings]:
    """No limit but ours, no half photos, and a warning from a format that looked right but did not open.

    Yields the list in which Python's warnings end up meanwhile. All of it is the whole process's.
    """
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, Image.WARN_POSSIBLE_FORMATS
    text_before = PngImagePlugin.MAX_TEXT_CHUNK
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, Image.WARN_POSSIBLE_FORMATS = None, False, True
    PngImagePlugin.MAX_TEXT_CHUNK = _MOST_PNG_METADATA
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield warned
    finally:
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, Image.WARN_POSSIBLE_FORMATS = before
        PngImagePlugin.MAX_TEXT_CHUNK = text_before


def why_unopened(warned: Warnings) -> str:
    """What is wrong with a file that no format opened, by the words of the one that it looked like."""
    for warning in warned:
        kind, spoke, words = str(warning.message).partition(" opening failed. ")  # as Pillow puts it
        if spoke:
            return f"cannot be opened as {kind}: {words}"
    return f"not a photo in a format that can be read: {', '.join(FORMATS)}"
