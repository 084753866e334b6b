"""Whether a file that goes with a photo is what its name says, told without decoding it."""

import io
import os
import warnings
from pathlib import Path
from typing import Any

from PIL import TiffImagePlugin

from phototriage.photos.discovery import RAW_SUFFIXES
from phototriage.photos.formats import DAMAGE, format_of
from phototriage.photos.raw import is_raw_beginning

__all__ = ["companion_fault"]

_SUSPICIOUS_RAW_BYTES = 100_000
"""The smallest RAW files of cameras, of 2 megapixels, take a megabyte."""
_POINTERS = ((273, 279), (324, 325), (513, 514))
"""Tags of where a TIFF's strips, tiles and previews begin, and of their lengths."""
_SUB_DIRECTORIES = 330
_START = 32


def companion_fault(path: Path) -> str | None:
    """What is wrong with a RAW or picture beside the measured photo of a shot; None if it looks sound.

    It looks at the size and the first bytes only, because a library has 100,000 such files. A very small RAW
    file must hold all that it points to. No C library sees it: one that crashes would end the run.
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
        return (
            None if _is_whole(start + small) else f"a RAW file of {size:,} bytes is incomplete: copy it again"
        )
    return None


def _is_whole(data: bytes) -> bool:
    """Whether a file built like a TIFF holds pictures, and all of each that its directories point to."""
    try:
        with warnings.catch_warnings(action="error"):  # Pillow warns of directories that are cut off
            ends = _ends(data)
    except (*DAMAGE, UserWarning):
        return False
    return bool(ends) and max(ends) <= len(data)


def _ends(data: bytes) -> list[int]:
    """Where the strips, tiles and previews of a TIFF end; raises what Pillow does for damage."""
    ends = []
    places = [TiffImagePlugin.ImageFileDirectory_v2(data[:8]).next]
    for place in places:
        directory = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
        file = io.BytesIO(data)
        file.seek(place)
        directory.load(file)
        places += [each for each in _numbers(directory.get(_SUB_DIRECTORIES, ())) if each not in places]
        for tags in _POINTERS:
            offsets, lengths = (_numbers(directory.get(tag, ())) for tag in tags)
            ends += [offset + length for offset, length in zip(offsets, lengths, strict=True)]
    return ends


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple) else (value,)
