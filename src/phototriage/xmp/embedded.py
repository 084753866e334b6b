"""The marks that a person gave inside the photo file."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile
from PIL.ExifTags import IFD

from phototriage.errors import OutputError
from phototriage.photos.formats import DAMAGE, FORMATS, own_pillow_settings, register_formats
from phototriage.photos.raw import raw_exif
from phototriage.xmp.packet import Packet
from phototriage.xmp.png_chunks import png_exif, png_xmp
from phototriage.xmp.signs import EXIF_SIGNS, XMP_SIGNS, says_something

__all__ = ["embedded_marks"]

_XMP_TAG = 700  # of TIFF
_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
_PACKET = re.compile(rb"<x:x[am]pmeta\b.*?</x:x[am]pmeta>", re.DOTALL)
_MOST_RAW_BYTES = 512 << 20


def embedded_marks(path: Path, besides: Sequence[str] = ()) -> dict[str, str]:
    """Ratings, flags and labels in the XMP and EXIF of a photo, RAW files too: property → value.

    Cameras, Windows, Lightroom, digiKam and others write them there, and a sidecar would override them. Of
    several values of one property, one that marks the photo counts. The result is empty for other formats and
    unreadable files. besides: other XMP properties to read with them.
    """
    names = (*XMP_SIGNS, *besides)
    register_formats()
    try:
        with own_pillow_settings(), Image.open(path, formats=FORMATS) as image:
            return _merged([*_of_packets(_packets(image), names), *_of_exif(_exifs(image))])
    except DAMAGE:
        return _of_raw(path, names)


def _merged(marks: Iterable[tuple[str, str]]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for name, value in marks:
        if name not in merged or not says_something(name, merged[name]):
            merged[name] = value
    return merged


def _packets(image: ImageFile.ImageFile) -> Iterator[Any]:
    yield image.info.get("xmp")
    if image.format in ("JPEG", "MPO"):
        for marker, data in getattr(image, "applist", ()):
            if marker == "APP1" and data.startswith(_XMP_HEADER):
                yield data.removeprefix(_XMP_HEADER)
    elif image.format == "PNG":
        assert image.fp is not None
        yield from png_xmp(image.fp)
    elif image.format == "TIFF":
        yield getattr(image, "tag_v2", {}).get(_XMP_TAG)


def _exifs(image: ImageFile.ImageFile) -> Iterator[Image.Exif]:
    with suppress(*DAMAGE):
        # Not image.getexif(): that of a PNG would decode the picture to look behind it.
        yield Image.Image.getexif(image)
    if image.format == "PNG":
        assert image.fp is not None
        for data in png_exif(image.fp):
            exif = Image.Exif()
            with suppress(*DAMAGE):
                exif.load(data)
                yield exif


def _of_raw(path: Path, names: Sequence[str]) -> dict[str, str]:
    """The marks in a RAW file that Pillow does not open."""
    marks: list[tuple[str, str]] = []
    with suppress(*DAMAGE), own_pillow_settings():
        if path.stat().st_size > _MOST_RAW_BYTES:
            return {}
        data = path.read_bytes()
        packet = _PACKET.search(data)
        marks += _of_packets([packet[0]] if packet else [], names)
        if exif := raw_exif(data):
            marks += [*_of_packets([exif.get(_XMP_TAG)], names), *_of_exif([exif])]
    return _merged(marks)


def _of_packets(packets: Iterable[Any], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for data in packets:
        with suppress(OutputError):
            packet = Packet(bytes(data)) if isinstance(data, bytes | tuple) else None
            if packet:
                yield from ((name, value) for name in names if (value := packet.get(name)))


def _of_exif(exifs: Iterable[Image.Exif]) -> Iterator[tuple[str, str]]:
    for exif in exifs:
        with suppress(*DAMAGE):
            for tags in (exif, exif.get_ifd(IFD.Exif)):
                for tag, name in EXIF_SIGNS.items():
                    if tag in tags:
                        yield name, _number(tags[tag])


def _number(value: Any) -> str:
    """An EXIF number as text; a rejected photo's −1 may stand in an unsigned tag."""
    if isinstance(value, tuple) and value:
        value = value[0]
    if isinstance(value, bytes):
        value = value[0] if len(value) == 1 else value.decode("ascii", "replace")
    text = str(value).strip(" \0")
    return "-1" if text == "65535" else text
