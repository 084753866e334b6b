"""RAW files, recognized by content: their EXIF and their preview. Sensor data are never developed."""

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, TiffImagePlugin
from PIL.ExifTags import IFD, Base

from phototriage.errors import PhotoError, PhotoReadError
from phototriage.photos.formats import DAMAGE

__all__ = ["LEAST_PREVIEW_SIDE", "Preview", "is_raw", "is_raw_beginning", "raw_exif", "read_preview"]

LEAST_PREVIEW_SIDE = 480
"""Smallest long side, in pixels, of an embedded picture that is large enough to rank."""

_TIFF = (b"II*\0", b"MM\0*")
_RAW_TIFF = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0")  # TIFF except for these first bytes: Olympus, Panasonic
_FUJIFILM = b"FUJIFILMCCD-RAW"
_OTHER_RAW = (_FUJIFILM, b"FOVb", b"\0MRM")  # Fujifilm, Sigma, Minolta
_CANON_BRAND = b"ftypcrx "  # CR3
_CANON_CR2 = b"II*\0\x10\0\0\0CR"  # always little-endian, followed directly by its first directory

# The interpretations of sensor data: color filter array, linear RAW (TIFF/EP, DNG).
_SENSOR_DATA = (32803, 34892)
_MOST_DIRECTORIES = 32

# LibRaw's code for the rotation (0 none, 3 by 180°, 5 left, 6 right) → EXIF.
_ORIENTATIONS = {3: 3, 5: 8, 6: 6}


@dataclass(frozen=True)
class Preview:
    """The largest embedded picture of a RAW file.

    picture: a JPEG or PNG file. turned_by_itself: whether its own EXIF has an orientation; if not,
    `orientation`, the EXIF orientation of the RAW file, applies. width, height: size of the RAW picture in
    px, before rotation.
    """

    picture: bytes
    turned_by_itself: bool
    orientation: int
    width: int
    height: int


def is_raw(data: bytes) -> bool:
    """Whether a file contains sensor data: CR2 CR3 NEF ARW DNG RAF ORF RW2 PEF SRW and similar formats."""
    if is_raw_beginning(data):
        return True
    if not data.startswith(_TIFF):
        return False
    try:
        return any(
            Base.DNGVersion in tags or tags.get(Base.PhotometricInterpretation) in _SENSOR_DATA
            for tags in _directories(data)
        )
    except DAMAGE:
        return False


def is_raw_beginning(start: bytes) -> bool:
    """Whether these first 16 bytes or more are of a RAW file; those built like a TIFF do not count."""
    return (
        start.startswith((*_RAW_TIFF, *_OTHER_RAW, _CANON_CR2))
        or start[4:12] == _CANON_BRAND
        or start[6:14] == b"HEAPCCDR"
    )


def raw_exif(data: bytes) -> Image.Exif | None:
    """The EXIF of a RAW file, for formats that store it as TIFF; None for others.

    Raises the exceptions in DAMAGE if it is broken.
    """
    exif = Image.Exif()
    if data.startswith(_RAW_TIFF):
        little = data.startswith(b"II")
        exif.load((_TIFF[0] if little else _TIFF[1]) + data[4:])
    elif data.startswith(_TIFF):
        exif.load(data)
    elif data.startswith(_FUJIFILM):
        start, length = struct.unpack_from(">II", data, 84)  # of the JPEG next to the sensor data
        with Image.open(io.BytesIO(data[start : start + length]), formats=("JPEG",)) as preview:
            return preview.getexif()
    elif data[4:12] == _CANON_BRAND:
        return _canon_exif(data)
    else:
        return None
    return exif


def read_preview(data: bytes) -> Preview:
    """The preview of a RAW file.

    Raises PhotoError, in one line without the path, if there is none of at least LEAST_PREVIEW_SIDE,
    PhotoReadError if rawpy is broken, and MemoryError.
    """
    try:
        import rawpy  # only when a RAW file is read
    except (ImportError, OSError) as error:
        raise PhotoReadError(f"rawpy, which reads RAW files, cannot be loaded: {error}") from error
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            sizes = raw.sizes
            thumbnail = raw.extract_thumb()
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError) as error:
        raise PhotoError("a RAW file without a preview that can be read: put its JPEG next to it") from error
    except (rawpy.LibRawFileUnsupportedError, rawpy.NotSupportedError) as error:
        raise PhotoError(
            "a RAW file that is damaged, or of a kind that cannot be read: copy it again, or put its JPEG "
            "next to it"
        ) from error
    except (rawpy.LibRawUnsufficientMemoryError, rawpy.LibRawTooBigError) as error:
        raise MemoryError from error
    except rawpy.LibRawError as error:
        raise PhotoError(
            "a RAW file that is damaged or incomplete: copy it again, or put its JPEG next to it"
        ) from error
    picture = thumbnail.data
    if not isinstance(picture, bytes):  # pixels, uint8 (h, w, 3)
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG", compress_level=0)
        picture = file.getvalue()
    with Image.open(io.BytesIO(picture), formats=("JPEG", "PNG")) as image:
        if max(image.size) < LEAST_PREVIEW_SIDE:
            raise PhotoError(
                f"a RAW file whose preview is too small, {image.width} × {image.height} pixels: "
                "put its JPEG next to it"
            )
        try:
            turned_by_itself = Base.Orientation in Image.Image.getexif(image)
        except DAMAGE:
            turned_by_itself = False
    return Preview(
        picture, turned_by_itself, _ORIENTATIONS.get(sizes.flip, 1), width=sizes.width, height=sizes.height
    )


def _canon_exif(data: bytes) -> Image.Exif:
    """The EXIF of a CR3, which stores its two directories in separate boxes, each as TIFF."""
    first, second = (_canon_box(data, name) for name in (b"CMT1", b"CMT2"))
    exif = Image.Exif()
    exif.load(first)
    inner = Image.Exif()
    inner.load(second)
    exif.get_ifd(IFD.Exif).update(inner)
    return exif


def _canon_box(data: bytes, name: bytes) -> bytes:
    found = re.search(name + rb"(?=II\*\0|MM\0\*)", data[: 1 << 20])
    if found is None:
        raise ValueError(f"no {name.decode()} box")
    (size,) = struct.unpack_from(">I", data, found.start() - 4)
    return data[found.end() : found.start() - 4 + size]


def _directories(data: bytes) -> Iterator[TiffImagePlugin.ImageFileDirectory_v2]:
    """The directories of a TIFF, including nested ones."""
    file = io.BytesIO(data)
    waiting = [TiffImagePlugin.ImageFileDirectory_v2(data[:8]).next]
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_DIRECTORIES:
        offset = waiting.pop(0)
        if not offset or offset in seen:
            continue
        seen.add(offset)
        tags = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
        file.seek(offset)
        tags.load(file)
        yield tags
        nested = tags.get(Base.SubIFDs, ())
        waiting += [tags.next, *(nested if isinstance(nested, tuple) else (nested,))]
