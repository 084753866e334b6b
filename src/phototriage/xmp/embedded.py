"""The marks that a person gave inside the photo file."""

from pathlib import Path

from PIL import Image

from phototriage.errors import OutputError
from phototriage.photos.formats import DAMAGE, FORMATS, own_pillow_settings, register_formats
from phototriage.xmp.packet import Packet
from phototriage.xmp.signs import KIND_OF_SIGN

__all__ = ["embedded_marks"]


def embedded_marks(path: Path) -> dict[str, str]:
    """Ratings, flags and labels in the XMP of a JPEG, TIFF, PNG, WebP, HEIC or AVIF: property → value.

    Lightroom, digiKam and others write them there, and a sidecar would override them. The result is empty for
    other formats and unreadable files.
    """
    register_formats()
    try:
        with own_pillow_settings(), Image.open(path, formats=FORMATS) as image:
            xmp = image.info.get("xmp")
        packet = Packet(xmp) if isinstance(xmp, bytes) else None
    except (OutputError, *DAMAGE):
        return {}
    return {name: value for name in KIND_OF_SIGN if (value := packet.get(name))} if packet else {}
