"""The preview that a camera leaves in a RAW file. RAW data are never developed."""

import io
from dataclasses import dataclass

from PIL import Image
from PIL.ExifTags import Base

from phototriage.errors import PhotoError
from phototriage.photos.formats import DAMAGE

__all__ = ["LEAST_PREVIEW_SIDE", "Preview", "read_preview"]

LEAST_PREVIEW_SIDE = 480
"""The long side, in pixels, from which on an embedded picture shows enough to be judged."""

# How LibRaw says that a picture must be turned (0 not, 3 by half, 5 to the left, 6 to the right) → EXIF.
_ORIENTATIONS = {3: 3, 5: 8, 6: 6}


@dataclass(frozen=True)
class Preview:
    """The largest embedded picture of a RAW file.

    picture: a JPEG or PNG file. turned_by_itself: whether its own EXIF says how it is turned upright; if not,
    `orientation`, the EXIF orientation of the RAW file, holds for it. width, height: of the RAW picture in
    px, before it is turned.
    """

    picture: bytes
    turned_by_itself: bool
    orientation: int
    width: int
    height: int


def read_preview(data: bytes) -> Preview:
    """The preview of a RAW file.

    Raises PhotoError, in one line without the path, where there is none of LEAST_PREVIEW_SIDE or more.
    """
    import rawpy  # not before a RAW file is met

    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            sizes = raw.sizes
            thumbnail = raw.extract_thumb()
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError) as error:
        raise PhotoError("a RAW file without a preview that can be read: put its JPEG beside it") from error
    except (rawpy.LibRawError, rawpy.NotSupportedError) as error:
        raise PhotoError(f"a RAW file that cannot be read: {_words(error)}") from error
    picture = thumbnail.data
    if not isinstance(picture, bytes):  # pixels, uint8 (h, w, 3)
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG", compress_level=0)
        picture = file.getvalue()
    with Image.open(io.BytesIO(picture), formats=("JPEG", "PNG")) as image:
        if max(image.size) < LEAST_PREVIEW_SIDE:
            raise PhotoError(
                f"a RAW file whose preview is too small, {image.width} × {image.height} pixels: "
                "put its JPEG beside it"
            )
        try:
            turned_by_itself = Base.Orientation in Image.Image.getexif(image)
        except DAMAGE:
            turned_by_itself = False
    return Preview(
        picture, turned_by_itself, _ORIENTATIONS.get(sizes.flip, 1), width=sizes.width, height=sizes.height
    )


def _words(error: Exception) -> str:
    """LibRaw's texts come as bytes."""
    text = error.args[0] if error.args else type(error).__name__
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text)
