import sqlite3
import zipfile
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from phototriage.errors import LabelError
from phototriage.labels import catalogue as module
from phototriage.labels.catalogue import read_catalogue
from phototriage.labels.sourced import SourceReading

_SCHEMA = """
    CREATE TABLE Adobe_variablesTable (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, name, type,
        value NOT NULL DEFAULT '');
    CREATE TABLE AgLibraryRootFolder (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL,
        absolutePath UNIQUE NOT NULL DEFAULT '', name NOT NULL DEFAULT '', relativePathFromCatalog);
    CREATE TABLE AgLibraryFolder (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, parentId INTEGER,
        pathFromRoot NOT NULL DEFAULT '', rootFolder INTEGER NOT NULL DEFAULT 0, visibility INTEGER);
    CREATE TABLE AgLibraryFile (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, baseName NOT NULL
        DEFAULT '', errorMessage, extension NOT NULL DEFAULT '', folder INTEGER NOT NULL DEFAULT 0,
        idx_filename NOT NULL DEFAULT '', originalFilename NOT NULL DEFAULT '', sidecarExtensions);
    CREATE TABLE Adobe_images (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, captureTime,
        colorLabels NOT NULL DEFAULT '', copyName, fileFormat DEFAULT 'unset', masterImage INTEGER,
        orientation, pick NOT NULL DEFAULT 0, rating, rootFile INTEGER NOT NULL DEFAULT 0,
        touchCount NOT NULL DEFAULT 0, touchTime NOT NULL DEFAULT 0);
"""

Image = dict[str, Any]
Make = Callable[..., Path]


def fill(path: Path, roots: Iterable[tuple[str, Iterable[Image]]], version: str, wal: bool = False) -> None:
    """Writes a catalogue. An image: file (path below the root) and any columns of Adobe_images."""
    with closing(sqlite3.connect(path)) as database:
        if wal:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA wal_autocheckpoint = 0")
        database.executescript(_SCHEMA)
        database.execute(
            "INSERT INTO Adobe_variablesTable VALUES (1, 'v', 'Adobe_DBVersion', '', ?)", (version,)
        )
        number = 10
        for root, images in roots:
            number += 1
            root_number = number
            database.execute(
                "INSERT INTO AgLibraryRootFolder VALUES (?, ?, ?, 'Photos', NULL)", (number, number, root)
            )
            folders: dict[str, int] = {}
            files: dict[str, int] = {}
            for image in images:
                columns = dict(image)
                file = str(columns.pop("file"))
                below, _, name = file.rpartition("/")
                below = f"{below}/" if below else ""
                if below not in folders:
                    number += 1
                    folders[below] = number
                    database.execute(
                        "INSERT INTO AgLibraryFolder VALUES (?, ?, NULL, ?, ?, NULL)",
                        (number, number, below, root_number),
                    )
                if file not in files:
                    number += 1
                    files[file] = number
                    stem, _, suffix = name.rpartition(".")
                    database.execute(
                        "INSERT INTO AgLibraryFile VALUES (?, ?, ?, NULL, ?, ?, ?, ?, 'xmp')",
                        (number, number, stem, suffix, folders[below], name, name),
                    )
                number += 1
                columns = {"fileFormat": "RAW"} | columns | {"id_local": number, "id_global": number}
                columns["rootFile"] = files[file]
                names, values = ", ".join(columns), ", ".join("?" * len(columns))
                database.execute(
                    f"INSERT INTO Adobe_images ({names}) VALUES ({values})", list(columns.values())
                )
        database.commit()
        if wal:  # closing would merge it
            for name in (path.name, path.name + "-wal"):
                (path.parent / "open").mkdir(exist_ok=True)
                (path.parent / "open" / name).write_bytes((path.parent / name).read_bytes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


@pytest.fixture
def make(tmp_path: Path, folder: Path) -> Make:
    """Writes a catalogue with one root, that of the photo folder unless it is named."""

    def make(*images: Image, root: str | None = None, version: str = "1300025") -> Path:
        path = tmp_path / "Lightroom Catalog.lrcat"
        fill(path, [(f"{folder.as_posix()}/" if root is None else root, images)], version)
        return path

    return make


def what(reading: SourceReading) -> dict[str, tuple[str, int | None, str]]:
    assert reading.kept == len(reading.decisions)
    return {each.photo: (each.flag, each.stars, each.label) for each in reading.decisions}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"rating": 4.0}, ("", 4, "")),
        ({"rating": "5"}, ("", 5, "")),
        ({"rating": 3, "pick": 1.0, "colorLabels": "Rouge"}, ("pick", 3, "rouge")),
        ({"pick": -1.0}, ("reject", None, "")),
        ({"colorLabels": "Red"}, ("", None, "red")),
        ({"rating": 9, "pick": 7, "colorLabels": "Red"}, ("", None, "red")),
        ({"rating": b"\xff", "pick": "x", "colorLabels": "Red"}, ("", None, "red")),
    ],
)
def test_what_a_row_says(
    columns: Image, expected: tuple[str, int | None, str], make: Make, folder: Path
) -> None:
    path = make({"file": "2017/a.CR2", **columns})
    assert what(read_catalogue(path, folder, ["2017/a.CR2"])) == {"2017/a.CR2": expected}


def test_what_is_left_out_is_counted(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    path = tmp_path / "x.lrcat"
    roots: list[tuple[str, list[Image]]] = [
        (
            f"{folder.as_posix()}/",
            [
                {"file": "a.CR2", "rating": 4},
                {"file": "b.CR2", "rating": None},
                {"file": "gone.CR2", "rating": 4},
                {"file": "a.mov", "rating": 4, "fileFormat": "VIDEO"},
            ],
        ),
        (f"{tmp_path.as_posix()}/other/", [{"file": "a.CR2", "rating": 3}]),
        ("E:/Archive/", [{"file": "a.CR2", "rating": 3}, {"file": "b.CR2", "rating": 3}]),
    ]
    fill(path, roots, "1300025")
    with closing(sqlite3.connect(path)) as database:
        database.execute("INSERT INTO Adobe_images (id_local, id_global, rootFile) VALUES (999, 999, 12345)")
        database.commit()
    reading = read_catalogue(path, folder, ["a.CR2", "b.CR2"])
    assert what(reading) == {"a.CR2": ("", 4, "")}
    assert reading.left_out == {
        "photos without a flag, stars or label": 1,
        "files that are not among the photos of this folder": 1,
        "photos in other folders": 1,
        "photos in folders that are not here (offline, or of another machine)": 2,
        "images whose file the catalogue does not know": 1,
    }
    assert reading.name == "Lightroom catalogue x.lrcat"
    assert reading.notes == (module._UNTRIED,)


def test_an_image_without_a_format_is_a_photo(make: Make, folder: Path) -> None:
    catalogue = make({"file": "a.CR2", "rating": 4, "fileFormat": None})
    assert what(read_catalogue(catalogue, folder, ["a.CR2"])) == {"a.CR2": ("", 4, "")}


def test_when_an_image_was_last_changed(make: Make, folder: Path) -> None:
    seconds = (datetime(2017, 5, 6, 7, 8, 9, tzinfo=UTC) - datetime(2001, 1, 1, tzinfo=UTC)).total_seconds()
    path = make({"file": "a.CR2", "rating": 4, "touchTime": seconds}, {"file": "b.CR2", "rating": 4})
    reading = read_catalogue(path, folder, ["a.CR2", "b.CR2"])
    assert [each.at for each in reading.decisions] == [datetime(2017, 5, 6, 7, 8, 9, tzinfo=UTC), None]


@pytest.mark.parametrize(
    ("master", "copy", "expected"),
    [
        ({"rating": 2}, {"rating": 5}, ("", 5, "")),
        ({"rating": 4}, {"pick": -1}, ("", 4, "")),
        ({}, {"pick": -1}, None),
        ({"pick": -1}, {"pick": -1}, ("reject", None, "")),
        ({"pick": -1}, {"pick": 1}, ("pick", None, "")),
    ],
)
def test_a_virtual_copy_is_a_version_of_its_photo(
    master: Image, copy: Image, expected: tuple[str, int | None, str] | None, make: Make, folder: Path
) -> None:
    path = make(
        {"file": "a.CR2", **master}, {"file": "a.CR2", "masterImage": 13, "copyName": "Copy 1", **copy}
    )
    reading = read_catalogue(path, folder, ["a.CR2"])
    assert what(reading) == ({"a.CR2": expected} if expected else {})
    assert reading.notes[-1] == "virtual copies, which count with their photos: 1"


@pytest.mark.parametrize(
    ("root", "renamed"),
    [
        ("D:/Photos/", [("D:/Photos", "{folder}")]),
        ("D:/Photos/", [("d:\\photos\\", "{folder}/")]),
        ("D:/", [("E:/", "/nowhere"), ("D:", "{folder}")]),
        ("//server/share/Photos/", [("\\\\server\\share\\Photos", "{folder}")]),
        ("/Volumes/Bilder/", [("/Volumes/Bilder", "{folder}"), ("/Volumes", "/nowhere")]),
        ("/Volumes/Bilder/", [("/Volumes/Bild", "/nowhere"), ("/Volumes/Bilder/", "{folder}")]),
    ],
)
def test_a_catalogue_of_another_machine_is_read_with_map(
    root: str, renamed: list[tuple[str, str]], make: Make, folder: Path
) -> None:
    path = make({"file": "2017/a.CR2", "rating": 4}, root=root)
    renamed = [(old, new.format(folder=folder)) for old, new in renamed]
    assert what(read_catalogue(path, folder, ["2017/a.CR2"], map=renamed)) == {"2017/a.CR2": ("", 4, "")}


def test_a_catalogue_of_none_of_these_photos_suggests_the_map(make: Make, folder: Path) -> None:
    path = make(
        {"file": "2017/a.CR2", "rating": 4}, {"file": "2018/b.CR2", "rating": 4}, root="D:/Old/Photos/"
    )
    place = folder.as_posix()
    reading = read_catalogue(path, folder, ["2017/A.cr2", "2018/b.CR2"])
    assert what(reading) == {}
    assert reading.notes[-1] == (
        f"none of the 2 photos of Lightroom Catalog.lrcat lies in {folder}; "
        f"if what was D:/Old/Photos is {place} here, add --map 'D:/Old/Photos={place}'"
    )
    suggested = [("D:/Old/Photos", place)]
    assert set(what(read_catalogue(path, folder, ["2017/A.cr2", "2018/b.CR2"], map=suggested))) == {
        "2017/A.cr2",
        "2018/b.CR2",
    }
    assert read_catalogue(path, folder, ["x.CR2"]).notes[-1] == (
        f"none of the 2 photos of Lightroom Catalog.lrcat lies in {folder}"
    )


@pytest.mark.parametrize("renamed", [("photos", "/x"), ("", "/x"), ("/x", ""), ("C:photos", "/x")])
def test_what_renames_no_folder_is_an_error(renamed: tuple[str, str], make: Make, folder: Path) -> None:
    with pytest.raises(LabelError, match="renames no folder"):
        read_catalogue(make(), folder, [], map=[renamed])


def test_letters_of_any_case_and_form_are_the_same(make: Make, folder: Path) -> None:
    path = make(
        {"file": "2017/E\u0301te\u0301/img.cr2", "rating": 4}, root=f"{folder.parent.as_posix()}/PHOTOS/"
    )
    assert what(read_catalogue(path, folder, ["2017/\u00e9t\u00e9/IMG.CR2"])) == {
        "2017/\u00e9t\u00e9/IMG.CR2": ("", 4, "")
    }
    both = ["2017/\u00e9t\u00e9/IMG.CR2", "2017/\u00c9t\u00e9/img.cr2"]
    assert what(read_catalogue(path, folder, both)) == {both[1]: ("", 4, "")}


def test_a_linked_photo_folder_is_known_by_both_names(make: Make, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    path = make({"file": "a.CR2", "rating": 4})
    assert what(read_catalogue(path, tmp_path / "link", ["a.CR2"])) == {"a.CR2": ("", 4, "")}


def test_what_lightroom_has_not_merged_yet_is_read_and_nothing_is_touched(
    tmp_path: Path, folder: Path
) -> None:
    fill(
        tmp_path / "x.lrcat",
        [(f"{folder.as_posix()}/", [{"file": "a.CR2", "rating": 4}])],
        "1300025",
        wal=True,
    )
    place = tmp_path / "open"
    assert b"a.CR2" not in (place / "x.lrcat").read_bytes()
    before = {each.name: (each.read_bytes(), each.stat().st_mtime_ns) for each in place.iterdir()}
    assert what(read_catalogue(place / "x.lrcat", folder, ["a.CR2"])) == {"a.CR2": ("", 4, "")}
    assert {each.name: (each.read_bytes(), each.stat().st_mtime_ns) for each in place.iterdir()} == before
    (place / "x.lrcat-wal").unlink()
    with pytest.raises(LabelError, match="it lacks Adobe_images"):
        read_catalogue(place / "x.lrcat", folder, ["a.CR2"])


def test_a_catalogue_that_lightroom_has_locked_is_read(make: Make, folder: Path) -> None:
    path = make({"file": "a.CR2", "rating": 4})
    with closing(sqlite3.connect(path)) as lightroom:
        lightroom.execute("BEGIN EXCLUSIVE")
        assert what(read_catalogue(path, folder, ["a.CR2"])) == {"a.CR2": ("", 4, "")}


def test_a_catalogue_that_changes_all_the_time_is_refused(
    make: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make({"file": "a.CR2", "rating": 4})
    copied: list[Path] = []

    def copyfile(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes())
        copied.append(source)
        if len(copied) < limit:
            source.write_bytes(source.read_bytes() + b"\0" * 4096)

    monkeypatch.setattr("phototriage.labels.catalogue.shutil.copyfile", copyfile)
    limit = 2
    assert what(read_catalogue(path, folder, ["a.CR2"])) == {"a.CR2": ("", 4, "")}
    limit = 99
    with pytest.raises(LabelError, match="changes while it is read: close Lightroom"):
        read_catalogue(path, folder, ["a.CR2"])


@pytest.mark.parametrize(
    ("version", "called"),
    [
        ("0600008", ""),
        ("1400010", ""),
        ("9900000", "version 99 of Lightroom"),
        ("?", "an unknown version of Lightroom"),
    ],
)
def test_an_unknown_version_is_named(version: str, called: str, make: Make, folder: Path) -> None:
    reading = read_catalogue(make({"file": "a.CR2", "rating": 4}, version=version), folder, ["a.CR2"])
    note = f"Lightroom Catalog.lrcat is of {called}: what its numbers mean may have changed"
    assert reading.notes == ((note, module._UNTRIED) if called else (module._UNTRIED,))
    assert reading.kept == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("DROP TABLE AgLibraryRootFolder", "it lacks AgLibraryRootFolder$"),
        (
            "ALTER TABLE Adobe_images DROP COLUMN pick",
            r"of version 13 of Lightroom, which this program cannot read: it lacks Adobe_images\.pick$",
        ),
        (
            "DROP TABLE Adobe_variablesTable; DROP TABLE Adobe_images",
            "an unknown version .* lacks Adobe_images$",
        ),
    ],
)
def test_missing_tables_and_columns_are_named(change: str, reason: str, make: Make, folder: Path) -> None:
    path = make({"file": "a.CR2", "rating": 4})
    with closing(sqlite3.connect(path)) as database:
        database.executescript(change)
    with pytest.raises(LabelError, match=reason):
        read_catalogue(path, folder, ["a.CR2"])


def test_what_is_no_catalogue_is_named(make: Make, folder: Path, tmp_path: Path) -> None:
    path = make(*({"file": f"{number}.CR2", "rating": 4} for number in range(500)))
    data = path.read_bytes()
    pages = list(range(4096, len(data), 4096))
    cases = {
        "half copied": (data[: len(data) // 2], "is incomplete, .* bytes: copy it again"),
        "damaged": (data[: pages[1]] + bytes(len(data) - pages[1]), "is damaged .* take the last backup"),
        "empty": (b"", "is no catalogue of Lightroom Classic"),
        "encrypted": (bytes(range(256)) * 20, "is no catalogue of Lightroom Classic"),
        "header alone": (data[:50], "is incomplete|is damaged|is no catalogue"),
    }
    for content, reason in cases.values():
        path.write_bytes(content)
        with pytest.raises(LabelError, match=reason):
            read_catalogue(path, folder, ["1.CR2"])
    with zipfile.ZipFile(tmp_path / "backup.zip", "w") as archive:
        archive.writestr("x.lrcat", data)
    for place, reason in (
        (tmp_path / "backup.zip", "is a ZIP archive"),
        (tmp_path / "gone.lrcat", "there is no such file; is its drive connected"),
        (tmp_path, r"is a folder, .* try .*Lightroom Catalog\.lrcat"),
        (folder, r"is a folder, .* name the file \.lrcat"),
    ):
        with pytest.raises(LabelError, match=reason):
            read_catalogue(place, folder, ["1.CR2"])
