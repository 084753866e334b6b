from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from PIL.ExifTags import IFD, Base
from PIL.Image import Exif

from phototriage.photos import CaptureTime, read_capture_time

NOON = datetime(2024, 2, 29, 12, 0, 0)


def exif_of(first: Mapping[Base, object], second: Mapping[Base, object]) -> Exif:
    """EXIF with tags in its first and its second directory, written to bytes and read back."""
    exif = Exif()
    exif.update({int(tag): value for tag, value in first.items()})
    exif.get_ifd(IFD.Exif).update({int(tag): value for tag, value in second.items()})
    read = Exif()
    read.load(exif.tobytes())
    return read


def original(**tags: str) -> Exif:
    return exif_of({}, {Base[f"{name}Original"]: value for name, value in tags.items()})


def test_everything_of_the_original() -> None:
    exif = original(DateTime="2024:02:29 12:00:00", SubsecTime="25", OffsetTime="-03:30")
    expected = CaptureTime(NOON.replace(microsecond=250_000), -timedelta(hours=3, minutes=30))
    assert read_capture_time(exif) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024:02:29 12:00:00", NOON),
        ("2024:02:29 12:00:00\0", NOON),
        ("2024:02:29 12:00:00\0junk", NOON),
        (" 2024:02:29 12:00:00  ", NOON),
        ("2024-02-29 12:00:00", NOON),
        ("2024-02-29T12:00:00", NOON),
        ("2024/02/29 12:00:00", NOON),
        ("2007: 6: 1  0:45:17", datetime(2007, 6, 1, 0, 45, 17)),
        ("2007:06:01 12: 5: 7", datetime(2007, 6, 1, 12, 5, 7)),
        ("2007:06:01 24:45:17", datetime(2007, 6, 1, 0, 45, 17)),
        ("2007/6/1 24:00:00", datetime(2007, 6, 1)),
        ("2007:6:1 0:5:7", datetime(2007, 6, 1, 0, 5, 7)),
        ("2024.02.29 12.00.00", NOON),
        ("2024.02.29T12:00:00", NOON),
        ("2024/02/29T12:00", NOON),
        ("2024:02:29 12:00", NOON),
        ("2024:02:29 12:00:  ", NOON),
        ("2024: 2:29 12:00: 0", NOON),
        ("2024:02:29:12:00:00", NOON),
        ("2024:00:00 12:00:00", None),
        ("2024:02:29 24", None),
        ("2024:02:29 12:61", None),
        ("0001:01:01 00:00:00", datetime(1, 1, 1)),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("", None),
        ("2023:02:29 12:00:00", None),
        ("2024:02:29 25:00:00", None),
        ("2024:02:29 12:00:60", datetime(2024, 2, 29, 12, 0, 59)),
        ("2024:02:29 12:00:61", None),
        ("2024:02:29 10:45:17 PM", datetime(2024, 2, 29, 22, 45, 17)),
        ("2024:02:29 12:05:00am", datetime(2024, 2, 29, 0, 5)),
        ("20240229 104517", datetime(2024, 2, 29, 10, 45, 17)),
        ("20240229T1045", datetime(2024, 2, 29, 10, 45)),
        ("20240229", None),
        ("2024:02:29", None),
        ("2024:02:29 12:00:00 noon", None),
        ("2024:02:29 12:00:00+15:00", None),
        ("2024:02:29 12:00:00.", None),
        ("yesterday", None),
    ],
)
def test_dates(text: str, expected: datetime | None) -> None:
    time = read_capture_time(original(DateTime=text))
    assert (time and time.local) == expected


@pytest.mark.parametrize(
    ("behind", "microsecond", "minutes"),
    [
        (".123", 123_000, None),
        (",5", 500_000, None),
        ("Z", 0, 0),
        ("GMT", 0, 0),
        ("+05:30", 0, 330),
        ("-0930", 0, -570),
        (" +02", 0, 120),
        ("GMT+2", 0, 120),
        (".526GMT+02:00", 526_000, 120),
        (".1234567UTC-3", 123_456, -180),
        (" GMT+01:00", 0, 60),
    ],
)
def test_what_programs_write_behind_the_date(behind: str, microsecond: int, minutes: int | None) -> None:
    offset = None if minutes is None else timedelta(minutes=minutes)
    expected = CaptureTime(NOON.replace(microsecond=microsecond), offset)
    assert read_capture_time(original(DateTime=f"2024-02-29T12:00:00{behind}")) == expected


def test_the_tags_of_their_own_come_before_what_stands_behind_the_date() -> None:
    exif = original(DateTime="2024:02:29 12:00:00.5+01:00", SubsecTime="25", OffsetTime="-03:30")
    expected = CaptureTime(NOON.replace(microsecond=250_000), -timedelta(hours=3, minutes=30))
    assert read_capture_time(exif) == expected
    exif = original(DateTime="2024:02:29 12:00:00.5+01:00", SubsecTime="  ", OffsetTime="   :  ")
    expected = CaptureTime(NOON.replace(microsecond=500_000), timedelta(hours=1))
    assert read_capture_time(exif) == expected


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("5", 500_000),
        ("05", 50_000),
        ("123", 123_000),
        ("123456", 123_456),
        ("123456789", 123_456),
        ("000", 0),
        ("7  ", 700_000),
        ("7\0\0", 700_000),
        ("", 0),
        ("   ", 0),
        ("-5", 0),
        ("1.5", 0),
        ("abc", 0),
        ("²", 0),
    ],
)
def test_subseconds(text: str, microsecond: int) -> None:
    time = read_capture_time(original(DateTime="2024:02:29 12:00:00", SubsecTime=text))
    assert time == CaptureTime(NOON.replace(microsecond=microsecond), None)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("+02:00", 120),
        ("-09:30", -570),
        ("+0545", 345),
        ("+14:00", 840),
        ("+00:00", 0),
        ("Z", 0),
        ("+02:00\0", 120),
        ("   :  ", None),
        ("+15:00", None),
        ("+01:60", None),
        ("+2", 120),
        ("UTC-3", -180),
        ("02:00", None),
        ("GMT2", None),
        ("+", None),
        ("", None),
        ("CET", None),
    ],
)
def test_offsets(text: str, minutes: int | None) -> None:
    time = read_capture_time(original(DateTime="2024:02:29 12:00:00", OffsetTime=text))
    assert time == CaptureTime(NOON, None if minutes is None else timedelta(minutes=minutes))


DIGITIZED = {Base.DateTimeDigitized: "2024:02:29 12:00:01", Base.SubsecTimeDigitized: "1"}
CHANGED = {Base.DateTime: "2024:02:29 12:00:02"}
CHANGED_EXTRAS = {Base.SubsecTime: "2", Base.OffsetTime: "+01:00"}


@pytest.mark.parametrize("date", ["0000:00:00 00:00:00", "", "nonsense"])
def test_a_useless_original_gives_way_to_digitized_with_its_own_subseconds(date: str) -> None:
    useless = {Base.DateTimeOriginal: date, Base.SubsecTimeOriginal: "9", Base.OffsetTimeOriginal: "+09:00"}
    exif = exif_of(CHANGED, {**useless, **DIGITIZED, **CHANGED_EXTRAS})
    assert read_capture_time(exif) == CaptureTime(NOON.replace(second=1, microsecond=100_000), None)


CAMERA = {Base.Model: "Pocket 1"}


def test_the_date_of_the_last_change_is_the_last_resort() -> None:
    expected = CaptureTime(NOON.replace(second=2, microsecond=200_000), timedelta(hours=1))
    assert read_capture_time(exif_of({**CHANGED, **CAMERA}, CHANGED_EXTRAS)) == expected
    assert read_capture_time(exif_of({**CHANGED, Base.Make: "Maker"}, CHANGED_EXTRAS)) == expected


@pytest.mark.parametrize("version", ["17.2.1", "1.1.2", "Ver.1.00", "Firmware 1.8", "v2", "Version 3.10b"])
def test_a_firmware_is_no_editor(version: str) -> None:
    exif = exif_of({**CHANGED, **CAMERA, Base.Software: version}, {})
    found = read_capture_time(exif)
    assert found is not None
    assert found.local == NOON.replace(second=2)


@pytest.mark.parametrize("about", [{}, {**CAMERA, Base.Software: "GIMP 2.10"}, {Base.Model: "  "}])
def test_the_date_of_an_edit_is_none_of_capture(about: dict[Base, object]) -> None:
    assert read_capture_time(exif_of({**CHANGED, **about}, CHANGED_EXTRAS)) is None


def test_an_edit_does_not_move_what_was_captured() -> None:
    edited = {**CHANGED, **CAMERA, Base.Software: "GIMP 2.10"}
    assert read_capture_time(exif_of(edited, DIGITIZED)) == read_capture_time(exif_of({}, DIGITIZED))


def test_values_of_other_types() -> None:
    as_bytes = exif_of({}, {})
    as_bytes.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = b"2024:02:29 12:00:00\0"
    assert read_capture_time(as_bytes) == CaptureTime(NOON, None)
    assert read_capture_time(exif_of({Base.DateTime: 1709208000, **CAMERA}, {})) is None


def test_no_exif() -> None:
    assert read_capture_time(Exif()) is None


def test_local_time_is_naive() -> None:
    with pytest.raises(ValueError, match="naive"):
        CaptureTime(NOON.replace(tzinfo=UTC), None)
