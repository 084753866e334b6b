from pathlib import Path

import pytest

from phototriage.errors import LabelError
from phototriage.labels.foreign_paths import ForeignPaths

PHOTOS = ["2017/a.CR2", "2017/b.CR2", "2018/b.CR2", "c.jpg", ".hidden/d.jpg", "caf\u00e9/e.jpg"]
FOLDER = Path("/photos")


@pytest.mark.parametrize(
    ("directory", "name", "photo"),
    [
        ("/photos/2017", "a.CR2", "2017/a.CR2"),
        ("/photos/2017/", "A.cr2", "2017/a.CR2"),
        ("/PHOTOS/2017/", "a.CR2", "2017/a.CR2"),
        ("\\photos\\2017", "a.CR2", "2017/a.CR2"),
        ("/photos/./2018/../2017", "a.CR2", "2017/a.CR2"),
        ("/photos/cafe\u0301", "e.jpg", "caf\u00e9/e.jpg"),
        ("/photos", "c.jpg", "c.jpg"),
        ("", "c.jpg", "c.jpg"),
        (".", "c.jpg", "c.jpg"),
        ("./2017", "a.CR2", "2017/a.CR2"),
        ("2017", "a.CR2", "2017/a.CR2"),
        (".hidden", "d.jpg", ".hidden/d.jpg"),
        ("hidden", "d.jpg", None),
        ("../photos", "c.jpg", None),
        ("/photos2", "c.jpg", None),
        ("/other/photos", "c.jpg", None),
        ("/photos/2017", "gone.jpg", None),
        ("E:\\2019", "x.jpg", None),
    ],
)
def test_the_photo_of_a_path(directory: str, name: str, photo: str | None) -> None:
    assert ForeignPaths(FOLDER, PHOTOS).photo(directory, name) == photo


@pytest.mark.parametrize(
    ("old", "new", "directory"),
    [
        ("D:\\", "/", "D:\\photos\\2017"),
        ("d:/Bilder", "/photos", "D:/Bilder/2017"),
        ("\\\\nas\\share", "/photos/", "//nas/share/2017/"),
        ("/Volumes/Old/", "/photos", "/volumes/old/2017"),
        ("/", "/photos", "/2017"),
    ],
)
def test_beginnings_are_renamed(old: str, new: str, directory: str) -> None:
    assert ForeignPaths(FOLDER, PHOTOS, [(old, new)]).photo(directory, "a.CR2") == "2017/a.CR2"
    assert ForeignPaths(FOLDER, PHOTOS).photo(directory, "a.CR2") is None


def test_the_first_beginning_that_fits_counts() -> None:
    renamed = [("/a/b", "/photos/2017"), ("/a", "/photos/2018")]
    paths = ForeignPaths(FOLDER, PHOTOS, renamed)
    assert [paths.photo(each, "b.CR2") for each in ("/a/b", "/a", "/a/bc")] == [
        "2017/b.CR2",
        "2018/b.CR2",
        None,
    ]
    assert paths.here("/a/b/c") == "/photos/2017/c"
    assert [paths.is_below(each) for each in ("/a/x", "/x", "/photos")] == [True, False, True]


def test_a_bare_name_will_do_where_only_one_photo_has_it() -> None:
    paths = ForeignPaths(FOLDER, PHOTOS)
    assert [paths.by_name(each) for each in ("A.CR2", "b.CR2", "x.jpg")] == ["2017/a.CR2", None, None]


def test_photos_that_differ_in_case_alone_are_told_apart() -> None:
    paths = ForeignPaths(FOLDER, ["a.jpg", "A.jpg"])
    assert [paths.photo("", each) for each in ("a.jpg", "A.jpg", "a.JPG")] == ["a.jpg", "A.jpg", None]


@pytest.mark.parametrize(
    ("files", "hint"),
    [
        ([("D:\\Old\\2017", "a.CR2")], "; if what was D:/Old is /photos here, add --map 'D:/Old=/photos'"),
        ([("D:/", "c.jpg")], "; if what was D: is /photos here, add --map 'D:=/photos'"),
        (
            [("E:/x", "c.jpg"), ("D:/2017", "a.CR2"), ("D:/Caf\u00e9", "e.jpg")],
            "; if what was D: is /photos here, add --map 'D:=/photos'",
        ),
        ([("D:/2017", "b.CR2"), ("D:/x", "gone.jpg"), ("photos", "c.jpg")], ""),
    ],
)
def test_the_hint_how_to_rename(files: list[tuple[str, str]], hint: str) -> None:
    assert (
        ForeignPaths(FOLDER, PHOTOS).none_of_them("the 3 rows", files)
        == f"none of the 3 rows lies in /photos{hint}"
    )


@pytest.mark.parametrize(("old", "new"), [("photos", "/x"), ("", "/x"), ("/x", " "), ("C:photos", "/x")])
def test_what_renames_no_folder_is_an_error(old: str, new: str) -> None:
    with pytest.raises(LabelError, match="renames no folder: write the whole path"):
        ForeignPaths(FOLDER, PHOTOS, [(old, new)])
