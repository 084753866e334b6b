"""How much memory the decoding of a photo takes, as its header tells, and how much it may take."""

import struct

from PIL import ImageFile
from PIL.ExifTags import Base

from phototriage.photos.tiff import tiff_tag

__all__ = ["MAX_DECODING_BYTES", "decoding_bytes", "webp_bytes"]

MAX_DECODING_BYTES = 1_600_000_000
"""The most memory in bytes that one photo may take, its file included.

A TIFF of 151 million pixels of 8 bits fits, the largest that a medium-format camera makes.
"""

_OF_MODE = {"1": 3.5, "L": 2.5, "P": 9.0, "LA": 6.5, "RGB": 8.0, "CMYK": 9.0, "F": 16.5, "I": 16.5}
_DEEP_GREY, _OTHER = 12.5, 12.0
"""Bytes per pixel while Pillow's modes become an array of 8 bits; measured, like all numbers here."""

_OF_FORMAT = {"WEBP": 17.0, "HEIF": 14.0, "AVIF": 16.0}
_WEBP_ALPHA = 20.5
_WEBP_HEADER = 30
_JPEG_SCALED, _JPEG_COEFFICIENT = 7.0, 2.0
_OF_RESULT = 16.0
_OF_ROW = 24
"""Bytes per row: of two images, the pointer and what rounds it up to 4 bytes."""


def decoding_bytes(image: ImageFile.ImageFile, full: tuple[int, int], result: tuple[int, int]) -> int:
    """The most memory that decoding takes, in bytes, without that of the file itself.

    Args:
        image: opened, not loaded; a JPEG is already set to the scale at which it is decoded.
        full: its (width, height) in the file. result: (width, height) of the shrunken photo.
    """
    width, height = image.size
    per_pixel = _OF_FORMAT.get(image.format or "", _OF_MODE.get(image.mode, _OTHER))
    extra = 0.0
    if image.mode.startswith("I;16"):
        per_pixel = _DEEP_GREY
    if image.format == "WEBP" and image.mode == "RGBA":
        per_pixel = _WEBP_ALPHA
    if image.format in ("JPEG", "MPO"):
        if image.mode in ("L", "RGB"):
            per_pixel = _JPEG_SCALED
        if "progressive" in image.info:
            extra = _JPEG_COEFFICIENT * len(image.getbands()) * full[0] * full[1]
    if image.format == "TIFF":
        extra = _largest_piece(image)
    return round(per_pixel * width * height + extra + _OF_ROW * height + _OF_RESULT * result[0] * result[1])


def webp_bytes(data: bytes) -> int:
    """The most memory that a WebP takes from when it is opened, in bytes without its file; 0 for others.

    Its decoder makes two canvases at once, so that its header must be read before.
    """
    if not (data.startswith(b"RIFF") and data[8:12] == b"WEBP") or len(data) < _WEBP_HEADER:
        return 0
    match data[12:16]:
        case b"VP8X":
            sides = [1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27)]
        case b"VP8L":
            packed = int.from_bytes(data[21:25], "little")
            sides = [1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)]
        case _:
            sides = [side & 0x3FFF for side in struct.unpack_from("<HH", data, 26)]
    return round(_WEBP_ALPHA * sides[0] * sides[1])


def _largest_piece(image: ImageFile.ImageFile) -> float:
    """Bytes of a strip or tile of a TIFF, which libtiff unpacks in one piece."""
    width, height = image.size
    samples = tiff_tag(image, Base.SamplesPerPixel, 1) * tiff_tag(image, Base.BitsPerSample, 1)
    rows = min(tiff_tag(image, Base.RowsPerStrip, height), height)
    tile = tiff_tag(image, Base.TileWidth, 0) * tiff_tag(image, Base.TileLength, 0)
    return max(width * rows, tile) * samples / 8
