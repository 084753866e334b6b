"""Reads a photo from disk."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from phototriage.errors import PhotoError
from phototriage.photos.colour import Pixels
from phototriage.photos.decoding import decode

__all__ = ["Photo", "content_hash", "load", "read_photo"]

_DIGEST_BYTES = 16


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo as later stages see it."""

    content_hash: str
    """Names the bytes of the file, 32 hexadecimal digits: see `content_hash`."""
    pixels: Pixels
    """uint8 (h, w, 3), sRGB, upright, 0 to 255, writable; no side is longer than the `max_side` asked for."""
    width: int
    """Width of the upright original, in pixels."""
    height: int
    """Height of the upright original, in pixels."""
    warnings: tuple[str, ...]
    """What was wrong but could be left out of account, a line each; most photos have none."""


def content_hash(data: bytes) -> str:
    """Name a file by its content: BLAKE2b with a digest of 16 bytes, as 32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()


def read_photo(path: str | Path) -> bytes:
    """Read the bytes of a photo.

    Raises:
        PhotoError: the file cannot be read; the text is the reason, in one line, without the path.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise PhotoError(f"the file cannot be read: {error.strerror or error}") from error
    except MemoryError as error:
        raise PhotoError("the file is too large for the memory") from error


def load(path: str | Path, max_side: int | None) -> Photo:
    """Read a file once, so that hash and pixels belong together whatever happens to it, and decode it.

    See `decode` for what happens to the pixels, and why only one photo may be loaded at a time in a process.

    Args:
        path: the photo; its name does not matter.
        max_side: the long side of the result in pixels where the photo is larger; None keeps every pixel.

    Raises:
        PhotoError: the photo cannot be read or used; the text is the reason, in one line, without the path.
        ValueError: `max_side` is less than 1.
    """
    data = read_photo(path)
    decoded = decode(data, max_side)
    return Photo(
        content_hash=content_hash(data),
        pixels=decoded.pixels,
        width=decoded.width,
        height=decoded.height,
        warnings=decoded.warnings,
    )
