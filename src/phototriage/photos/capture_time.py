"""When a photo was taken, as its EXIF says."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from PIL.ExifTags import IFD, Base
from PIL.Image import Exif

__all__ = ["CaptureTime", "exif_text", "read_capture_time"]

# Date, sub-second and offset tags, the most trustworthy first (EXIF 2.32, section 4.6.5).
_OF_CAPTURE = (
    (Base.DateTimeOriginal, Base.SubsecTimeOriginal, Base.OffsetTimeOriginal),
    (Base.DateTimeDigitized, Base.SubsecTimeDigitized, Base.OffsetTimeDigitized),
)
_OF_LAST_CHANGE = ((Base.DateTime, Base.SubsecTime, Base.OffsetTime),)
_FIRMWARE = re.compile(r"((firmware|version|ver\.?|v)\s*)?\d[\d.]*[a-z]?", re.IGNORECASE)
"""What cameras and phones write as the software: "Ver.1.00", "17.2.1", "Firmware 1.8"."""
# Some programs write ISO 8601, with sub-seconds and offset right behind the date. Some cameras write slashes
# or dots, blanks for leading zeros or none at all, a colon before the hour, or no seconds.
_DATE = re.compile(
    r"(\d{4})[:/.-] ?(\d\d?)[:/.-] ?(\d\d?)[ T:] ?(\d\d?)[:.] ?(\d\d?)"
    r"(?:[:.] ?(\d\d?)?(?:[.,](\d+))?)? ?([AaPp][Mm])? ?(.*)",
    re.ASCII,
)
_COMPACT_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)[ T_]?(\d\d)(\d\d)(\d\d)?()()(.*)", re.ASCII)
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d\d?)(?::?([0-5]\d))?", re.ASCII)
_NO_OFFSET = ("Z", "GMT", "UTC")
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
    """Read DateTimeOriginal, else DateTimeDigitized, each with its own sub-seconds and offset.

    DateTime (0x0132) is when the file last changed, which for an edited photo is the time of the edit. It is
    the last resort, and only where the file names its camera and no software but a firmware's version:
    editors write their own name with that date.

    Sub-seconds and offset written behind the date count where their own tags do not say. Malformed, blank and
    all-zero dates count as absent; so do malformed sub-seconds and offsets. Hour 24 is hour 0 of the same
    day, as some Android cameras write it.

    Raises:
        SyntaxError, struct.error and others: what Pillow raises where the structure of the EXIF is broken.
    """
    values = {**exif, **exif.get_ifd(IFD.Exif)}
    names_camera = any(exif_text(values.get(tag)) for tag in (Base.Make, Base.Model))
    software = exif_text(values.get(Base.Software))
    unchanged = names_camera and (not software or _FIRMWARE.fullmatch(software))
    for date_tag, subsecond_tag, offset_tag in _OF_CAPTURE + (_OF_LAST_CHANGE if unchanged else ()):
        written = _date(exif_text(values.get(date_tag)))
        if written is not None:
            microsecond = _microseconds(exif_text(values.get(subsecond_tag))) or written.local.microsecond
            offset = _offset(exif_text(values.get(offset_tag)))
            return CaptureTime(
                written.local.replace(microsecond=microsecond),
                written.utc_offset if offset is None else offset,
            )
    return None


def exif_text(value: object) -> str:
    """The text of a tag on one line, "" for what is none.

    Makers fill such tags up with blanks and zeros; what stands behind a zero is left over.
    """
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return " ".join(value.split("\0")[0].split()) if isinstance(value, str) else ""


def _date(text: str) -> CaptureTime | None:
    match = _DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text)
    if match is None:
        return None
    *date, fraction, half, zone = match.groups(default="")
    offset = _offset(zone)
    if zone and offset is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(text or 0) for text in date)
        if half:
            hour = hour % 12 + 12 * (half.lower() == "pm")
        # Some clocks write hour 24 for 0, and a leap second as 60.
        time = (0 if hour == 24 else hour, minute, min(second, 59) if second == 60 else second)
        local = datetime(year, month, day, *time, _microseconds(fraction))
    except ValueError:
        return None
    return CaptureTime(local, offset)


def _microseconds(text: str) -> int:
    return int(text[:6].ljust(6, "0")) if text.isascii() and text.isdigit() else 0


def _offset(text: str) -> timedelta | None:
    if text in _NO_OFFSET:
        return timedelta(0)
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    sign, hours, minutes = match.groups(default="0")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > _LARGEST_OFFSET:
        return None
    return -offset if sign == "-" else offset
