"""Tells whether a HEIF file is all there; libheif itself fills the missing parts of a photo silently."""

import struct

__all__ = ["missing_bytes"]

# Size and type, then a 64-bit size where the first says 1 (ISO/IEC 14496-12, section 4.2).
_HEADER = struct.Struct(">I4s")
_LARGE_SIZE = struct.Struct(">Q")


def missing_bytes(data: bytes) -> int:
    """How many bytes of its boxes of image data lie beyond the end of a HEIF file; 0 where it is whole.

    Boxes of other types do not count, as some cameras append what only looks like a box.
    """
    start = 0
    while start + _HEADER.size <= len(data):
        size, kind = _HEADER.unpack_from(data, start)
        if size == 1 and start + _HEADER.size + _LARGE_SIZE.size <= len(data):
            (size,) = _LARGE_SIZE.unpack_from(data, start + _HEADER.size)
        if size < _HEADER.size:
            return 0
        start += size
        if start > len(data):
            return start - len(data) if kind in (b"mdat", b"meta") else 0
    return 0
