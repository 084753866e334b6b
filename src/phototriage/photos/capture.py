"""How a photo was taken, as its EXIF says: the time, the camera, the exposure."""

import io
import json
import math
import struct
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from PIL import Image
from PIL.ExifTags import IFD, Base

from phototriage.photos.capture_time import CaptureTime, exif_text, read_capture_time
from phototriage.photos.formats import DAMAGE, FORMATS, own_pillow_settings, register_formats, without_padding
from phototriage.photos.memory import MAX_DECODING_BYTES, webp_bytes
from phototriage.photos.raw import is_raw, raw_exif
from phototriage.photos.stderr_capture import captured_stderr
from phototriage.photos.tiff import stored_size, to_full_picture

__all__ = ["Capture", "read_capture"]

_FORMAT = 4  # of the JSON; to be raised whenever a field is added, or read otherwise

_decode = json.JSONDecoder().decode  # `json.loads` looks at its arguments for a third of the time

_AUTO_BRACKET, _MANUAL = 2, 1  # of ExposureMode
_UNKNOWN_ISO = 65535
_FARTHEST = 10_000.0  # metres: beyond, a distance says "infinity"


class Capture(NamedTuple):
    """What grouping needs to know of a photo beside its pixels. None, or False, where the file does not say.

    time: on the camera's clock. make, model, serial: of the body. lens: its model.
    exposure_time: s. f_number, iso: as usual. exposure_bias: EV that the photographer or the bracketing
    added. focal_length: mm. focus_distance: m, infinite where the lens says so.
    bracketed: the camera took it as one of an exposure bracket. manual: exposure was set by hand.
    rendered: EXIF CustomRendered; phones say HDR with it (3), and the photo beside it that is not (4).
    software: what wrote the file last. width, height: px as stored, before the EXIF rotation.
    """

    time: CaptureTime | None = None
    make: str | None = None
    model: str | None = None
    serial: str | None = None
    lens: str | None = None
    exposure_time: float | None = None
    f_number: float | None = None
    iso: float | None = None
    exposure_bias: float | None = None
    focal_length: float | None = None
    focus_distance: float | None = None
    bracketed: bool = False
    manual: bool = False
    rendered: int | None = None
    software: str | None = None
    width: int | None = None
    height: int | None = None

    def to_json(self) -> str:
        """As one short line, for `from_json`."""
        stamp = None
        if self.time is not None:
            offset = self.time.utc_offset
            stamp = [self.time.local.isoformat(), None if offset is None else offset.total_seconds()]
        return json.dumps([_FORMAT, stamp, *self[1:]], separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Capture":
        """The capture that `to_json` wrote.

        Raises ValueError for any other text, that of another version too: the photo must be read again.
        """
        try:
            version, stamp, *fields = _decode(text)
            time = None
            if stamp is not None:
                local, offset = stamp
                time = CaptureTime(
                    datetime.fromisoformat(local), None if offset is None else timedelta(seconds=offset)
                )
            if version == _FORMAT:
                return cls._make((time, *fields))
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"not the capture of a photo: {text!r:.80}") from error
        raise ValueError(f"a capture of format {version!r}, not {_FORMAT}")


def read_capture(data: bytes) -> Capture:
    """Reads the EXIF of a photo, RAW files too, without decoding its pixels.

    What is missing, malformed or out of range is None; nothing is raised for a broken file. Meanwhile
    standard error, Python's warnings and some settings of Pillow are taken over for the whole process, as in
    `decode`.
    """
    if webp_bytes(data) > MAX_DECODING_BYTES:
        return Capture()
    try:
        with captured_stderr(), own_pillow_settings():
            return _read_raw(data) if is_raw(data) else _read(data)
    except DAMAGE:
        return Capture()


def _read(data: bytes) -> Capture:
    register_formats()
    with Image.open(io.BytesIO(without_padding(data)), formats=FORMATS) as image:
        to_full_picture(image)
        # Not image.getexif(): that of a PNG would decode the picture to look behind it.
        if image.format == "PNG" and (chunk := _png_exif(data)):
            image.info["exif"] = chunk
        elif image.format == "PNG" and (segment := _app1_exif(image.info)):
            image.info["exif"] = segment
        return _capture(Image.Image.getexif(image), stored_size(image))


def _png_exif(data: bytes) -> bytes:
    """What the eXIf chunk of a PNG holds, wherever it stands; nothing without one."""
    start = 8
    while start + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        if kind == b"eXIf":
            return data[start + 8 : start + 8 + size]
        start += 12 + size
    return b""


def _app1_exif(texts: Mapping[Any, Any]) -> bytes:
    """The EXIF that ImageMagick keeps as the text of a JPEG segment: a name, a length, hexadecimal digits."""
    for name, text in texts.items():
        if str(name).lower() == "raw profile type app1":
            try:
                segment = bytes.fromhex("".join(text.split("\n")[3:]))
            except ValueError:
                continue
            if segment.startswith(b"Exif\0\0"):
                return segment
    return b""


def _read_raw(data: bytes) -> Capture:
    exif = raw_exif(data)
    return Capture() if exif is None else _capture(exif, (None, None))


def _capture(exif: Image.Exif, size: tuple[int | None, int | None]) -> Capture:
    width, height = size
    try:
        tags = {**exif, **exif.get_ifd(IFD.Exif)}
        time = read_capture_time(exif)
    except DAMAGE:
        return Capture(width=width, height=height)
    mode = tags.get(Base.ExposureMode)
    rendered = tags.get(Base.CustomRendered)
    return Capture(
        time=time,
        make=_text(tags, Base.Make),
        model=_text(tags, Base.Model),
        serial=_text(tags, Base.BodySerialNumber) or _text(tags, Base.CameraSerialNumber),
        lens=_text(tags, Base.LensModel),
        exposure_time=_positive(tags, Base.ExposureTime),
        f_number=_positive(tags, Base.FNumber),
        iso=_iso(tags),
        exposure_bias=_number(tags, Base.ExposureBiasValue),
        focal_length=_positive(tags, Base.FocalLength),
        focus_distance=_distance(tags),
        bracketed=mode == _AUTO_BRACKET,
        manual=mode == _MANUAL,
        rendered=rendered if isinstance(rendered, int) else None,
        software=_text(tags, Base.Software),
        width=width,
        height=height,
    )


def _text(tags: Mapping[int, Any], tag: int) -> str | None:
    return exif_text(tags.get(tag)) or None


def _number(tags: Mapping[int, Any], tag: int) -> float | None:
    try:
        number = float(tags[tag])
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _positive(tags: Mapping[int, Any], tag: int) -> float | None:
    number = _number(tags, tag)
    return number if number is not None and number > 0 else None


def _iso(tags: Mapping[int, Any]) -> float | None:
    value = tags.get(Base.ISOSpeedRatings)
    first = value[0] if isinstance(value, tuple) and value else value
    if first == _UNKNOWN_ISO:  # too large for the 16 bits of that tag (EXIF 2.3, annex G)
        return _positive(tags, Base.ISOSpeed) or _positive(tags, Base.RecommendedExposureIndex)
    return _positive({Base.ISOSpeedRatings: first}, Base.ISOSpeedRatings)


def _distance(tags: Mapping[int, Any]) -> float | None:
    """SubjectDistance: 0 says unknown, a numerator of FFFFFFFF infinity (EXIF 2.32, section 4.6.5)."""
    metres = _positive(tags, Base.SubjectDistance)
    return math.inf if metres is not None and metres > _FARTHEST else metres
