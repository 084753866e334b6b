import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from tests.xmp.conftest import folder, written_by

from phototriage.errors import OutputError
from phototriage.labels.ratings import read_ratings
from phototriage.labels.sourced import SourceReading
from phototriage.xmp.packet import Packet

__all__ = ["folder", "written_by"]

WrittenBy = Callable[[str], bytes]


def xmp(**marks: str) -> bytes:
    packet = Packet()
    for name, value in marks.items():
        packet.set(name.replace("__", ":"), value)
    return packet.to_bytes()


def photo(path: Path, data: bytes | None = None) -> None:
    Image.new("RGB", (8, 8)).save(path, xmp=data or b"")


def what(reading: SourceReading) -> dict[str, tuple[str, int | None, str]]:
    assert reading.kept == len(reading.decisions)
    return {each.photo: (each.flag, each.stars, each.label) for each in reading.decisions}


@pytest.mark.parametrize(
    ("program", "before", "marks", "after"),
    [
        (
            "lightroom_classic",
            None,
            {"xmp:Rating": "4", "xmp:Label": "Rot", "xmpDM:pick": "1"},
            ("pick", 4, "rot"),
        ),
        ("darktable", ("", None, "green purple"), {"xmp:Rating": "-1"}, ("reject", None, "green purple")),
        (
            "digikam",
            None,
            {"xmp:Rating": "4", "digiKam:PickLabel": "3", "digiKam:ColorLabel": "1"},
            ("pick", 4, "red"),
        ),
        ("capture_one", None, {"xmp:Rating": "4", "xmp:Label": "Red"}, ("", 4, "red")),
        ("hand_written", ("pick", None, "class 3"), {"xmp:Rating": "2"}, ("pick", 2, "class 3")),
    ],
)
def test_marks_in_what_programs_write(
    program: str,
    before: tuple[str, int | None, str] | None,
    marks: dict[str, str],
    after: tuple[str, int | None, str],
    written_by: WrittenBy,
    folder: Path,
) -> None:
    (folder / "a.xmp").write_bytes(written_by(program))
    assert what(read_ratings(folder, ["a.CR3"])) == ({"a.CR3": before} if before else {})
    packet = Packet(written_by(program))
    for name, value in marks.items():
        packet.set(name, value)
    (folder / "a.xmp").write_bytes(packet.to_bytes())
    assert what(read_ratings(folder, ["a.CR3"])) == {"a.CR3": after}


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_ratings_that_exiftool_writes_into_photos(suffix: str, exiftool: Path, folder: Path) -> None:
    photos = [f"{name}.{suffix}" for name in ("exif", "percent", "xmp", "reject", "mechanic", "none")]
    tags = [
        ["-EXIF:Rating=3"],
        ["-EXIF:RatingPercent=75"],
        ["-XMP-xmp:Rating=5", "-XMP-xmp:Label=Select", "-XMP-xmp:MetadataDate=2017:03:04 05:06:07+02:00"],
        ["-XMP-xmp:Rating=-1"],
        ["-XMP-photomech:Tagged=True", "-XMP-photomech:ColorClass=8"],
        ["-XMP-xmp:Rating=0"],
    ]
    for name in photos:
        photo(folder / name)
    # One start of the program for all photos: "-execute" goes on to the next.
    command: list[str] = []
    for name, its_tags in zip(photos, tags, strict=True):
        command += ["-q", "-n", "-overwrite_original", *its_tags, str(folder / name), "-execute"]
    subprocess.run([exiftool, *command[:-1]], check=True)
    reading = read_ratings(folder, photos)
    assert what(reading) == {
        f"exif.{suffix}": ("", 3, ""),
        f"percent.{suffix}": ("", 4, ""),
        f"xmp.{suffix}": ("", 5, "select"),
        f"reject.{suffix}": ("reject", None, ""),
        f"mechanic.{suffix}": ("pick", None, "class 8"),
    }
    assert reading.left_out == {"photos without a rating, flag or label": 1}
    dates = {each.photo: each.at for each in reading.decisions}
    assert dates[f"xmp.{suffix}"] == datetime(2017, 3, 4, 3, 6, 7, tzinfo=UTC)
    assert dates[f"exif.{suffix}"] is None


def test_sidecars_of_either_spelling_are_read(folder: Path) -> None:
    (folder / "sub").mkdir()
    for name in ("a.XMP", "b.cr2.xmp", "sub/ae\u0301.xmp"):
        (folder / name).write_bytes(xmp(xmp__Rating="3"))
    reading = read_ratings(folder, ["a.cr2", "b.cr2", "sub/a\u00e9.jpg", "c.jpg"])
    assert what(reading) == dict.fromkeys(("a.cr2", "b.cr2", "sub/aé.jpg"), ("", 3, ""))
    assert [each.source for each in reading.decisions] == ["a.XMP", "b.cr2.xmp", "sub/ae\u0301.xmp"]


def test_photos_are_named_in_the_composed_form(folder: Path) -> None:
    photo(folder / "ae\u0301.jpg", xmp(xmp__Rating="3"))
    assert what(read_ratings(folder, ["ae\u0301.jpg"])) == {"a\u00e9.jpg": ("", 3, "")}


def test_the_later_of_photo_and_sidecar_stands(folder: Path) -> None:
    def dated(year: int, rating: str) -> bytes:
        return xmp(xmp__Rating=rating).replace(b"rdf:about", b'xmp:MetadataDate="%d-01-01" rdf:about' % year)

    for embedded, beside, expected in ((2015, 2012, 5), (2012, 2015, 2)):
        photo(folder / "a.jpg", dated(embedded, "5"))
        (folder / "a.xmp").write_bytes(dated(beside, "2"))
        reading = read_ratings(folder, ["a.jpg"])
        assert what(reading) == {"a.jpg": ("", expected, "")}
        assert reading.left_out == {"older marks that a later one of the same photo contradicts": 1}
        assert reading.decisions[0].at == datetime(2015, 1, 1, tzinfo=UTC)


def test_without_dates_a_sidecar_outvotes_its_photo_and_counts_by_its_own_time(folder: Path) -> None:
    photo(folder / "a.jpg", xmp(xmp__Rating="5"))
    (folder / "a.xmp").write_bytes(xmp(xmp__Rating="2"))
    time = datetime(2014, 7, 8, tzinfo=UTC)
    os.utime(folder / "a.xmp", (time.timestamp(),) * 2)
    reading = read_ratings(folder, ["a.jpg"])
    assert (what(reading), reading.decisions[0].at) == ({"a.jpg": ("", 2, "")}, time)


def test_the_best_of_darktables_duplicates_counts(folder: Path) -> None:
    for name, rating in (("a.cr2.xmp", "2"), ("a_01.cr2.xmp", "4"), ("a_02.cr2.xmp", "-1")):
        (folder / name).write_bytes(xmp(xmp__Rating=rating))
    assert what(read_ratings(folder, ["a.cr2"])) == {"a.cr2": ("", 4, "")}


def test_the_sidecar_of_a_video_says_nothing_of_the_photo(folder: Path) -> None:
    video = xmp(xmp__Rating="5").replace(b"rdf:about", b'photoshop:SidecarForExtension="MOV" rdf:about')
    video = video.replace(b"xmlns:xmp=", b'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmp=')
    (folder / "a.xmp").write_bytes(video)
    reading = read_ratings(folder, ["a.jpg"])
    assert (what(reading), reading.notes) == ({}, ())


def test_what_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "a.xmp").write_bytes(b"<x:xmpmeta")
    (folder / "b.xmp").mkdir()
    photo(folder / "b.jpg", xmp(xmp__Rating="2"))
    (folder / "c.jpg").write_bytes(b"\xff\xd8\xff\xe1\x20")
    reading = read_ratings(folder, ["a.jpg", "b.jpg", "c.jpg", "gone.jpg"])
    assert what(reading) == {"b.jpg": ("", 2, "")}
    (note,) = reading.notes
    assert note.startswith("sidecars that cannot be read: 2, the first a.xmp: broken XMP (")


def test_a_folder_that_is_gone_is_an_error(folder: Path) -> None:
    with pytest.raises(OutputError, match=r"gone: the folder cannot be read"):
        read_ratings(folder, ["gone/a.jpg"])


def test_progress_is_told(folder: Path) -> None:
    calls: list[tuple[int, int]] = []
    read_ratings(folder, ["a.jpg", "b.jpg"], on_progress=lambda done, total: calls.append((done, total)))
    assert calls == [(0, 2), (1, 2)]


def test_nothing_is_written(folder: Path) -> None:
    photo(folder / "a.jpg", xmp(xmp__Rating="5"))
    (folder / "a.xmp").write_bytes(xmp(xmp__Rating="2"))
    before = {each: (each.read_bytes(), each.stat().st_mtime_ns) for each in folder.iterdir()}
    read_ratings(folder, ["a.jpg"])
    assert {each: (each.read_bytes(), each.stat().st_mtime_ns) for each in folder.iterdir()} == before
