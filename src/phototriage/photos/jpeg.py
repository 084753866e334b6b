"""Decodes the pixels of a JPEG, and tells whether all of them are there."""

import math
import re
from collections.abc import Iterator

import cv2
import numpy as np

from phototriage.photos.colour import Pixels
from phototriage.photos.stderr_capture import captured_stderr

__all__ = ["START_OF_SCAN", "count_scans", "decode_jpeg", "is_ended", "reduction"]

START_OF_SCAN = b"\xff\xda"

_REDUCED = {
    1: (cv2.IMREAD_GRAYSCALE, cv2.IMREAD_COLOR),
    2: (cv2.IMREAD_REDUCED_GRAYSCALE_2, cv2.IMREAD_REDUCED_COLOR_2),
    4: (cv2.IMREAD_REDUCED_GRAYSCALE_4, cv2.IMREAD_REDUCED_COLOR_4),
    8: (cv2.IMREAD_REDUCED_GRAYSCALE_8, cv2.IMREAD_REDUCED_COLOR_8),
}
_END_OF_IMAGE = b"\xff\xd9"
_SEGMENT = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
"""Markers that a length follows; the others are part of the compressed data."""
_LOST = re.compile(r"premature end|bad Huffman code|instead of RST|bad arithmetic code")
_SKIPPED = re.compile(r"(\d+) extraneous bytes")
_PADDING = 64
"""Some writers leave so many bytes that belong nowhere; more are data that were lost."""


def reduction(width: int, height: int, max_side: int | None) -> int:
    """The largest of 8, 4, 2, 1 that leaves the long side of a JPEG at twice `max_side` or more.

    Twice, because scaling while decoding smooths more than area averaging does: a 12-megapixel photo decoded
    close to its final size loses 19 to 48 % of its Laplacian variance, at twice that size 14 %.
    """
    wanted = 2 * (max_side or math.inf)
    return next(scale for scale in (8, 4, 2, 1) if scale == 1 or max(width, height) // scale >= wanted)


def count_scans(data: bytes) -> int:
    """How many scans the first picture of a JPEG has; those of previews and of what follows do not count."""
    return sum(marker == START_OF_SCAN for marker in _markers(data))


def is_ended(data: bytes) -> bool:
    """Whether the first picture of a JPEG has the mark of its end.

    A progressive one without it may lack scans: it is then a picture of few details, in which no data miss.
    """
    return _END_OF_IMAGE in _markers(data)


def _markers(data: bytes) -> Iterator[bytes]:
    """Those that a length follows, of the first picture, and the mark of its end."""
    position = 0
    while found := _SEGMENT.search(data, position):
        yield found[0]
        if found[0] == _END_OF_IMAGE:
            return
        position = found.end() + int.from_bytes(data[found.end() : found.end() + 2])


def decode_jpeg(data: bytes, scale: int, *, grey: bool) -> tuple[Pixels, tuple[str, ...]]:
    """Decode the first picture of a JPEG of one or three components at 1/scale of its size, as it is stored.

    OpenCV rather than Pillow: the pixels are the same, and it lets through what libjpeg says where data are
    missing or fit nowhere; Pillow keeps that to itself. The mark of the end of the picture may be missing.

    Args:
        data: the whole file.
        scale: 1, 2, 4 or 8; sizes are rounded up.
        grey: whether it has one component.

    Returns:
        uint8 (h, w) where `grey`, else (h, w, 3) in the order R, G, B; and warnings.

    Raises:
        OSError: pixels are missing or broken; its text says what libjpeg did not understand.
        MemoryError: there is not enough memory.
    """
    flags = _REDUCED[scale][0 if grey else 1] | cv2.IMREAD_IGNORE_ORIENTATION
    with captured_stderr() as said:
        try:
            pixels = cv2.imdecode(np.frombuffer(data + _END_OF_IMAGE, np.uint8), flags)
        except cv2.error as error:
            if error.code == cv2.Error.StsNoMem:
                raise MemoryError from error
            raise OSError(error.err) from error
    lines = tuple(line.removeprefix("Corrupt JPEG data: ") for line in said.text.splitlines() if line)
    skipped = _SKIPPED.search(said.text)
    if pixels is None or _LOST.search(said.text) or (skipped and int(skipped[1]) > _PADDING):
        raise OSError(f"parts of the picture are missing or broken: {lines[0]}" if lines else "it is broken")
    return np.asarray(pixels if grey else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8), lines
