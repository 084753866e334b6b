"""Whether a file that goes with a photo is what its name says, told without decoding it."""

import os
from pathlib import Path

from phototriage.errors import PhotoError
from phototriage.photos.discovery import RAW_SUFFIXES
from phototriage.photos.formats import format_of
from phototriage.photos.raw import is_raw_beginning, read_preview

__all__ = ["companion_fault"]

_SUSPICIOUS_RAW_BYTES = 100_000
"""The smallest RAW files of cameras, of 2 megapixels, take a megabyte; smaller ones are opened."""
_START = 32


def companion_fault(path: Path) -> str | None:
    """What is wrong with a RAW or picture beside the measured photo of a shot; None if it looks sound.

    It looks at the size and the first bytes only, because a library has 100,000 such files; a RAW file that
    is very small is opened.
    """
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(_START)
            small = file.read(_SUSPICIOUS_RAW_BYTES) if size < _SUSPICIOUS_RAW_BYTES else b""
    except OSError as error:
        return f"the file cannot be read: {error.strerror or error}"
    if not size:
        return "the file is empty"
    if not start.strip(b"\0"):
        return "the file begins with nothing but zeros: it was not copied whole, copy it again"
    if path.suffix.lower() not in RAW_SUFFIXES:
        return None if format_of(start) else "it is not a photo, whatever its name says: copy it again"
    if not (format_of(start) == "TIFF" or is_raw_beginning(start)):
        return "it is not a RAW file, whatever its name says: copy it again"
    if size < _SUSPICIOUS_RAW_BYTES:
        try:
            read_preview(start + small)
        except (PhotoError, MemoryError):
            return f"a RAW file of {size:,} bytes is incomplete: copy it again"
    return None
