import errno
import hashlib
import os
from pathlib import Path
from typing import get_args

import pytest

from phototriage.errors import OutputError
from phototriage.outputs.picks import How, plan_picks, print_picks, write_picks
from phototriage.photos import discover
from phototriage.series import RankedPhoto, RankedSeries, Verdict

FILES = ("IMG_1.CR2", "IMG_1.JPG", "a/IMG_2.JPG", "b/IMG_2.JPG", "IMG_3.JPG", "IMG_4.JPG", "new\nline 踊.JPG")


def ranked(*shots: tuple[Verdict, tuple[str, ...]]) -> tuple[RankedSeries, ...]:
    photos = tuple(RankedPhoto(files[0], files, 1, 0.0, 0.5, verdict, ()) for verdict, files in shots)
    return (RankedSeries("1", "series", None, photos),)


SERIES = ranked(
    ("pick", ("IMG_1.CR2", "IMG_1.JPG")),
    ("pick", ("a/IMG_2.JPG",)),
    ("pick", ("b/IMG_2.JPG",)),
    ("close", ("IMG_3.JPG",)),
    ("kept", ("IMG_4.JPG",)),
    ("pick", ("new\nline 踊.JPG",)),
)
PICKED = {"IMG_1.CR2", "IMG_1.JPG", "a/IMG_2.JPG", "b/IMG_2.JPG", "new\nline 踊.JPG"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for number, name in enumerate(FILES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"photo {name}".encode())
        os.utime(path, ns=(10**18, 10**18 + number))
    return folder


def state(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("how", ["hardlink", "symlink", "copy"])
def test_the_picks_and_all_their_files_are_there_and_the_photos_as_before(
    folder: Path, tmp_path: Path, how: How
) -> None:
    before = state(folder)
    into = tmp_path / "picks"
    plan = plan_picks(folder, SERIES, into, how)
    assert not into.exists()
    done = write_picks(folder, into, plan)
    assert (len(done.written), done.failures) == (5, ())
    assert state(folder) == before
    # Content and time of change are those of the photos.
    assert state(into) == {name: before[name] for name in PICKED}
    same = {(into / name).samefile(folder / name) for name in PICKED}
    assert same == {how != "copy"}
    assert {(into / name).is_symlink() for name in PICKED} == {how == "symlink"}


@pytest.mark.parametrize("how", ["hardlink", "symlink", "copy"])
def test_there_is_nothing_to_do_the_second_time(folder: Path, tmp_path: Path, how: How) -> None:
    into = tmp_path / "picks"
    write_picks(folder, into, plan_picks(folder, SERIES, into, how))
    before = state(into)
    for again in get_args(How):
        plan = plan_picks(folder, SERIES, into, again)
        assert {pick.action for pick in plan} == {"keep"}
        assert write_picks(folder, into, plan).written == ()
    assert state(into) == before


@pytest.mark.parametrize("how", ["hardlink", "symlink", "copy"])
def test_another_file_of_that_name_stays_and_is_said(folder: Path, tmp_path: Path, how: How) -> None:
    into = tmp_path / "picks"
    into.mkdir()
    (into / "IMG_1.CR2").write_bytes(b"another")
    (into / "IMG_1.JPG").symlink_to("nowhere")
    (into / "a").write_bytes(b"a file where a folder should be")
    plan = plan_picks(folder, SERIES, into, how)
    (into / "new\nline 踊.JPG").write_bytes(b"put there meanwhile")
    done = write_picks(folder, into, plan)
    assert [pick.target for pick in done.written] == [into / "b/IMG_2.JPG"]
    assert [target for target, _ in done.failures] == [
        into / "IMG_1.CR2",
        into / "IMG_1.JPG",
        into / "a/IMG_2.JPG",
        into / "new\nline 踊.JPG",
    ]
    assert done.failures[0][1] == "another file of that name is there"
    assert (into / "IMG_1.CR2").read_bytes() == b"another"
    assert (into / "new\nline 踊.JPG").read_bytes() == b"put there meanwhile"
    assert not (into / "nowhere").exists()


def test_copies_take_their_sidecars_along_and_keep_their_own_after(folder: Path, tmp_path: Path) -> None:
    into = tmp_path / "picks"
    (folder / "IMG_1.xmp").write_bytes(b"adobe")
    (folder / "IMG_1.CR2.xmp").write_bytes(b"darktable")
    (folder / "IMG_3.xmp").write_bytes(b"of no pick")
    for how in ("hardlink", "symlink"):
        assert {pick.source.suffix for pick in plan_picks(folder, SERIES, into, how)} == {".CR2", ".JPG"}
    write_picks(folder, into, plan_picks(folder, SERIES, into, "copy"))
    assert (into / "IMG_1.xmp").read_bytes() == b"adobe"
    assert (into / "IMG_1.CR2.xmp").read_bytes() == b"darktable"
    assert not (into / "IMG_3.xmp").exists()
    (into / "IMG_1.xmp").write_bytes(b"work on the copy")
    again = plan_picks(folder, SERIES, into, "copy")
    assert {pick.action for pick in again} == {"keep"}


def test_picks_within_the_folder_are_not_ranked_again(folder: Path) -> None:
    into = folder / "best" / "of June"
    before = discover(folder)
    write_picks(folder, into, plan_picks(folder, SERIES, into, "hardlink"))
    assert discover(folder) == before
    assert len(discover(into)) == len(PICKED)
    # More picks may join them.
    more = plan_picks(folder, ranked(("pick", ("IMG_3.JPG",))), into, "hardlink")
    assert len(write_picks(folder, into, more).written) == 1


@pytest.mark.parametrize("how", ["hardlink", "symlink", "copy"])
def test_picks_of_an_earlier_run_stay_and_are_counted(folder: Path, tmp_path: Path, how: How) -> None:
    into = tmp_path / "picks"
    write_picks(folder, into, plan_picks(folder, SERIES, into, how))
    (into / "IMG_3.JPG").write_bytes(b"another, of that name")
    before = state(into)
    now = ranked(
        ("pick", ("a/IMG_2.JPG",)),
        ("close", ("IMG_1.CR2", "IMG_1.JPG")),
        ("rest", ("b/IMG_2.JPG", "IMG_3.JPG")),
    )
    plan = plan_picks(folder, now, into, how)
    assert [(pick.target, pick.action) for pick in plan] == [
        (into / "a/IMG_2.JPG", "keep"),
        *((into / name, "no longer") for name in ("IMG_1.CR2", "IMG_1.JPG", "b/IMG_2.JPG")),
    ]
    done = write_picks(folder, into, plan)
    assert (done.written, done.failures, done.others) == ((), (), 3)
    assert state(into) == before


def test_progress_counts_the_files_to_be_made(folder: Path, tmp_path: Path) -> None:
    into = tmp_path / "picks"
    (into / "a").mkdir(parents=True)
    os.link(folder / "a/IMG_2.JPG", into / "a/IMG_2.JPG")
    told: list[tuple[int, int]] = []
    write_picks(folder, into, plan_picks(folder, SERIES, into, "copy"), lambda *each: told.append(each))
    assert told == [(0, 4), (2, 4), (3, 4)]


def test_a_folder_of_photos_is_no_place_for_picks(folder: Path) -> None:
    for into in (folder, folder / "a", folder / "a" / ".." / "b"):
        with pytest.raises(OutputError, match="name a new folder for the picks"):
            plan_picks(folder, SERIES, into, "copy")
    with pytest.raises(OutputError, match="is no folder"):
        plan_picks(folder, SERIES, folder / "IMG_1.JPG", "copy")


def test_a_hard_link_to_another_disk_is_refused_with_advice(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second disk, /dev/shm")
    into = elsewhere / f"phototriage-{os.getpid()}" / "picks"
    with pytest.raises(OutputError, match=r"is on another disk than .*: use copies"):
        plan_picks(folder, SERIES, into, "hardlink")
    assert not into.parent.exists()


def test_a_disk_without_links_says_so_photo_by_photo(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    into = tmp_path / "picks"
    plan = plan_picks(folder, SERIES, into, "hardlink")
    monkeypatch.setattr("os.link", refuse)
    done = write_picks(folder, into, plan)
    assert done.written == ()
    assert len(done.failures) == 4
    assert done.failures[0][1].endswith("Operation not permitted; try copies")


def test_a_copy_is_whole_or_not_there(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    into = tmp_path / "picks"
    monkeypatch.setattr("os.fsync", full)
    done = write_picks(folder, into, plan_picks(folder, SERIES, into, "copy"))
    assert done.written == ()
    reason = "the disk is full: 0 of 5 files are there, each photo with all of its files"
    assert done.failures == ((into, f"{reason}; free some space and run it again"),)
    assert state(into) == {}


def test_a_disk_that_fills_up_keeps_whole_photos(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, left = os.fsync, iter(range(3))

    def filling(file: int) -> None:
        if next(left, None) is None:
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        fsync(file)

    into = tmp_path / "picks"
    pairs = ranked(("pick", ("IMG_3.JPG", "IMG_4.JPG")), ("pick", ("IMG_1.CR2", "IMG_1.JPG")))
    monkeypatch.setattr("os.fsync", filling)
    done = write_picks(folder, into, plan_picks(folder, pairs, into, "copy"))
    assert set(state(into)) == {"IMG_3.JPG", "IMG_4.JPG"}
    assert [target for target, _ in done.failures] == [into]


def test_a_photo_that_went_away_is_one_failure(folder: Path, tmp_path: Path) -> None:
    (folder / "IMG_1.CR2").unlink()
    for how in ("hardlink", "copy"):
        into = tmp_path / how
        done = write_picks(folder, into, plan_picks(folder, SERIES, into, how))
        assert [target for target, _ in done.failures] == [into / "IMG_1.CR2"]
        assert len(done.written) == 3
        assert not (into / "IMG_1.JPG").exists()


def test_the_table_names_what_goes_where(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "picks"
    print_picks(plan_picks(folder, ranked(("pick", ("new\nline 踊.JPG",))), into, "copy"))
    out = capsys.readouterr().out
    assert f"{into}/new\\nline 踊.JPG" in out
    assert "copy" in out
    write_picks(folder, into, plan_picks(folder, SERIES, into, "copy"))
    print_picks(plan_picks(folder, SERIES, into, "copy"))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("how", ["hardlink", "symlink", "copy"])
def test_a_linked_sub_folder_of_the_picks_is_not_followed(folder: Path, tmp_path: Path, how: How) -> None:
    into, outside = tmp_path / "picks", tmp_path / "outside"
    into.mkdir()
    outside.mkdir()
    (into / "a").symlink_to(outside)
    done = write_picks(folder, into, plan_picks(folder, SERIES, into, how))
    assert done.failures == ((into / "a/IMG_2.JPG", "lies in a linked folder"),)
    assert list(outside.iterdir()) == []


def test_a_folder_that_becomes_a_link_while_a_pick_is_copied_is_not_followed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into, outside = tmp_path / "picks", tmp_path / "outside"
    outside.mkdir()
    plan = plan_picks(folder, ranked(("pick", ("a/IMG_2.JPG",))), into, "copy")
    flush = os.fsync

    def swap(descriptor: int) -> None:
        flush(descriptor)
        (into / "a").rename(into / "moved")
        (into / "a").symlink_to(outside)

    monkeypatch.setattr("os.fsync", swap)
    write_picks(folder, into, plan)
    assert list(outside.iterdir()) == []
    assert [path.name for path in (into / "moved").iterdir()] == ["IMG_2.JPG"]


def test_the_marker_of_picks_follows_no_link(folder: Path, tmp_path: Path) -> None:
    into = folder / "best"
    into.mkdir()
    (into / ".phototriage-picks").symlink_to(tmp_path / "victim")
    (tmp_path / "victim").write_bytes(b"theirs")
    write_picks(folder, into, plan_picks(folder, SERIES, into, "copy"))
    assert (tmp_path / "victim").read_bytes() == b"theirs"


def test_copies_take_the_sidecars_of_darktables_duplicates_along(folder: Path, tmp_path: Path) -> None:
    into = tmp_path / "picks"
    (folder / "IMG_1_01.CR2.xmp").write_bytes(b"another edit")
    write_picks(folder, into, plan_picks(folder, SERIES, into, "copy"))
    assert (into / "IMG_1_01.CR2.xmp").read_bytes() == b"another edit"


def test_copies_take_companions_along_and_keep_their_settings_after(folder: Path, tmp_path: Path) -> None:
    into = tmp_path / "picks"
    companions = {"IMG_1.MOV", "IMG_1.AAE", "IMG_1.CR2.pp3", "a/IMG_2.JPG.json"}
    for name in (*companions, "IMG_3.MOV"):
        (folder / name).write_bytes(b"companion")
    plan = plan_picks(folder, SERIES, into, "copy")
    assert {pick.target.relative_to(into).as_posix() for pick in plan} == PICKED | companions
    assert write_picks(folder, into, plan).failures == ()
    for name in companions:
        (into / name).write_bytes(b"changed")
    again = {pick.target.name: pick.action for pick in plan_picks(folder, SERIES, into, "copy")}
    assert [again[name] for name in ("IMG_1.AAE", "IMG_1.CR2.pp3", "IMG_2.JPG.json")] == ["keep"] * 3
    assert again["IMG_1.MOV"] == "leave alone"
    linked = plan_picks(folder, SERIES, tmp_path / "linked", "symlink")
    assert {pick.target.relative_to(tmp_path / "linked").as_posix() for pick in linked} == PICKED
