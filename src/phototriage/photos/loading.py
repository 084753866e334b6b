"""Reads a photo from disk."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from phototriage.errors import PhotoError, PhotoReadError
from phototriage.photos.color import Pixels
from phototriage.photos.decoding import decode
from phototriage.photos.formats import format_of

__all__ = ["MAX_FILE_BYTES", "Photo", "content_hash", "load", "read_photo"]

_DIGEST_BYTES = 16

_START = 16
_MAX_BYTES = {"JPEG": 512 << 20, "WEBP": 512 << 20, "HEIF": 512 << 20, "AVIF": 512 << 20}
MAX_FILE_BYTES = 1 << 30
"""Largest file; above, the largest of some formats. JPEGs of stitched panoramas take 200 MB, uncompressed
TIFFs and RAW files more."""

_AWAY = (errno.EIO, errno.ESTALE, errno.ENXIO, errno.ENODEV, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.ENOTCONN)
_REMEDIES = {
    errno.ENOENT: "it was moved or deleted, or its disk is gone",
    errno.EACCES: "ask its owner, or change its permissions",
    errno.EPERM: "ask its owner, or change its permissions",
} | dict.fromkeys(_AWAY, "connect its disk or network share again, and run again")


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


def read_photo(path: str | Path, *, reserve: Callable[[int], None] = lambda size: None) -> bytes:
    """Read the bytes of a photo.

    Args:
        path: the photo; its name does not matter.
        reserve: called with the size of the file before it is read; it may wait until there is memory.

    Raises:
        PhotoError: the file cannot be read or is too large; the text is the reason, in one line, without the
            path.
        PhotoReadError: the file changed while it was read, or there is not enough memory.
    """
    path = Path(path)
    try:
        # To open a pipe would wait for its writer.
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise PhotoError("the file cannot be read: it is a pipe or a device, not a file")
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            kind = format_of(file.read(_START))
            most = _MAX_BYTES.get(kind or "", MAX_FILE_BYTES)
            if before.st_size > most:
                raise PhotoError(
                    f"too large: {'a file' if kind is None else kind} of {before.st_size / 1e9:.1f} GB, the "
                    f"limit is {most / 1e9:.1f} GB: is it a photo? Save a smaller copy"
                )
            reserve(before.st_size)
            file.seek(0)
            data = file.read(before.st_size)
            after = os.fstat(file.fileno())
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0)
        reason = f"the file cannot be read: {error.strerror or error}"
        raise PhotoError(f"{reason}; {remedy}" if remedy else reason) from error
    except MemoryError as error:
        raise PhotoReadError("the file is too large for the memory") from error
    if (len(data), after.st_size, after.st_mtime_ns) != (after.st_size, before.st_size, before.st_mtime_ns):
        raise PhotoReadError("the file changed while it was read: is it still being copied? Run again later")
    return data


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
