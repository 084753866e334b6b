"""The XMP and EXIF of a PNG, wherever its chunks stand."""

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

__all__ = ["png_exif", "png_xmp"]

_CHUNK = struct.Struct(">I4s")
_MOST_BYTES = 16 << 20
_XMP = b"XML:com.adobe.xmp"
_PROFILES = {b"Raw profile type xmp", b"Raw profile type APP1", b"Raw profile type exif"}
"""Keywords of ImageMagick, exiftool and libraries older than the chunk eXIf; their text is hexadecimal."""
_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"


def png_xmp(file: IO[bytes]) -> list[bytes]:
    """The XMP packets of a PNG. Pillow reads only what stands before the pixels, and no raw profiles."""
    return [data.removeprefix(_XMP_HEADER) for kind, data in _metadata(file) if kind == "xmp"]


def png_exif(file: IO[bytes]) -> list[bytes]:
    """The EXIF of a PNG, as TIFF with or without the `Exif` header of JPEG."""
    return [data for kind, data in _metadata(file) if kind == "exif"]


def _metadata(file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    file.seek(8)
    while len(header := file.read(_CHUNK.size)) == _CHUNK.size:
        size, name = _CHUNK.unpack(header)
        if name in (b"eXIf", b"iTXt", b"zTXt", b"tEXt") and size <= _MOST_BYTES:
            data = file.read(size)
            file.seek(4, 1)
            if name == b"eXIf":
                yield "exif", data
            else:
                with suppress(ValueError, zlib.error):
                    yield from _of_text(name, data)
        elif name == b"IEND":
            return
        else:
            file.seek(size + 4, 1)


def _of_text(name: bytes, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Raises ValueError or zlib.error for a broken chunk."""
    keyword, _, text = data.partition(b"\0")
    if keyword not in _PROFILES | {_XMP}:
        return
    if name == b"iTXt":  # two bytes say whether it is compressed, and two texts name language and keyword
        compressed = text[:1] == b"\1"
        text = text[2:].split(b"\0", 2)[2] if text.count(b"\0", 2) >= 2 else b""
    else:
        compressed = name == b"zTXt"
        text = text[1:] if compressed else text
    if compressed:
        text = zlib.decompressobj().decompress(text, _MOST_BYTES)
    if keyword == _XMP:
        yield "xmp", text
    elif profile := re.match(rb"\s*\w+\s+\d+\s+([0-9a-fA-F\s]*)", text):
        raw = bytes.fromhex(profile[1].decode())
        is_xmp = keyword.endswith(b"xmp") or raw.startswith(_XMP_HEADER)
        yield "xmp" if is_xmp else "exif", raw
