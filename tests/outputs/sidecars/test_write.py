import errno
import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from phototriage.errors import OutputError
from phototriage.outputs.sidecars import SidecarOptions, plan_sidecars, undo_sidecars, write_sidecars
from phototriage.series import RankedSeries
from phototriage.xmp.packet import Packet

Ranked = Callable[..., tuple[RankedSeries, ...]]
ALL = SidecarOptions(("pick", "stars", "labels"))
AWKWARD = (
    "IMG 1.jpg",
    "踊り.CR3",
    "new\nline.jpg",
    "-dash.jpg",
    "byte\udce9.jpg",
    "a.b.c.NEF",
    "sub/IMG 1.jpg",
)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and ".phototriage-undo" not in path.parts
    }


@pytest.fixture
def photos(folder: Path) -> Path:
    (folder / "sub").mkdir()
    for name in AWKWARD:
        (folder / name).write_bytes(name.encode(errors="surrogateescape"))
    return folder


@pytest.mark.parametrize("name", ["adobe", "darktable"])
@pytest.mark.parametrize("schemes", [("pick",), ("stars",), ("labels",), ("pick", "stars", "labels")])
def test_photos_are_never_touched(photos: Path, ranked: Ranked, name: str, schemes: tuple[str, ...]) -> None:
    before = hashes(photos)
    stamps = {name: (photos / name).stat().st_mtime_ns for name in AWKWARD}
    verdicts = ("pick", "close", "rest", "kept", "pick", "close", "rest")
    series = ranked(*((verdict, (file,)) for verdict, file in zip(verdicts, AWKWARD, strict=True)))
    options = SidecarOptions(schemes, name, mark_rejects=True)  # type: ignore[arg-type]
    done = write_sidecars(photos, plan_sidecars(photos, series, options))
    assert (len(done.written), done.failures) == (6, ())
    after = hashes(photos)
    assert {file: after[file] for file in before} == before
    assert len(after) == len(before) + 6
    assert {name: (photos / name).stat().st_mtime_ns for name in AWKWARD} == stamps
    undo_sidecars(photos)
    assert hashes(photos) == before


@pytest.mark.parametrize(
    "program", ["lightroom_classic", "darktable", "digikam", "capture_one", "hand_written"]
)
def test_exiftool_reads_the_marks_and_all_else_as_before(
    program: str, folder: Path, ranked: Ranked, written_by: Callable[[str], bytes], exiftool: Path
) -> None:
    sidecar = folder / "IMG.xmp"
    sidecar.write_bytes(written_by(program))

    def read() -> dict[str, object]:
        command = (exiftool, "-j", "-struct", "-G1", "-a", "-n", "-charset", "utf8", sidecar)
        (document,) = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        return {key: value for key, value in document.items() if not key.startswith(("System:", "ExifTool:"))}

    before = read()
    options = SidecarOptions(("pick", "stars", "labels"), overwrite_ratings=True)
    write_sidecars(folder, plan_sidecars(folder, ranked(("pick", ("IMG.CR3",))), options))
    after = read()
    pick_label = next(key for key in after if key.endswith(":PickLabel"))
    marks = {"XMP-xmp:Rating": 5, "XMP-xmp:Label": "Green", "XMP-xmpDM:Pick": 1, pick_label: 3}
    assert after == before | marks


def test_exiftool_reads_a_new_sidecar(folder: Path, ranked: Ranked, exiftool: Path) -> None:
    write_sidecars(folder, plan_sidecars(folder, ranked(("pick", ("IMG.CR3",))), ALL))
    command = (exiftool, "-validate", "-warning", "-a", "-s3", folder / "IMG.xmp")
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert result.stdout.splitlines()[:1] == ["OK"]


def test_permissions_stay(folder: Path, ranked: Ranked) -> None:
    sidecar = folder / "IMG.xmp"
    sidecar.write_bytes(Packet().to_bytes())
    sidecar.chmod(0o640)
    write_sidecars(folder, plan_sidecars(folder, ranked(("pick", ("IMG.CR3",))), ALL))
    assert sidecar.stat().st_mode & 0o777 == 0o640
    undo_sidecars(folder)
    assert sidecar.stat().st_mode & 0o777 == 0o640


def test_the_previous_version_is_kept_under_its_own_name(folder: Path, ranked: Ranked) -> None:
    (folder / "sub").mkdir()
    before = Packet().to_bytes()
    (folder / "sub" / "IMG.xmp").write_bytes(before)
    done = write_sidecars(folder, plan_sidecars(folder, ranked(("pick", ("sub/IMG.CR3",))), ALL))
    assert done.previous is not None
    assert done.previous.parent == folder / ".phototriage-undo"
    assert (done.previous / "sub" / "IMG.xmp").read_bytes() == before


def test_a_sidecar_that_changed_since_it_was_planned_stays(folder: Path, ranked: Ranked) -> None:
    changes = plan_sidecars(folder, ranked(("pick", ("IMG_1.CR3",)), ("pick", ("IMG_2.CR3",))), ALL)
    (folder / "IMG_1.xmp").write_bytes(b"somebody was faster")
    done = write_sidecars(folder, changes)
    assert done.failures == (("IMG_1.xmp", "changed since it was looked at"),)
    assert [change.sidecar for change in done.written] == ["IMG_2.xmp"]
    assert (folder / "IMG_1.xmp").read_bytes() == b"somebody was faster"


def test_a_link_put_there_meanwhile_is_not_followed(folder: Path, tmp_path: Path, ranked: Ranked) -> None:
    changes = plan_sidecars(folder, ranked(("pick", ("IMG.CR3",))), ALL)
    (folder / "IMG.xmp").symlink_to(tmp_path / "victim")
    assert write_sidecars(folder, changes).failures == (("IMG.xmp", "is a link"),)
    assert not (tmp_path / "victim").exists()


def test_nothing_is_written_where_the_previous_versions_cannot_be_kept(
    folder: Path, ranked: Ranked, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Packet().to_bytes()
    (folder / "IMG.xmp").write_bytes(before)
    changes = plan_sidecars(folder, ranked(("pick", ("IMG.CR3",)), ("pick", ("IMG_2.CR3",))), ALL)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OutputError, match="No space left on device; no sidecar was written"):
            write_sidecars(folder, changes)
    assert hashes(folder) == {"IMG.xmp": hashlib.sha256(before).hexdigest()}
    with pytest.raises(OutputError, match="nothing to undo"):
        undo_sidecars(folder)


def test_a_disk_that_fills_up_meanwhile_leaves_whole_sidecars_and_can_be_undone(
    folder: Path, ranked: Ranked, monkeypatch: pytest.MonkeyPatch
) -> None:
    shots = [("pick", (f"IMG_{number}.CR3",)) for number in range(4)]
    changes = plan_sidecars(folder, ranked(*shots), ALL)
    left = iter([None, None, None])  # room for the journal and two sidecars

    def fills_up(_: int) -> None:
        if next(left, "full") == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fills_up)
        done = write_sidecars(folder, changes)
    assert [change.sidecar for change in done.written] == ["IMG_0.xmp", "IMG_1.xmp"]
    assert [sidecar for sidecar, _ in done.failures] == ["IMG_2.xmp", "IMG_3.xmp"]
    assert all("No space left on device" in reason for _, reason in done.failures)
    assert sorted(hashes(folder)) == ["IMG_0.xmp", "IMG_1.xmp"]
    assert undo_sidecars(folder).removed == ("IMG_0.xmp", "IMG_1.xmp")
    assert hashes(folder) == {}


def test_previous_versions_are_not_kept_elsewhere(folder: Path, tmp_path: Path, ranked: Ranked) -> None:
    (folder / ".phototriage-undo").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="leads elsewhere"):
        plan_sidecars(folder, ranked(("pick", ("IMG.CR3",))), ALL)


def test_refused_are_faults_of_files_and_not_what_a_person_said(folder: Path, ranked: Ranked) -> None:
    (folder / "IMG_1.xmp").write_bytes(b"broken")
    (folder / "IMG_2.xmp").write_bytes(Packet().to_bytes())
    (folder / "IMG_2.xmp").chmod(0o444)
    theirs = Packet()
    theirs.set("xmp:Rating", "2")
    (folder / "IMG_3.xmp").write_bytes(theirs.to_bytes())
    shots = [("pick", (f"IMG_{number}.CR3",)) for number in range(1, 4)]
    changes = plan_sidecars(folder, ranked(*shots), SidecarOptions(("stars",)))
    assert {change.action for change in changes} == {"leave alone"}
    told: list[tuple[int, int]] = []
    done = write_sidecars(folder, changes, lambda *each: told.append(each))
    assert [change.sidecar for change in done.refused] == ["IMG_1.xmp", "IMG_2.xmp"]
    assert (done.written, done.failures, done.previous, told) == ((), (), None, [])


Prepare = Callable[[Path, Path], None]


def link_in_its_place(folder: Path, outside: Path) -> None:
    (folder / "day/IMG.xmp").unlink(missing_ok=True)
    (folder / "day/IMG.xmp").symlink_to(outside / "victim")


def folder_that_is_a_link(folder: Path, outside: Path) -> None:
    (folder / "day").rename(folder / "moved")
    (folder / "day").symlink_to(outside)


def another_version(folder: Path, outside: Path) -> None:
    (folder / "day/IMG.xmp").write_bytes(b"somebody was faster")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder whose one file must stay."""
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("victim", "IMG.xmp"):
        (outside / name).write_bytes(b"of another program")
    return outside


def second_writer(
    monkeypatch: pytest.MonkeyPatch, prepare: Prepare, folder: Path, outside: Path, on_write: int
) -> None:
    """Calls `prepare` between the check of a sidecar and its new name: when file `on_write` is flushed."""
    flush = os.fsync
    writes = iter(range(1, 99))

    def flush_and_race(descriptor: int) -> None:
        flush(descriptor)
        if next(writes) == on_write:
            prepare(folder, outside)

    monkeypatch.setattr("os.fsync", flush_and_race)


@pytest.mark.parametrize("prepare", [link_in_its_place, folder_that_is_a_link, another_version])
@pytest.mark.parametrize("existing", [True, False])
def test_a_second_writer_leads_the_writer_nowhere(
    existing: bool,
    prepare: Prepare,
    folder: Path,
    outside: Path,
    ranked: Ranked,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (folder / "day").mkdir()
    if existing:
        (folder / "day/IMG.xmp").write_bytes(Packet().to_bytes())
    changes = plan_sidecars(folder, ranked(("pick", ("day/IMG.CR3",))), ALL)
    with monkeypatch.context() as patch:
        second_writer(patch, prepare, folder, outside, on_write=3 if existing else 2)  # after the journal
        done = write_sidecars(folder, changes)
    assert {path.read_bytes() for path in outside.iterdir()} == {b"of another program"}
    assert sorted(path.name for path in outside.iterdir()) == ["IMG.xmp", "victim"]
    if prepare is not folder_that_is_a_link:
        assert done.failures == (("day/IMG.xmp", "changed since it was looked at"),)
        assert [path.name for path in (folder / "day").iterdir()] == ["IMG.xmp"]
    if prepare is another_version:
        assert (folder / "day/IMG.xmp").read_bytes() == b"somebody was faster"


@pytest.mark.parametrize("prepare", [link_in_its_place, folder_that_is_a_link, another_version])
def test_a_second_writer_leads_undo_nowhere(
    prepare: Prepare, folder: Path, outside: Path, ranked: Ranked, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "day").mkdir()
    (folder / "day/IMG.xmp").write_bytes(Packet().to_bytes())
    write_sidecars(folder, plan_sidecars(folder, ranked(("pick", ("day/IMG.CR3",))), ALL))
    with monkeypatch.context() as patch:
        second_writer(patch, prepare, folder, outside, on_write=1)
        undone = undo_sidecars(folder)
    assert {path.read_bytes() for path in outside.iterdir()} == {b"of another program"}
    if prepare is not folder_that_is_a_link:
        assert undone.failures == (("day/IMG.xmp", "changed since it was looked at"),)


def test_the_journal_is_not_written_through_a_link_put_there_meanwhile(
    folder: Path, outside: Path, ranked: Ranked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap(folder: Path, outside: Path) -> None:
        (folder / ".phototriage-undo").rename(folder / "moved")
        (folder / ".phototriage-undo").symlink_to(outside)

    (folder / "IMG.xmp").write_bytes(Packet().to_bytes())
    changes = plan_sidecars(folder, ranked(("pick", ("IMG.CR3",))), ALL)
    second_writer(monkeypatch, swap, folder, outside, on_write=1)
    with pytest.raises(OutputError, match="lies in a linked folder; no sidecar was written"):
        write_sidecars(folder, changes)
    assert sorted(path.name for path in outside.iterdir()) == ["IMG.xmp", "victim"]
    assert (folder / "IMG.xmp").read_bytes() == Packet().to_bytes()


@pytest.mark.parametrize("existing", [True, False])
def test_without_folder_descriptors_links_are_refused_as_well(
    existing: bool, folder: Path, outside: Path, ranked: Ranked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phototriage.outputs.directory._HAS_DESCRIPTORS", False)
    for name in ("day", "linked"):
        (folder / name).mkdir()
        if existing:
            (folder / name / "IMG.xmp").write_bytes(Packet().to_bytes())
    series = ranked(("pick", ("day/IMG.CR3",)), ("pick", ("linked/IMG.CR3",)))
    changes = plan_sidecars(folder, series, ALL)
    (folder / "linked").rename(folder / "moved")
    (folder / "linked").symlink_to(outside)
    done = write_sidecars(folder, changes)
    assert [change.sidecar for change in done.written] == ["day/IMG.xmp"]
    assert done.failures == (("linked/IMG.xmp", "lies in a linked folder"),)
    assert {path.read_bytes() for path in outside.iterdir()} == {b"of another program"}
    assert undo_sidecars(folder).failures == ()
    assert (folder / "day/IMG.xmp").exists() == existing


def test_a_disk_without_hard_links_gets_new_sidecars(
    folder: Path, ranked: Ranked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr("os.link", refuse)
    done = write_sidecars(folder, plan_sidecars(folder, ranked(("pick", ("IMG.CR3",))), ALL))
    assert (len(done.written), done.failures) == (1, ())
    assert Packet((folder / "IMG.xmp").read_bytes()).get("xmp:Rating") == "5"


def test_what_killed_runs_left_is_swept_and_nothing_else(
    folder: Path, tmp_path: Path, ranked: Ranked
) -> None:
    (tmp_path / "victim").touch()
    for name in (".writing-old", ".writing-now", "writing-old", ".writing-folder/photo.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / ".writing-link").symlink_to(tmp_path / "victim")
    for path in (*folder.iterdir(), tmp_path / "victim"):
        if path.name != ".writing-now":
            os.utime(path, (0, 0))
    write_sidecars(folder, plan_sidecars(folder, ranked(("pick", ("IMG.CR3",))), ALL))
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith((".w", "w"))) == [
        ".writing-folder",
        ".writing-link",
        ".writing-now",
        "writing-old",
    ]
    assert (tmp_path / "victim").exists()
