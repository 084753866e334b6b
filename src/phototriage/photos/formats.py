"""The formats that Pillow opens, its settings, and checks that Pillow lacks."""

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
    "format_of",
    "is_cut_off",
    "missing_heif_bytes",
    "own_pillow_settings",
    "register_formats",
    "without_padding",
]

Warnings = list[warnings.WarningMessage]

# JPEG includes MPO; Pillow distinguishes them after opening.
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF", "BMP")

_BEGINNINGS = {
    "JPEG": (b"\xff\xd8",),
    "PNG": (b"\x89PNG",),
    "TIFF": (b"II*\0", b"MM\0*"),
    "BMP": (b"BM",),
}

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
"""The exceptions that Pillow and its plugins raise for damaged files."""

# Unpacked profiles and texts of a PNG: printer profiles, and XMP with many edits, take 2 MB and more.
_MOST_PNG_METADATA = 16 << 20

# Of a HEIF box: size and type, then a 64-bit size if the first size is 1 (ISO/IEC 14496-12, section 4.2).
_BOX_HEADER = struct.Struct(">I4s")
_LARGE_SIZE = struct.Struct(">Q")
_FREE_SPACE = (b"free", b"skip", b"wide")


@cache
def register_formats() -> None:
    """Registers FORMATS, and as few others as possible, with Pillow."""
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
    """Only our limits, no partial photos, and a warning from a format that matched but failed to open.

    Yields the list that collects Python's warnings in the meantime. The settings affect the whole process.
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


def format_of(start: bytes) -> str | None:
    """The format that the first bytes of a file promise, one of FORMATS; None for others.

    A RAW file that is built like a TIFF counts as one.
    """
    for kind, beginnings in _BEGINNINGS.items():
        if start.startswith(beginnings):
            return kind
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "WEBP"
    if start[4:8] == b"ftyp":
        return "AVIF" if start[8:12] in (b"avif", b"avis") else "HEIF"
    return None


def is_cut_off(data: bytes) -> bool:
    """Whether a WebP, HEIC or AVIF says that it is longer than it is."""
    if data.startswith(b"RIFF"):
        return 8 + int.from_bytes(data[4:8], "little") > len(data)
    return data[4:8] == b"ftyp" and missing_heif_bytes(data) > 0


def without_padding(data: bytes) -> bytes:
    """A WebP, HEIC or AVIF without the zeros and free space behind its last box; any other file as it is.

    Programs reserve space there, and recovered files end with zeros up to a full block. A decoder may take
    them for a box, and they look like the end of a file that was not copied whole.
    """
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        end = 8 + int.from_bytes(data[4:8], "little")
        return data if data[end:].strip(b"\0") else data[:end]
    if data[4:8] != b"ftyp":
        return data
    end = start = 0
    for kind, start in _boxes(data):
        if kind not in _FREE_SPACE:
            end = start
    return data if start > len(data) or data[start:].strip(b"\0") else data[:end]


def missing_heif_bytes(data: bytes) -> int:
    """Number of bytes of image-data boxes beyond the end of a HEIF file; 0 if the file is complete.

    This check is needed because libheif silently fills in the missing parts of a photo.
    Boxes of other types do not count, because some cameras append data that only looks like a box.
    """
    for kind, end in _boxes(data):
        if end > len(data):
            return end - len(data) if kind in (b"mdat", b"meta") else 0
    return 0


def _boxes(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The type of each box, and where it ends, up to the first one that does not say."""
    start = 0
    while start + _BOX_HEADER.size <= len(data):
        size, kind = _BOX_HEADER.unpack_from(data, start)
        if size == 1 and start + _BOX_HEADER.size + _LARGE_SIZE.size <= len(data):
            (size,) = _LARGE_SIZE.unpack_from(data, start + _BOX_HEADER.size)
        if size < _BOX_HEADER.size:
            return
        start += size
        yield kind, start
