"""When a photo was taken, as its EXIF says."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from PIL import ExifTags
from PIL.Image import Exif

__all__ = ["CaptureTime", "read_capture_time"]

# Date, sub-second and offset tags, the most trustworthy first (EXIF 2.32, section 4.6.5).
_TAGS = (
    (ExifTags.Base.DateTimeOriginal, ExifTags.Base.SubsecTimeOriginal, ExifTags.Base.OffsetTimeOriginal),
    (ExifTags.Base.DateTimeDigitized, ExifTags.Base.SubsecTimeDigitized, ExifTags.Base.OffsetTimeDigitized),
    (ExifTags.Base.DateTime, ExifTags.Base.SubsecTime, ExifTags.Base.OffsetTime),
)
_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):?([0-5]\d)", re.ASCII)
_LARGEST_OFFSET = timedelta(hours=14)


@dataclass(frozen=True)
class CaptureTime:
    """The moment of capture on the camera's own clock.

    There is no order on purpose: a time with an offset and one without can be compared only under an
    assumption, and that belongs to whoever compares.
    """

    local: datetime
    """Naive, with microseconds where the camera wrote sub-seconds."""
    utc_offset: timedelta | None
    """What the camera's clock was ahead of UTC; None where it did not say."""

    def __post_init__(self) -> None:
        if self.local.tzinfo is not None:
            raise ValueError("local must be naive; the offset stands in utc_offset")


def read_capture_time(exif: Exif) -> CaptureTime | None:
    """Read DateTimeOriginal, else DateTimeDigitized, else DateTime, each with its own sub-seconds and offset.

    Malformed, blank and all-zero dates count as absent; so do malformed sub-seconds and offsets.

    Raises:
        SyntaxError, struct.error and others: what Pillow raises where the structure of the EXIF is broken.
    """
    values = {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    for date_tag, subsecond_tag, offset_tag in _TAGS:
        date = _date(_text(values.get(date_tag)))
        if date is not None:
            microsecond = _microseconds(_text(values.get(subsecond_tag)))
            return CaptureTime(date.replace(microsecond=microsecond), _offset(_text(values.get(offset_tag))))
    return None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value.strip("\0 \t\r\n") if isinstance(value, str) else ""


def _date(text: str) -> datetime | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = map(int, match.groups())
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def _microseconds(text: str) -> int:
    return int(text[:6].ljust(6, "0")) if text.isascii() and text.isdigit() else 0


def _offset(text: str) -> timedelta | None:
    if text == "Z":
        return timedelta(0)
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > _LARGEST_OFFSET:
        return None
    return -offset if sign == "-" else offset
