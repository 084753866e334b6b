"""The formats that Pillow opens for us, how it is asked to, and what it does not tell of them."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from PIL import Image, ImageFile, PngImagePlugin

__all__ = [
    "DAMAGE",
    "FORMATS",
    "Warnings",
    "missing_heif_bytes",
    "own_pillow_settings",
    "register_formats",
    "why_unopened",
]

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

# Of a box of HEIF: size and type, then a 64-bit size where the first says 1 (ISO/IEC 14496-12, section 4.2).
_BOX_HEADER = struct.Struct(">I4s")
_LARGE_SIZE = struct.Struct(">Q")


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


def missing_heif_bytes(data: bytes) -> int:
    """How many bytes of its boxes of image data lie beyond the end of a HEIF file; 0 where it is whole.

    Asked because libheif itself fills the missing parts of a photo silently.
    Boxes of other types do not count, as some cameras append what only looks like a box.
    """
    start = 0
    while start + _BOX_HEADER.size <= len(data):
        size, kind = _BOX_HEADER.unpack_from(data, start)
        if size == 1 and start + _BOX_HEADER.size + _LARGE_SIZE.size <= len(data):
            (size,) = _LARGE_SIZE.unpack_from(data, start + _BOX_HEADER.size)
        if size < _BOX_HEADER.size:
            return 0
        start += size
        if start > len(data):
            return start - len(data) if kind in (b"mdat", b"meta") else 0
    return 0
