import multiprocessing
import os
import sqlite3
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from phototriage.errors import FeatureError, OutputError
from phototriage.features.cache.index import Content, PhotoIndex, known_photos
from phototriage.features.cache.index_database import index_files
from phototriage.photos import Capture, CaptureTime


def test_an_unchanged_file_is_known_to_the_next_process(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"one")
    with PhotoIndex(tmp_path / "cache") as index:
        assert index.content_hashes([(photo, photo.stat())]) == [None]
        index.remember([(photo, photo.stat(), "ab" * 16)], {})
    with PhotoIndex(tmp_path / "cache") as index:
        assert index.content_hashes([(photo, photo.stat())]) == ["ab" * 16]


def test_a_changed_file_is_not_known(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"one")
    with PhotoIndex(tmp_path) as index:
        index.remember([(photo, photo.stat(), "ab" * 16)], {})
        photo.write_bytes(b"longer")
        assert index.content_hashes([(photo, photo.stat())]) == [None]
        photo.write_bytes(b"two")
        os.utime(photo, ns=(1, 1))
        assert index.content_hashes([(photo, photo.stat())]) == [None]


def test_a_file_edited_with_its_size_and_time_kept_is_not_known(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"one")
    before = photo.stat()
    with PhotoIndex(tmp_path) as index:
        index.remember([(photo, before, "ab" * 16)], {})
        while photo.stat().st_ctime_ns == before.st_ctime_ns:  # the clock of a file system is coarse
            photo.write_bytes(b"two")
        os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert index.content_hashes([(photo, before), (photo, photo.stat())]) == ["ab" * 16, None]


def test_a_name_that_is_no_text_is_a_name(tmp_path: Path) -> None:
    photo = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.jpg"))
    photo.write_bytes(b"one")
    with PhotoIndex(tmp_path) as index:
        index.remember([(photo, photo.stat(), "cd" * 16)], {})
        assert index.content_hashes([(photo, photo.stat())]) == ["cd" * 16]


def test_two_processes_share_an_index(tmp_path: Path) -> None:
    photos = [tmp_path / name for name in "ab"]
    for photo in photos:
        photo.write_bytes(b"x")
    with PhotoIndex(tmp_path) as one, PhotoIndex(tmp_path) as other:
        one.remember([(photos[0], photos[0].stat(), "aa" * 16)], {})
        other.remember([(photos[1], photos[1].stat(), "bb" * 16)], {})
        for index in (one, other):
            found = index.content_hashes([(photo, photo.stat()) for photo in photos])
            assert found == ["aa" * 16, "bb" * 16]


def test_what_a_content_is_is_known_as_long_as_the_same_decoders_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = CaptureTime(datetime(2026, 6, 1, 12, 0, 0, 250_000), timedelta(hours=2))
    sound, broken = Content(Capture(time, model="X"), None), Content(Capture(), "the file is cut off")
    with PhotoIndex(tmp_path) as index:
        index.remember([], {"aa" * 16: sound, "bb" * 16: broken})
    with PhotoIndex(tmp_path) as index:
        hashes = ["aa" * 16, "bb" * 16, "cc" * 16]
        assert index.contents(hashes) == {"aa" * 16: sound, "bb" * 16: broken}
        monkeypatch.setattr("phototriage.features.cache.index._reader", lambda: "another decoder")
        assert index.contents(hashes) == {"aa" * 16: sound}
        index.forget_all()
        assert index.contents(hashes) == {}


@pytest.mark.parametrize(
    "capture", ["[99,null]", None, '[1,["2026-06-01T12:00:00",1e300]]', "5", '[1,["2026-06-01T12:00:00"]]']
)
def test_a_capture_of_another_version_or_damaged_is_unknown(tmp_path: Path, capture: str | None) -> None:
    with PhotoIndex(tmp_path) as index:
        index.remember([], {"aa" * 16: Content(Capture(), None)})
    with sqlite3.connect(tmp_path / "index.sqlite") as database:
        database.execute("UPDATE contents SET capture = ?", (capture,))
    database.close()
    with PhotoIndex(tmp_path) as index:
        assert index.contents(["aa" * 16]) == {}


@pytest.mark.parametrize("version", [1, 2])
def test_an_index_of_an_older_format_goes_on_being_used(tmp_path: Path, version: int) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"one")
    status, content = photo.stat(), {"ab" * 16: Content(Capture(), None)}
    with PhotoIndex(tmp_path) as index:
        index.remember([], content)
    with sqlite3.connect(tmp_path / "index.sqlite") as database:
        if version == 1:
            database.execute("DROP TABLE contents")
        database.execute("DROP TABLE files")
        database.execute(
            "CREATE TABLE files (path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, content_hash TEXT)"
            " WITHOUT ROWID"
        )
        row = (os.fsencode(photo), status.st_size, status.st_mtime_ns, "ab" * 16)
        database.execute("INSERT INTO files VALUES (?, ?, ?, ?)", row)
        database.execute(f"PRAGMA user_version = {version}")
    database.close()
    for _ in range(2):
        with PhotoIndex(tmp_path) as index:
            assert index.photos() == {photo: "ab" * 16}
            assert index.content_hashes([(photo, status)]) == [None]
            assert index.contents(["ab" * 16]) == ({} if version == 1 else content)
    with PhotoIndex(tmp_path) as index:
        index.remember([(photo, status, "cd" * 16)], {})
        assert index.content_hashes([(photo, status)]) == ["cd" * 16]


def test_a_damaged_path_is_no_photo(tmp_path: Path) -> None:
    with PhotoIndex(tmp_path) as index:
        index.remember([(tmp_path, tmp_path.stat(), "ab" * 16)], {})
    with sqlite3.connect(tmp_path / "index.sqlite") as database:
        database.execute("DROP TABLE files")
        database.execute("CREATE TABLE files (path, size, mtime_ns, content_hash, ctime_ns)")
        rows = [(None, 1, 1, "ab" * 16, 1), (7, 1, 1, "ab" * 16, 1), (b"/photos/a.jpg", 1, 1, "cd" * 16, 1)]
        database.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?)", rows)
    database.close()
    assert known_photos(tmp_path) == {Path("/photos/a.jpg"): "cd" * 16}


def remember_one(cache_dir: Path, photo: Path, together: Barrier) -> None:
    together.wait()
    with PhotoIndex(cache_dir) as index:
        index.remember([(photo, photo.stat(), "ab" * 16)], {})


@pytest.mark.parametrize("before", [None, b"nothing that SQLite knows" * 99])
def test_many_processes_may_make_or_replace_an_index_at_once(tmp_path: Path, before: bytes | None) -> None:
    if before:
        (tmp_path / "index.sqlite").write_bytes(before)
    photos = [tmp_path / str(number) for number in range(4)]
    for photo in photos:
        photo.touch()
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(len(photos))
    processes = [context.Process(target=remember_one, args=(tmp_path, photo, together)) for photo in photos]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * len(photos)
    assert known_photos(tmp_path) == dict.fromkeys(photos, "ab" * 16)


def test_a_foreign_file_stays_and_is_replaced_once(tmp_path: Path) -> None:
    foreign = b"something else entirely, and long enough to be read as a header" * 9
    (tmp_path / "index.sqlite").write_bytes(foreign)
    notes: list[str] = []
    with PhotoIndex(tmp_path, notes.append) as index:
        index.remember([(tmp_path, tmp_path.stat(), "ab" * 16)], {})
    assert len(notes) == 1
    assert notes[0].startswith(
        f"the index {tmp_path}/index.sqlite is damaged (file is not a database); a new"
    )
    assert known_photos(tmp_path, notes.append) == {tmp_path: "ab" * 16}
    assert len(notes) == 1
    assert (tmp_path / "index.sqlite").read_bytes() == foreign


def test_damage_that_shows_late_is_mended_at_once(tmp_path: Path) -> None:
    files = [(tmp_path / f"{number:0200}.jpg", tmp_path.stat(), "ab" * 16) for number in range(500)]
    with PhotoIndex(tmp_path) as index:
        index.remember(files, {})
    data = bytearray((tmp_path / "index.sqlite").read_bytes())
    data[3 * 4096 :] = b"\xa5" * (len(data) - 3 * 4096)
    (tmp_path / "index.sqlite").write_bytes(data)
    notes: list[str] = []
    with PhotoIndex(tmp_path, notes.append) as index:
        assert notes == []
        assert set(index.content_hashes([file[:2] for file in files])) == {None}
        index.remember(files, {})
        assert set(index.content_hashes([file[:2] for file in files])) == {"ab" * 16}
        index.verify()
    assert len(notes) == 1
    assert [path.name for path in index_files(tmp_path)] == ["index.sqlite", "index-2.sqlite"]


def test_verifying_finds_what_nobody_met(tmp_path: Path) -> None:
    files = [(tmp_path / f"{number:0200}.jpg", tmp_path.stat(), "ab" * 16) for number in range(500)]
    with PhotoIndex(tmp_path) as index:
        index.remember(files, {})
    data = bytearray((tmp_path / "index.sqlite").read_bytes())
    data[-4096:] = bytes(4096)
    (tmp_path / "index.sqlite").write_bytes(data)
    notes: list[str] = []
    with PhotoIndex(tmp_path, notes.append) as index:
        index.verify()
        assert len(notes) == 1
        assert index.photos() == {}


def test_a_hash_that_is_no_text_fits_no_photo(tmp_path: Path) -> None:
    with PhotoIndex(tmp_path) as index:
        index.remember([(tmp_path, tmp_path.stat(), "ab" * 16)], {})
    database = sqlite3.connect(tmp_path / "index.sqlite")
    database.execute("UPDATE files SET content_hash = CAST(x'ffab' AS TEXT)")
    database.commit()
    database.close()
    assert known_photos(tmp_path) == {}


def test_an_index_of_a_newer_version_stays_as_it_is(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "index.sqlite")
    database.execute("CREATE TABLE something (new TEXT)")
    database.execute("PRAGMA user_version = 99")
    database.close()
    before = (tmp_path / "index.sqlite").read_bytes()
    with pytest.raises(
        FeatureError, match=r"written by a newer version .*\(format 99\); upgrade, or .*--cache_dir"
    ):
        PhotoIndex(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.sqlite"]
    assert (tmp_path / "index.sqlite").read_bytes() == before


def test_a_place_that_cannot_be_used_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot use the index .*--cache_dir"):
        PhotoIndex(tmp_path / "file")
    (tmp_path / "index.sqlite").mkdir()
    with pytest.raises(OutputError, match=r"cannot use the index .*--cache_dir"):
        PhotoIndex(tmp_path)


def test_asking_for_known_photos_makes_no_index(tmp_path: Path) -> None:
    assert known_photos(tmp_path / "cache") == {}
    assert not (tmp_path / "cache").exists()


def test_forgetting_all_leaves_an_index_that_is_in_use_usable(tmp_path: Path) -> None:
    file = (tmp_path, tmp_path.stat(), "ab" * 16)
    with PhotoIndex(tmp_path) as in_use, PhotoIndex(tmp_path) as other:
        in_use.remember([file], {})
        other.forget_all()
        assert in_use.photos() == {}
        in_use.remember([file], {})
        assert other.photos() == {tmp_path: "ab" * 16}


@pytest.mark.parametrize("table", ["files", "contents"])
def test_a_table_that_is_gone_is_made_again(tmp_path: Path, table: str) -> None:
    file, content = (tmp_path, tmp_path.stat(), "ab" * 16), {"ab" * 16: Content(Capture(), None)}
    with PhotoIndex(tmp_path) as index:
        index.remember([file], content)
    with sqlite3.connect(tmp_path / "index.sqlite") as database:
        database.execute(f"DROP TABLE {table}")
    database.close()
    with PhotoIndex(tmp_path) as index:
        assert index.content_hashes([file[:2]]) == [None if table == "files" else "ab" * 16]
        assert index.contents(["ab" * 16]) == ({} if table == "contents" else content)
        index.remember([file], content)
    assert known_photos(tmp_path) == {tmp_path: "ab" * 16}


def test_only_its_own_names_are_an_index(tmp_path: Path) -> None:
    for name in ("index.old.sqlite", "index-x.sqlite", "index-2.sqlite", "index.sqlite", "index-10.sqlite"):
        (tmp_path / name).touch()
    assert [path.name for path in index_files(tmp_path)] == [
        "index.sqlite",
        "index-2.sqlite",
        "index-10.sqlite",
    ]


@pytest.mark.parametrize("year", [1601, 1969, 1970, 2262, 2263, 2300, 2446, 9999, 30828])
def test_a_file_of_any_time_is_remembered_and_told_from_a_later_one(tmp_path: Path, year: int) -> None:
    """A disk may not hold such a time, but its stat may say it: a share, a broken clock, an old camera."""
    photo = tmp_path / "a.jpg"
    photo.touch()
    second = int((year - 1970) * 365.2425 * 86400)
    values = list(photo.stat())
    names = {name: getattr(photo.stat(), name) for name in ("st_atime_ns", "st_ctime_ns")}

    def status(nanosecond: int) -> os.stat_result:
        times = {**names, "st_mtime_ns": second * 10**9 + nanosecond}
        return os.stat_result(values, times)

    with PhotoIndex(tmp_path / "cache") as index:
        index.remember([(photo, status(1), "0" * 32)], {})
        assert index.content_hashes([(photo, status(1))]) == ["0" * 32]
        assert index.content_hashes([(photo, status(2))]) == [None]


def test_very_many_files_are_found_as_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    status = (tmp_path / "file").stat()
    names = [f"{number * 7919 % 4000:04d}.jpg" for number in range(2500)]
    files = [(tmp_path / name, status, f"{number:032x}") for number, name in enumerate(names)]
    (tmp_path / "edited").write_text("longer")
    edited = (tmp_path / "edited").stat()
    with PhotoIndex(tmp_path / "cache") as index:
        index.remember(files, {})
        wanted = [(path, status if number % 3 else edited) for number, (path, _, _) in enumerate(files)]
        wanted += [(tmp_path / "0000.png", status), (tmp_path / "zz" / "1.jpg", status)]
        found = index.content_hashes(wanted)
        assert found == [digest for each in wanted for digest in index.content_hashes([each])]
        assert found[:4] == [None, files[1][2], files[2][2], None]
        assert found[-2:] == [None, None]
