import os
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from phototriage.errors import LabelError
from phototriage.labels.marks_table import read_marks_table
from phototriage.labels.sourced import SourceReading

PHOTOS = ["2017/a.jpg", "2017/b.jpg", "c.jpg"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photos" / "2017").mkdir(parents=True)
    return tmp_path / "photos"


def what(reading: SourceReading) -> dict[str, tuple[str, int | None, str]]:
    assert reading.kept == len(reading.decisions)
    return {each.photo: (each.flag, each.stars, each.label) for each in reading.decisions}


def read(folder: Path, text: str, name: str = "marks.csv") -> SourceReading:
    (folder.parent / name).write_text(text)
    return read_marks_table(folder.parent / name, folder, PHOTOS)


@pytest.mark.parametrize(
    ("header", "cell", "expected"),
    [
        ("Rating", "4", ("", 4, "")),
        ("stars", "3.0", ("", 3, "")),
        ("Stars", "★★", ("", 2, "")),
        ("rating", "***", ("", 3, "")),
        ("XMP:Rating", "-1", ("reject", None, "")),
        ("XMP-xmp:Rating", "5", ("", 5, "")),
        ("RatingPercent", "75", ("", 4, "")),
        ("Flag", "Pick", ("pick", None, "")),
        ("flag", "rejected", ("reject", None, "")),
        ("Pick", "-1", ("reject", None, "")),
        ("pick", "1", ("pick", None, "")),
        ("Tagged", "Yes", ("pick", None, "")),
        ("PickLabel", "1", ("reject", None, "")),
        ("Label", "Red", ("", None, "red")),
        ("ColorLabel", "4", ("", None, "green")),
        ("Color Label", "Green", ("", None, "green")),
        ("Color Class", "1 (Winner)", ("", None, "class 1")),
        ("ColorClass", "Winner", ("", None, "winner")),
    ],
)
def test_what_a_cell_says(
    header: str, cell: str, expected: tuple[str, int | None, str], folder: Path
) -> None:
    assert what(read(folder, f"photo,{header}\nc.jpg,{cell}\n")) == {"c.jpg": expected}


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("Rating", "0"),
        ("Rating", ""),
        ("Flag", "none"),
        ("Tagged", "No"),
        ("Color Class", "0 (None)"),
        ("Label", "None"),
    ],
)
def test_what_says_nothing(header: str, cell: str, folder: Path) -> None:
    reading = read(folder, f"photo,{header}\nc.jpg,{cell}\n")
    assert (what(reading), reading.left_out) == ({}, {"photos without a flag, stars or label": 1})


def test_other_columns_are_not_read_and_the_first_of_one_meaning_counts(folder: Path) -> None:
    text = "SourceFile;Rating;Keywords;EXIF:Rating;Label\nc.jpg;;holiday;3;\n2017/a.jpg;5;x;3;Blue\n"
    assert what(read(folder, text)) == {"c.jpg": ("", 3, ""), "2017/a.jpg": ("", 5, "blue")}


@pytest.mark.parametrize(
    "path",
    [
        "2017/a.jpg",
        "./2017/a.jpg",
        "2017\\a.jpg",
        "2017/A.JPG",
        "photos/2017/a.jpg",
        "{folder}/2017/a.jpg",
        "a.jpg",
    ],
)
def test_photos_by_any_path(path: str, folder: Path) -> None:
    text = f"photo\tstars\n{path.format(folder=folder)}\t4\n"
    assert set(what(read(folder, text, "marks.tsv"))) == {"2017/a.jpg"}
    (folder.parent / "tables").mkdir()
    (folder.parent / "marks.tsv").rename(folder.parent / "tables" / "marks.tsv")
    moved = read_marks_table(folder.parent / "tables" / "marks.tsv", folder, PHOTOS)
    assert set(what(moved)) == {"2017/a.jpg"}


def test_paths_of_another_machine(folder: Path) -> None:
    text = "photo,stars\nD:\\Photos\\2017\\a.jpg,4\nD:\\Photos\\2017\\x.jpg,4\n"
    reading = read(folder, text)
    assert reading.left_out == {"rows of photos that are not in this folder": 2}
    assert reading.notes == (
        f"none of the 2 rows of marks.csv lies in {folder}; if what was D:/Photos is {folder} here, "
        f"add --map 'D:/Photos={folder}'",
    )
    mapped = read_marks_table(folder.parent / "marks.csv", folder, PHOTOS, map=[("D:/Photos", str(folder))])
    assert (set(what(mapped)), mapped.notes) == ({"2017/a.jpg"}, ())


def test_the_later_row_of_a_photo_stands(folder: Path) -> None:
    text = "photo,stars,date\nc.jpg,5,2019-02-03\nc.jpg,2,2017:01:02 03:04:05+01:00\n"
    reading = read(folder, text)
    assert what(reading) == {"c.jpg": ("", 5, "")}
    assert reading.left_out == {"older marks that a later row of the same photo contradicts": 1}
    assert reading.decisions[0].at == datetime(2019, 2, 3, tzinfo=UTC)
    text = "photo,stars,MetadataDate\nc.jpg,2,2017:01:02 03:04:05+01:00\n"
    assert read(folder, text).decisions[0].at == datetime(2017, 1, 2, 2, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("c.jpg,6,,", "a rating is 0 to 5 or -1, not '6'"),
        ("c.jpg,good,,", "a rating is 0 to 5 or -1, not 'good'"),
        ("c.jpg,,perhaps,", "a flag is pick, reject or empty, not 'perhaps'"),
        ("c.jpg,3,,yesterday", "'yesterday' is no date: write it as 2024-05-31 or 2024-05-31T18:05"),
    ],
)
def test_rows_that_cannot_be_understood_are_counted_and_named(row: str, fault: str, folder: Path) -> None:
    reading = read(folder, f"photo,stars,flag,date\n2017/a.jpg,4,,\n{row}\n")
    assert what(reading) == {"2017/a.jpg": ("", 4, "")}
    assert reading.left_out == {"rows that cannot be understood": 1}
    place = folder.parent / "marks.csv"
    assert reading.notes == (f"rows that cannot be understood: 1, the first {place}, line 3: {fault}",)


@pytest.mark.parametrize("header", ["photo,keywords", "rating,label", "photo_a,photo_b,winner"])
def test_a_table_of_something_else_is_refused(header: str, folder: Path) -> None:
    with pytest.raises(LabelError, match=r"has the columns .*; a table of marks has photo or SourceFile"):
        read(folder, f"{header}\na,b,c\n")


def test_parquet(folder: Path) -> None:
    path = folder.parent / "marks.parquet"
    pd.DataFrame(
        {
            "photo": PHOTOS,
            "rating": [4.0, None, 2.0],
            "flag": [None, "reject", None],
            "date": [date(2019, 2, 3)] * 3,
        }
    ).to_parquet(path)
    reading = read_marks_table(path, folder, PHOTOS)
    assert what(reading) == {
        "2017/a.jpg": ("", 4, ""),
        "2017/b.jpg": ("reject", None, ""),
        "c.jpg": ("", 2, ""),
    }
    assert {each.at for each in reading.decisions} == {datetime(2019, 2, 3, tzinfo=UTC)}
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(LabelError, match="cannot be read as Parquet"):
        read_marks_table(path, folder, PHOTOS)


def test_the_table_of_exiftool(exiftool: Path, folder: Path) -> None:
    for name in PHOTOS:
        Image.new("RGB", (8, 8)).save(folder / name)
    tags = [
        "-XMP:Rating=4",
        "-XMP-photomech:ColorClass=2",
        "-XMP-photomech:Tagged=True",
        "-XMP-digiKam:PickLabel=3",
    ]
    date_tag = "-XMP-xmp:MetadataDate=2017:01:02 03:04:05+01:00"
    command: list[str | Path] = [
        exiftool,
        "-q",
        "-n",
        "-overwrite_original",
        *tags,
        date_tag,
        folder / "2017" / "a.jpg",
    ]
    command += ["-execute", "-q", "-n", "-overwrite_original", "-XMP:Rating=-1", folder / "c.jpg"]
    wanted = ["-Rating", "-ColorClass", "-Tagged", "-PickLabel", "-MetadataDate"]
    command += ["-execute", "-csv", "-r", *wanted, os.path.relpath(folder, folder.parent)]
    done = subprocess.run(command, check=True, capture_output=True, cwd=folder.parent)
    (folder.parent / "marks.csv").write_bytes(done.stdout)
    reading = read_marks_table(folder.parent / "marks.csv", folder, PHOTOS)
    assert what(reading) == {"2017/a.jpg": ("pick", 4, "class 2"), "c.jpg": ("reject", None, "")}
    assert reading.decisions[0].at == datetime(2017, 1, 2, 2, 4, 5, tzinfo=UTC)
