"""Reads a photo from disk."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from phototriage.errors import PhotoError
from phototriage.photos.color import Pixels
from phototriage.photos.decoding import decode

__all__ = ["Photo", "content_hash", "load", "read_photo"]

_DIGEST_BYTES = 16


@dataclass(frozen=True, eq=False)
class Photo:
    """A loaded photo, as later stages use it."""

    content_hash: str
    """Identifies the bytes of the file, 32 hexadecimal digits; see `content_hash`."""
    pixels: Pixels
    """uint8 (h, w, 3), sRGB, upright, 0 to 255, writable; no side is longer than the requested `max_side`."""
    width: int
    """Width of the upright original, in pixels."""
    height: int
    """Height of the upright original, in pixels."""
    warnings: tuple[str, ...]
    """Harmless faults, one line each; most photos have none."""


def content_hash(data: bytes) -> str:
    """Hash the content of a file: BLAKE2b with a digest of 16 bytes, as 32 hexadecimal digits."""
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
    """Read a file once, so that hash and pixels match even if the file changes, and decode it.

    See `decode` for the processing of the pixels, and for why a process may load only one photo at a time.

    Args:
        path: the photo; its name does not matter.
        max_side: the long side of the result in pixels, if the photo is larger; None keeps every pixel.

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
