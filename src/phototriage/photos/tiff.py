"""TIFF handling that Pillow lacks: choice of the picture, its stored size, and misread variants."""

import io

from PIL import Image, ImageFile, TiffImagePlugin
from PIL.ExifTags import Base

from phototriage.errors import PhotoError
from phototriage.photos.formats import DAMAGE

__all__ = [
    "UNSIGNED",
    "WHITE_IS_ZERO",
    "refuse_floats",
    "refuse_misread",
    "stored_size",
    "tiff_tag",
    "to_full_picture",
]

WHITE_IS_ZERO = 0  # of PhotometricInterpretation
UNSIGNED = 1  # of SampleFormat

_SIGNED = 2
_FLOAT = 3
_REDUCED = 1  # bit of NewSubfileType: a smaller version of another picture of the file (TIFF 6.0, page 36)
_PLANES = 2  # of PlanarConfiguration: all of the first color, then all of the second
_MOST_DIRECTORIES = 32


def tiff_tag(image: Image.Image, tag: int, default: int) -> int:
    """A number in the directory of a TIFF, the first if there are several; `default` for other files."""
    value = getattr(image, "tag_v2", {}).get(tag, default)
    return int(value[0] if isinstance(value, tuple) else value)


def to_full_picture(image: ImageFile.ImageFile) -> None:
    """Go to the first picture of a TIFF that is not a reduced version of another, or else to the first."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        for number in range(_MOST_DIRECTORIES):
            try:
                image.seek(number)
            except EOFError:
                break
            if not tiff_tag(image, Base.NewSubfileType, 0) & _REDUCED:
                return
        image.seek(0)


def stored_size(image: ImageFile.ImageFile) -> tuple[int, int]:
    """(width, height) before the EXIF rotation, which Pillow applies when it opens a TIFF."""
    width, height = image.size
    return tiff_tag(image, Base.ImageWidth, width), tiff_tag(image, Base.ImageLength, height)


def refuse_misread(image: ImageFile.ImageFile) -> None:
    """Raise PhotoError for kinds of TIFF that Pillow 13 silently decodes into a wrong picture.

    A comparison with tifffile found them; photos rarely use them.
    """
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return
    bits = tiff_tag(image, Base.BitsPerSample, 1)
    codecs = {tile.codec_name for tile in image.tile}
    if tiff_tag(image, Base.PlanarConfiguration, 1) == _PLANES:
        # Uncompressed planes are unpacked as plain bytes, whatever their type.
        plain = bits == 8 and tiff_tag(image, Base.PhotometricInterpretation, 1) != WHITE_IS_ZERO
        if ("raw" in codecs and not plain) or image.mode in ("LA", "PA", "LAB"):
            raise PhotoError("a TIFF in separate planes, of a kind that cannot be read: save it interleaved")
    # libtiff returns them in this machine's byte order, and Pillow swaps them once more.
    swapped = {tile.args[0] for tile in image.tile if tile.args} & {"I;16BS", "I;32BS", "F;32BF"}
    if "libtiff" in codecs and swapped:
        raise PhotoError("a compressed big-endian TIFF of a kind that cannot be read: save it uncompressed")
    if bits == 8 and tiff_tag(image, Base.SampleFormat, UNSIGNED) == _SIGNED:
        raise PhotoError("a TIFF of signed bytes cannot be read: save it with 8 or 16 bits per color")


def refuse_floats(data: bytes) -> None:
    """Raise PhotoError for a TIFF of floating-point numbers that Pillow cannot open.

    It opens gray ones of 32 bits only.
    """
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
        file = io.BytesIO(data)
        file.seek(tags.next)
        tags.load(file)
        bits, formats = tags.get(Base.BitsPerSample, (1,)), tags.get(Base.SampleFormat, (UNSIGNED,))
    except DAMAGE:
        return
    if _FLOAT in formats:
        raise PhotoError(
            f"a TIFF of {bits[0]}-bit floating-point colors cannot be read: save it with 8 or 16 bits per "
            "channel, as integers"
        )
