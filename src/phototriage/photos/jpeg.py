"""Decodes the pixels of a JPEG, and checks that all of them exist."""

import math
import re
from collections.abc import Iterator

import cv2
import numpy as np

from phototriage.photos.color import Pixels
from phototriage.photos.stderr_capture import captured_stderr

__all__ = ["START_OF_SCAN", "count_scans", "decode_jpeg", "is_arithmetic", "is_ended", "reduction"]

START_OF_SCAN = b"\xff\xda"

_REDUCED = {
    1: (cv2.IMREAD_GRAYSCALE, cv2.IMREAD_COLOR),
    2: (cv2.IMREAD_REDUCED_GRAYSCALE_2, cv2.IMREAD_REDUCED_COLOR_2),
    4: (cv2.IMREAD_REDUCED_GRAYSCALE_4, cv2.IMREAD_REDUCED_COLOR_4),
    8: (cv2.IMREAD_REDUCED_GRAYSCALE_8, cv2.IMREAD_REDUCED_COLOR_8),
}
_FRAMES = tuple(bytes((0xFF, code)) for code in range(0xC0, 0xD0) if code not in (0xC4, 0xC8, 0xCC))
_ARITHMETIC = (b"\xff\xc9", b"\xff\xca")
_DECODED = (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2", *_ARITHMETIC)
"""The others are lossless or hierarchical (ITU T.81, table B.1)."""
_END_OF_IMAGE = b"\xff\xd9"
_SEGMENT = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
"""Markers followed by a length; the others are part of the compressed data."""
_LOST = re.compile(r"premature end|bad Huffman code|instead of RST|bad arithmetic code")
_SKIPPED = re.compile(r"(\d+) extraneous bytes")
_PADDING = 64
"""Some writers leave up to this many extraneous bytes; more mean lost data."""


def reduction(width: int, height: int, max_side: int | None, *, grey: bool) -> int:
    """The largest of 8, 4, 2, 1 that keeps the long side of a JPEG at twice `max_side` or more.

    Twice, because scaling in the decoder smooths more than area averaging. A 12-megapixel photo decoded close
    to its final size loses 19 to 48 % of its Laplacian variance; at twice that size, it loses 14 %.

    Of luma alone, all of `max_side` and no more is wanted: `detail`, which measures it, tells faults apart on
    what the decoder halved as on averages (`benchmarks/reduced_luma.py`).
    """
    wanted = (1 if grey else 2) * (max_side or math.inf)
    return next(scale for scale in (8, 4, 2, 1) if scale == 1 or max(width, height) // scale >= wanted)


def count_scans(data: bytes) -> int:
    """Number of scans of the first picture in a JPEG; scans of previews and later pictures do not count."""
    return sum(marker == START_OF_SCAN for marker in _markers(data))


def is_arithmetic(data: bytes) -> bool:
    """Whether the first picture of a JPEG is coded arithmetically; libjpeg fills its missing end silently."""
    return _frame(data) in _ARITHMETIC


def is_ended(data: bytes) -> bool:
    """Whether the first picture of a JPEG has an end marker.

    A progressive picture without it may lack scans; it then has few details, but no decoder error.
    """
    return _END_OF_IMAGE in _markers(data)


def _frame(data: bytes) -> bytes:
    """The marker that begins the first picture and tells how it is coded; nothing without one."""
    return next((each for each in _markers(data) if each in _FRAMES), b"")


def _markers(data: bytes) -> Iterator[bytes]:
    """The markers of the first picture that have a length, and its end marker."""
    position = 0
    while found := _SEGMENT.search(data, position):
        yield found[0]
        if found[0] == _END_OF_IMAGE:
            return
        position = found.end() + int.from_bytes(data[found.end() : found.end() + 2])


def decode_jpeg(data: bytes, scale: int, *, grey: bool) -> tuple[Pixels, tuple[str, ...]]:
    """Decode the first picture of a JPEG with one or three components at 1/scale of its size, as stored.

    It uses OpenCV instead of Pillow. The pixels are the same, but OpenCV passes on libjpeg's messages about
    missing or extraneous data, and Pillow does not. The end marker of the picture may be missing.

    Args:
        data: the whole file.
        scale: 1, 2, 4 or 8; sizes are rounded up.
        grey: whether it has one component.

    Returns:
        uint8 (h, w) if `grey`, else (h, w, 3) in the order R, G, B; and warnings.

    Raises:
        OSError: pixels are missing or broken; the text is libjpeg's message.
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
    if pixels is None and _frame(data) not in _DECODED:
        raise OSError("unsupported: a lossless or hierarchical JPEG")
    lines = tuple(line.removeprefix("Corrupt JPEG data: ") for line in said.text.splitlines() if line)
    skipped = _SKIPPED.search(said.text)
    if pixels is None or _LOST.search(said.text) or (skipped and int(skipped[1]) > _PADDING):
        raise OSError(f"parts of the picture are missing or broken: {lines[0]}" if lines else "it is broken")
    return np.asarray(pixels if grey else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8), lines
