import contextlib
import inspect
import logging
import os
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from natsort import natsort_keygen, ns

from phototriage.errors import PhotoError
from phototriage.photos import PHOTO_SUFFIXES, PICKS_MARK, RAW_SUFFIXES, discover, natural_key


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in discover(folder)]


def notes(folder: Path) -> list[str]:
    said: list[str] = []
    discover(folder, on_note=said.append)
    return sorted(said)


def test_natural_order_in_every_folder(tmp_path: Path) -> None:
    expected = [
        "day 2/IMG_2.jpg",
        "day 2/IMG_10.jpg",
        "day 10/IMG_1.jpg",
        "IMG_1.jpg",
        "IMG_2.JPG",
        "IMG_2 (2).jpg",
        "IMG_2-1.jpg",
        "img_3.jpg",
        "IMG_10.jpg",
        "IMG_100.jpg",
    ]
    fill(tmp_path, *random.Random(1).sample(expected, len(expected)))
    assert found(tmp_path) == expected


def test_the_folder_may_be_text(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert discover(str(tmp_path)) == discover(tmp_path) == [tmp_path / "a.jpg"]


def test_names_that_count_alike_have_one_order(tmp_path: Path) -> None:
    names = ["a1.jpg", "a01.jpg", "a001.jpg"]
    for order in (names, names[::-1]):
        folder = tmp_path / order[0]
        fill(folder, *order)
        assert found(folder) == ["a001.jpg", "a01.jpg", "a1.jpg"]


def test_every_suffix_in_any_case_and_nothing_else(tmp_path: Path) -> None:
    photos = {f"{n}{suffix}" for n, suffix in enumerate(sorted(PHOTO_SUFFIXES))}
    shouted = {f"{n}{suffix.upper()}" for n, suffix in enumerate(sorted(PHOTO_SUFFIXES), start=100)}
    others = ["a.xmp", "a.jpg.xmp", "a.raw", "a.mov", "a.txt", "jpg", "a.jpg.part", "Thumbs.db"]
    fill(tmp_path, *photos, *shouted, *others)
    assert set(found(tmp_path)) == photos | shouted


def test_hidden_files_and_folders_are_skipped(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", ".b.jpg", "._a.jpg", ".trash/c.jpg", "sub/.thumbs/d.jpg", "sub/e.jpg")
    assert found(tmp_path) == ["a.jpg", "sub/e.jpg"]


@pytest.mark.parametrize(
    "folder",
    [
        "@eaDir/a.jpg",
        "#recycle",
        "#Recycle/2024",
        "@Recycle",
        "$RECYCLE.BIN/S-1-5-21-1",
        "$Recycle.Bin",
        "RECYCLER/S-1",
        ".Trash",
        ".Trash-1000/files",
        ".Trashes/501",
        ".dtrash/files",
        ".recycle",
        ".thumbnails",
        ".@__thumb",
        "@__thumb",
        "lost+found",
        "Network Trash Folder",
        "files_trashbin/files",
        "appdata_oc1a2b/preview/1",
        "Catalog Previews.lrdata/0",
        "Catalog Smart Previews.LRDATA/0",
        "CaptureOne/Cache/Proxies",
        "#snapshot/daily",
    ],
)
def test_bins_and_caches_are_not_entered_but_named(tmp_path: Path, folder: str) -> None:
    fill(tmp_path, "b.jpg", f"{folder}/a.jpg", "sub/c.jpg", f"sub/{folder}/a.jpg")
    assert sorted(found(tmp_path)) == ["b.jpg", "sub/c.jpg"]
    name = folder.partition("/")[0]
    assert notes(tmp_path) == [f"recycle bins and caches not entered: {name} 2"]


@pytest.mark.parametrize(
    "folder", ["eaDir", "Trash", "recycle", "Thumbnails", "Recycled paper", "originals", "found", "Previews"]
)
def test_folders_with_names_that_people_give_are_entered(tmp_path: Path, folder: str) -> None:
    fill(tmp_path, f"{folder}/a.jpg")
    assert found(tmp_path) == [f"{folder}/a.jpg"]
    assert notes(tmp_path) == []


@pytest.mark.parametrize(
    ("library", "originals"),
    [
        ("Photos Library.photoslibrary", "originals/F/a.heic"),
        ("Old.photoslibrary", "Masters/2015/01/a.jpg"),
        ("Aperture.aplibrary", "Masters/2012/a.jpg"),
        ("Shoot.cocatalog", "Originals/2024/a.jpg"),
    ],
)
def test_of_a_library_only_the_originals_are_entered(tmp_path: Path, library: str, originals: str) -> None:
    versions = ("resources/derivatives/F/a.jpg", "Previews/a.jpg", "Thumbnails/a.jpg", "Cache/a.jpg")
    fill(tmp_path, f"{library}/{originals}", *(f"{library}/{each}" for each in versions))
    assert found(tmp_path) == [f"{library}/{originals}"]
    assert found(tmp_path / library) == [originals]
    inner = [f"{library}/{each}" for each in ("Cache", "Previews", "Thumbnails", "resources")]
    assert notes(tmp_path) == [
        f"recycle bins and caches not entered: {', '.join(f'{each} 1' for each in inner)}"
    ]


def test_the_bin_of_a_session_is_not_entered(tmp_path: Path) -> None:
    fill(tmp_path, "shoot/Capture/a.jpg", "shoot/Trash/b.jpg", "shoot/shoot.cosessiondb", "Trash/c.jpg")
    assert found(tmp_path) == ["shoot/Capture/a.jpg", "Trash/c.jpg"]
    assert notes(tmp_path) == ["recycle bins and caches not entered: shoot/Trash 1"]


def test_a_folder_that_says_it_is_a_cache_is_not_entered(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "previews/b.jpg", "previews/CACHEDIR.TAG")
    assert found(tmp_path) == ["a.jpg"]
    assert notes(tmp_path) == ["recycle bins and caches not entered: previews 1"]


def test_a_bin_can_be_asked_for(tmp_path: Path) -> None:
    fill(tmp_path, "#recycle/a.jpg")
    assert found(tmp_path / "#recycle") == ["a.jpg"]


def test_of_many_bins_and_caches_the_most_frequent_are_named(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", *(f"{n}.lrdata/a.jpg" for n in range(12)), "x/@eaDir/a", "y/@eaDir/a")
    first = ", ".join(f"{n}.lrdata 1" for n in (0, 1, 10, 11, 2, 3, 4, 5, 6))
    assert notes(tmp_path) == [f"recycle bins and caches not entered: @eaDir 2, {first}, others 3"]


def test_pictures_and_videos_of_kinds_that_are_not_read_are_named(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", *(f"{n}.JXL" for n in range(10)), "sub/a.gpr", "sub/b.gpr", "a.xmp", "a.txt")
    assert notes(tmp_path) == ["12 files of kinds that are not read: .jxl 10, .gpr 2"]


def test_one_video_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "a.MOV", ".hidden.mov")
    assert notes(tmp_path) == ["1 file of a kind that is not read: .mov 1"]


def test_picks_are_skipped_but_where_they_are_asked_for(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "best/a.jpg", "best/2024/b.jpg", f"best/{PICKS_MARK}")
    assert found(tmp_path) == ["a.jpg"]
    assert found(tmp_path / "best") == ["2024/b.jpg", "a.jpg"]


def test_folders_may_lie_deeper_than_python_recurses(tmp_path: Path) -> None:
    folders = "/".join("d" * 150)
    fill(tmp_path, f"{folders}/a.jpg")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        assert found(tmp_path) == [f"{folders}/a.jpg"]
    finally:
        sys.setrecursionlimit(limit)


def test_a_folder_below_a_hidden_one_can_be_asked_for(tmp_path: Path) -> None:
    fill(tmp_path, ".hidden/photos/a.jpg")
    assert found(tmp_path / ".hidden" / "photos") == ["a.jpg"]


def test_a_folder_may_be_named_like_a_photo(tmp_path: Path) -> None:
    fill(tmp_path, "album.jpg/a.jpg")
    assert found(tmp_path) == ["album.jpg/a.jpg"]


def test_links_to_folders_are_not_followed_and_links_to_photos_are(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "photos", tmp_path / "elsewhere"
    fill(folder, "a.jpg")
    fill(elsewhere, "b.jpg")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "away").symlink_to(elsewhere, target_is_directory=True)
    (folder / "c.jpg").symlink_to(elsewhere / "b.jpg")
    (folder / "broken.jpg").symlink_to(tmp_path / "missing.jpg")
    (folder / "itself.jpg").symlink_to(folder / "itself.jpg")
    assert found(folder) == ["a.jpg", "c.jpg"]
    assert notes(folder) == [
        "2 linked folders were not entered",
        "broken links and special files were skipped: 2, the first broken.jpg",
    ]


def test_of_links_only_those_to_folders_that_would_be_entered_are_noted(tmp_path: Path) -> None:
    fill(tmp_path / "photos", "a.jpg", "sub/b.jpg")
    for name in (".hidden", "sub/link"):
        (tmp_path / "photos" / name).symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "photos" / "gone.xmp").symlink_to(tmp_path / "missing.xmp")
    assert notes(tmp_path / "photos") == ["1 linked folder was not entered"]


def test_a_pipe_is_no_photo(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg")
    (tmp_path / "sub").mkdir()
    os.mkfifo(tmp_path / "sub" / "b.jpg")
    assert found(tmp_path) == ["a.jpg"]
    assert notes(tmp_path) == ["broken links and special files were skipped: 1, the first sub/b.jpg"]


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    fill(tmp_path / "real", "a.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    assert discover(tmp_path / "link") == [tmp_path / "link" / "a.jpg"]


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that cannot be listed, whoever runs the tests, and whose name plays tricks on a terminal."""
    folder = tmp_path / "sub" / "lo\x1b[2Jcked"
    fill(folder, "secret.jpg")
    scandir = os.scandir

    def refuse(path: str) -> Iterator[os.DirEntry[str]]:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    return folder


@pytest.mark.usefixtures("locked")
def test_an_unreadable_sub_folder_is_left_out_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(tmp_path, "a.jpg", "other/b.jpg")
    with caplog.at_level(logging.WARNING):
        assert found(tmp_path) == ["a.jpg", "other/b.jpg"]
    expected = "sub/lo\\x1b[2Jcked is left out: the folder cannot be read: Permission denied"
    assert caplog.messages == [expected]


@pytest.mark.usefixtures("locked")
def test_whoever_asks_is_told_of_an_unreadable_sub_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(tmp_path, "a.jpg")
    failures: list[tuple[str, str]] = []
    photos = discover(tmp_path, on_failure=lambda path, reason: failures.append((path, reason)))
    assert photos == [tmp_path / "a.jpg"]
    assert failures == [("sub/lo\x1b[2Jcked", "the folder cannot be read: Permission denied")]
    assert caplog.messages == []


@pytest.mark.parametrize("known", [True, False])
def test_a_sub_folder_whose_names_can_be_read_and_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """As chmod -x leaves it, on file systems that tell folders from files with the names, and on others."""
    fill(tmp_path, "a.jpg", "shut/b.jpg", "shut/deep/c.jpg")
    scandir = os.scandir

    class Entry:
        def __init__(self, name: str) -> None:
            self.name = name

        def is_symlink(self) -> bool:
            if not known:
                raise PermissionError(13, "Permission denied", self.name)
            return False

        def is_dir(self) -> bool:
            return self.is_symlink() or self.name == "deep"

        def is_file(self) -> bool:
            return not self.is_dir()

    def refuse(path: Path) -> contextlib.AbstractContextManager[Iterator[Entry | os.DirEntry[str]]]:
        if path == tmp_path / "shut":
            return contextlib.nullcontext(iter([Entry("b.jpg"), Entry("deep")]))
        if path == tmp_path / "shut" / "deep":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    failures: list[tuple[str, str]] = []
    photos = discover(tmp_path, on_failure=lambda path, reason: failures.append((path, reason)))
    reason = "the folder cannot be read: Permission denied"
    # A photo that cannot be read is told by whoever reads it.
    assert [path.name for path in photos] == (["a.jpg", "b.jpg"] if known else ["a.jpg"])
    assert failures == [("shut/deep" if known else "shut", reason)]


def test_an_unreadable_folder(locked: Path) -> None:
    with pytest.raises(PhotoError) as raised:
        discover(locked)
    assert str(raised.value) == f"{locked}: the folder cannot be read (Permission denied)"


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(PhotoError) as raised:
        discover(tmp_path / "nowhere")
    assert str(raised.value) == f"{tmp_path / 'nowhere'}: there is no such folder"


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg")
    with pytest.raises(PhotoError) as raised:
        discover(tmp_path / "a.jpg")
    expected = f"{tmp_path / 'a.jpg'} is a file, but a folder of photos is needed: try {tmp_path}"
    assert str(raised.value) == expected


def no_photos_message(folder: Path) -> list[str]:
    with pytest.raises(PhotoError, match=re.escape(str(folder))) as raised:
        discover(folder)
    message = str(raised.value)
    assert "\n" not in message
    assert all(suffix in message for suffix in PHOTO_SUFFIXES - RAW_SUFFIXES)
    assert "RAW" in message
    return message.split("; ")[1:]


def test_an_empty_folder(tmp_path: Path) -> None:
    assert no_photos_message(tmp_path) == ["the folder is empty"]


def test_one_other_file(tmp_path: Path) -> None:
    fill(tmp_path, "a.xmp")
    assert no_photos_message(tmp_path) == ["1 file was skipped: 1 .xmp"]


def test_many_other_files_are_counted_by_kind(tmp_path: Path) -> None:
    fill(tmp_path, *(f"{n}.PSD" for n in range(12)), *(f"{n}.xmp" for n in range(6)))
    fill(tmp_path, *(f"sub/{n}.mov" for n in range(5)), *(f"{n}.a{n}" for n in range(3)))
    fill(tmp_path, *(f"README{n}" for n in range(4)), ".DS_Store", ".nomedia")
    expected = "32 files were skipped: 12 .psd, 6 .xmp, 5 .mov, 4 without a suffix, 2 hidden, 3 other"
    assert no_photos_message(tmp_path) == [expected]


@pytest.mark.usefixtures("locked")
def test_broken_links_and_unreadable_folders_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "missing.jpg")
    message = no_photos_message(tmp_path)
    assert message == ["1 file was skipped: 1 broken link or special file", "1 folder was unreadable"]


def test_folders_that_are_not_entered_are_counted(tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere", "a.jpg")
    folder = tmp_path / "photos"
    fill(folder, ".trash/a.jpg")
    assert no_photos_message(folder) == ["1 folder was not entered: 1 of a recycle bin or cache"]
    (folder / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (folder / "link 2").symlink_to(folder, target_is_directory=True)
    (folder / "link 3").symlink_to(tmp_path, target_is_directory=True)
    fill(
        folder,
        ".old/a.jpg",
        f"best/{PICKS_MARK}",
        "best/a.jpg",
        f"best 2/{PICKS_MARK}",
        "sub/@eaDir/a.jpg",
        "sub/a.xmp",
    )
    assert no_photos_message(folder) == [
        "1 file was skipped: 1 .xmp",
        "8 folders were not entered: 3 linked, 2 of picks, 2 of a recycle bin or cache, 1 hidden",
    ]


@given(st.text(alphabet="aA01 ._-(é٣", max_size=9))
def test_the_order_of_names_is_natsorts(name: str) -> None:
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    natural = natsort_keygen(alg=ns.IGNORECASE)
    assert natural_key(f"b/{name}") == ((natural("b"), natural(stem)), suffix.casefold(), f"b/{name}")
