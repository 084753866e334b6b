"""What Pillow leaves to us of a TIFF: which picture is meant, its size as stored, what it reads wrongly."""

from PIL import Image, ImageFile, TiffImagePlugin
from PIL.ExifTags import Base

from phototriage.errors import PhotoError

__all__ = ["UNSIGNED", "WHITE_IS_ZERO", "refuse_misread", "stored_size", "tiff_tag", "to_full_picture"]

WHITE_IS_ZERO = 0  # of PhotometricInterpretation
UNSIGNED = 1  # of SampleFormat

_SIGNED = 2
_REDUCED = 1  # bit of NewSubfileType: a smaller version of another picture of the file (TIFF 6.0, page 36)
_PLANES = 2  # of PlanarConfiguration: all of the first colour, then all of the second
_MOST_DIRECTORIES = 32


def tiff_tag(image: Image.Image, tag: int, default: int) -> int:
    """A number in the directory of a TIFF, the first where there are several; `default` for other files."""
    value = getattr(image, "tag_v2", {}).get(tag, default)
    return int(value[0] if isinstance(value, tuple) else value)


def to_full_picture(image: ImageFile.ImageFile) -> None:
    """Go to the first picture of a TIFF that is no reduced version of another; to the first where all are."""
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
    """(width, height) before the EXIF rotation, which Pillow takes into account as it opens a TIFF."""
    width, height = image.size
    return tiff_tag(image, Base.ImageWidth, width), tiff_tag(image, Base.ImageLength, height)


def refuse_misread(image: ImageFile.ImageFile) -> None:
    """Raise PhotoError for the kinds of TIFF that Pillow 13 turns into another picture without a word.

    Comparison with tifffile found them; photos are hardly ever stored so.
    """
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return
    bits = tiff_tag(image, Base.BitsPerSample, 1)
    codecs = {tile.codec_name for tile in image.tile}
    if tiff_tag(image, Base.PlanarConfiguration, 1) == _PLANES:
        # Planes that are not compressed are unpacked as plain bytes, whatever they hold.
        plain = bits == 8 and tiff_tag(image, Base.PhotometricInterpretation, 1) != WHITE_IS_ZERO
        if ("raw" in codecs and not plain) or image.mode in ("LA", "PA", "LAB"):
            raise PhotoError("a TIFF in separate planes, of a kind that cannot be read: save it interleaved")
    # libtiff gives them in the order of this machine, and they are taken for big-endian once more.
    swapped = {tile.args[0] for tile in image.tile if tile.args} & {"I;16BS", "I;32BS", "F;32BF"}
    if "libtiff" in codecs and swapped:
        raise PhotoError("a compressed big-endian TIFF of a kind that cannot be read: save it uncompressed")
    if bits == 8 and tiff_tag(image, Base.SampleFormat, UNSIGNED) == _SIGNED:
        raise PhotoError("a TIFF of signed bytes cannot be read")
