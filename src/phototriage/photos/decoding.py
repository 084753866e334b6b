"""Turns the bytes of a photo into upright sRGB pixels."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from phototriage.errors import PhotoError, PhotoReadError
from phototriage.photos.color import Pixels, to_8_bit, to_srgb
from phototriage.photos.formats import (
    DAMAGE,
    FORMATS,
    Warnings,
    missing_heif_bytes,
    own_pillow_settings,
    register_formats,
    without_padding,
)
from phototriage.photos.geometry import SIDEWAYS, fitted_size, shrink, upright
from phototriage.photos.jpeg import (
    START_OF_SCAN,
    count_scans,
    decode_jpeg,
    is_arithmetic,
    is_ended,
    reduction,
)
from phototriage.photos.memory import MAX_DECODING_BYTES, decoding_bytes, webp_bytes
from phototriage.photos.raw import is_raw, read_preview
from phototriage.photos.refusal import INCOMPLETE, explain, explain_unopened
from phototriage.photos.stderr_capture import captured_stderr
from phototriage.photos.tiff import refuse_floats, refuse_misread, to_full_picture

__all__ = ["DECODING_VERSION", "MAX_DECODED_PIXELS", "Decoded", "decode"]

DECODING_VERSION = "3"
"""Part of every fingerprint; increase it whenever the pixels of any photo change.

Where only luma changes, increase the version of the extractors that measure it instead."""

MAX_DECODED_PIXELS = 160_000_000
"""The largest number of pixels to hold in memory.

The largest medium-format shots fit (151 million). A HEIC of 200 million pixels takes 2 GB and ten seconds.
JPEG shrinks during decoding, so a JPEG photo may be much larger.
"""

_MAX_SCANNED_PIXELS = 100 * MAX_DECODED_PIXELS
"""Limit on pixels times scans, because every scan of a JPEG costs a pass over all its pixels.

Encoders write one scan, or about ten for a progressive picture. At this limit, libjpeg takes about three
seconds; without it, a malicious file of 1 MB could take minutes.
"""

_EMPTY_END = 4096
"""A run of zero bytes that no compressed picture ends with; decoders would interpret it as pixels."""
_MAX_WARNINGS = 5
_MAX_LINE = 200


@dataclass(frozen=True, eq=False)
class Decoded:
    """A decoded photo."""

    pixels: Pixels
    """uint8 (h, w, 3), sRGB, upright, 0 to 255, writable; no side is longer than the requested `max_side`.

    uint8 (h, w), luma, if grey was requested.
    """
    width: int
    """Width of the upright original, in pixels."""
    height: int
    """Height of the upright original, in pixels."""
    warnings: tuple[str, ...]
    """Harmless faults, one line each; most photos have none."""


def decode(
    data: bytes,
    max_side: int | None,
    *,
    grey: bool = False,
    reserve: Callable[[int], None] = lambda size: None,
) -> Decoded:
    """Decode a photo by its content; its name does not matter.

    It uses the first frame, and for a TIFF the first frame that is not a thumbnail. Transparent parts become
    white. The frame is shrunk by area averaging (JPEG: after a DCT-scaled decode), converted to sRGB with its
    ICC profile, and rotated upright according to its EXIF. A fault that leaves the pixels intact is a
    warning. Missing or broken pixels are an error, because half a photo must not be ranked.

    For a RAW file, it uses the embedded preview, rotated by its own EXIF or else by that of the RAW file. It
    never develops sensor data.

    Decode one photo at a time: during the call, standard error, Python's warnings and some settings of Pillow
    are redirected for the whole process.

    Args:
        data: the whole file.
        max_side: the long side of the result in pixels, if the photo is larger; None keeps every pixel.
        grey: whether luma is enough. A JPEG then decodes in a third of the time: its luma is used as it is
            stored, whatever its ICC profile says.
        reserve: called with the number of bytes that decoding takes at most, the file included, before it
            takes them; it may wait until they are free.

    Raises:
        PhotoError: the photo cannot be used; the text is the reason, in one line, without a path.
        PhotoReadError: the photo may be intact, but there is not enough memory.
        ValueError: `max_side` is less than 1.
    """
    if max_side is not None and max_side < 1:
        raise ValueError(f"max_side must be at least 1, not {max_side}")
    if not data:
        raise PhotoError("the file is empty")
    register_formats()
    try:
        with captured_stderr() as printed, own_pillow_settings() as warned:
            outcome = _try_decode(data, _Wanted(max_side, grey, reserve), warned)
    except MemoryError as error:
        raise PhotoReadError("there is not enough memory to decode it") from error
    noise = [*(str(warning.message) for warning in warned), *printed.text.splitlines()]
    if isinstance(outcome, Decoded):
        return replace(outcome, warnings=_shortened([*outcome.warnings, *noise]))
    raise PhotoError(explain(data, [outcome, *noise]))


@dataclass(frozen=True)
class _Wanted:
    """The arguments of `decode`."""

    max_side: int | None
    grey: bool
    reserve: Callable[[int], None]


def _try_decode(data: bytes, wanted: _Wanted, warned: Warnings) -> Decoded | str:
    """The decoded photo, or what a library said of the failure."""
    try:
        return _decode(data, wanted)
    except UnidentifiedImageError as error:
        refuse_floats(data)
        raise PhotoError(explain_unopened(data, [str(each.message) for each in warned])) from error
    except DAMAGE as error:
        return str(error)


def _decode(data: bytes, wanted: _Wanted) -> Decoded:
    max_side, grey = wanted.max_side, wanted.grey
    if is_raw(data):
        return _decode_raw(data, wanted)
    data = without_padding(data)
    if size := webp_bytes(data):
        _reserve(len(data) + size, "a WebP of so many pixels takes", wanted)
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        to_full_picture(image)
        refuse_misread(image)
        width, height = image.size
        is_jpeg = image.format in ("JPEG", "MPO")
        scale = reduction(width, height, max_side, grey=grey) if is_jpeg else 1
        if scale > 1:
            image.draft(None, (max(1, width // scale), max(1, height // scale)))
        _check_size(image, full=(width, height))
        result_size = fitted_size(width, height, max_side or max(width, height))
        needed = len(data) + decoding_bytes(image, (width, height), result_size)
        _reserve(needed, f"{width} × {height} pixels take", wanted)
        if is_jpeg:
            _check_scans(data, width, height)
            if ("progressive" in image.info or is_arithmetic(data)) and not is_ended(data):
                raise PhotoError(INCOMPLETE)
        if image.format == "HEIF" and missing_heif_bytes(data):
            raise PhotoError(INCOMPLETE)
        if image.format in ("HEIF", "AVIF", "WEBP") and data.endswith(bytes(_EMPTY_END)):
            raise PhotoError("the end of the file is empty: it was not copied whole, copy it again")
        if is_jpeg and image.mode in ("L", "RGB"):
            pixels, pixel_warnings = decode_jpeg(data, scale, grey=grey or image.mode == "L")
        else:
            image.load()
            if scale == 1:
                # libheif knows the true size only after decoding.
                width, height = image.size
            pixels, pixel_warnings = to_8_bit(image)
        result_size = fitted_size(width, height, max_side or max(width, height))
        if max(pixels.shape[:2]) > max(result_size):
            pixels = shrink(pixels, result_size)
        colour_warnings: tuple[str, ...] = ()
        if not grey or pixels.ndim == 3:
            pixels, colour_warnings = to_srgb(pixels, image.info.get("icc_profile"))
        if grey and pixels.ndim == 3:
            pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        orientation, exif_warnings = _read_orientation(image)
    if orientation in SIDEWAYS:
        width, height = height, width
    return Decoded(
        pixels=np.require(upright(pixels, orientation), requirements=("C", "W")),
        width=width,
        height=height,
        warnings=pixel_warnings + colour_warnings + exif_warnings,
    )


def _decode_raw(data: bytes, wanted: _Wanted) -> Decoded:
    """The preview of a RAW file, with the size of the RAW picture."""
    preview = read_preview(data)
    decoded = _decode(preview.picture, wanted)
    width, height = preview.width, preview.height
    if preview.orientation in SIDEWAYS:
        width, height = height, width
    pixels = upright(decoded.pixels, 1 if preview.turned_by_itself else preview.orientation)
    return Decoded(
        pixels=np.require(pixels, requirements=("C", "W")),
        width=width,
        height=height,
        warnings=decoded.warnings,
    )


def _check_size(image: ImageFile.ImageFile, full: tuple[int, int]) -> None:
    # libjpeg holds a whole progressive JPEG in memory, at any scale.
    width, height = full if "progressive" in image.info else image.size
    if width * height > MAX_DECODED_PIXELS:
        raise PhotoError(
            f"too large: {width} × {height} pixels to be decoded at once, the limit is {MAX_DECODED_PIXELS:,}"
        )


def _reserve(size: int, what: str, wanted: _Wanted) -> None:
    if size > MAX_DECODING_BYTES:
        raise PhotoError(
            f"too large: {what} {size / 1e9:.1f} GB of memory to decode, "
            f"the limit is {MAX_DECODING_BYTES / 1e9:.1f} GB: save a smaller copy, or a JPEG"
        )
    wanted.reserve(size)


def _check_scans(data: bytes, width: int, height: int) -> None:
    most = _MAX_SCANNED_PIXELS // (width * height)
    # Counting bytes is fast, but data outside the picture may contain these two bytes too.
    if data.count(START_OF_SCAN) > most and (scans := count_scans(data)) > most:
        raise PhotoError(f"hostile: {scans:,} scans of {width} × {height} pixels, where about 10 are usual")


def _read_orientation(image: Image.Image) -> tuple[int, tuple[str, ...]]:
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1), ()
    except DAMAGE as error:
        return 1, (f"the EXIF is broken: {str(error) or type(error).__name__}",)


def _shortened(warnings: list[str]) -> tuple[str, ...]:
    lines = list(dict.fromkeys(map(_one_line, warnings)))
    if len(lines) > _MAX_WARNINGS:
        lines = [*lines[: _MAX_WARNINGS - 1], f"and {len(lines) - _MAX_WARNINGS + 1} more warnings"]
    return tuple(lines)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_LINE else f"{line[: _MAX_LINE - 1]}…"
