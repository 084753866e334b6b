import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

from phototriage.atomic_write import atomic_write, check_writable, sweep
from phototriage.errors import OutputError


def test_the_file_appears_whole_with_missing_folders(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    with atomic_write(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


def test_what_was_there_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def interrupted() -> None:
        with atomic_write(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_as_readable_as_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with atomic_write(tmp_path / "written"):
        pass
    assert os.stat(tmp_path / "written").st_mode == os.stat(tmp_path / "plain").st_mode  # noqa: PTH116


def test_an_unwritable_place_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(OutputError, match=r"^cannot write .*file/inside: "),
        atomic_write(tmp_path / "file" / "inside"),
    ):
        pass


def test_what_cannot_be_written_is_known_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    for path, why in (
        (tmp_path / "file" / "inside", "Not a directory"),
        (tmp_path / "file" / "further" / "inside", "Not a directory"),
        (tmp_path, "Is a directory"),
        (tmp_path / ("long" * 100), "File name too long"),
    ):
        with pytest.raises(OutputError) as beforehand:
            check_writable(path)
        assert str(beforehand.value) == f"cannot write {path}: {why}"
        with pytest.raises(OutputError, match=r"^cannot write "), atomic_write(path):
            pass
    for path in (tmp_path / "file", tmp_path / "new" / "folder" / "file", Path("/dev/null")):
        check_writable(path)
    assert sorted(tmp_path.iterdir()) == [tmp_path / "file", tmp_path / "loop"]


def test_what_stands_there_is_replaced_whether_it_may_be_written_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: path == tmp_path)
    check_writable(tmp_path / "file")
    monkeypatch.setattr(os, "access", lambda path, mode: path == tmp_path / "file")
    with pytest.raises(OutputError, match=r": Permission denied$"):
        check_writable(tmp_path / "file")


def test_a_link_in_a_circle_is_no_place(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OutputError, match=r"loop: Too many levels of symbolic links$"):
        check_writable(tmp_path / "loop")


def test_a_place_without_permission_is_known_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    for path in (tmp_path / "file", tmp_path / "new" / "file"):
        with pytest.raises(OutputError, match=r": Permission denied$"):
            check_writable(path)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with atomic_write(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as threads:
        read = threads.submit(pipe.read_bytes)
        with atomic_write(pipe) as file:
            file.write(b"through")
        assert read.result(timeout=10) == b"through"
    assert pipe.is_fifo()


def test_only_what_dead_or_forgotten_writers_left_is_swept(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a"):
        (name,) = (path.name for path in tmp_path.iterdir())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    machine = name.split("-")[1]
    dead, alive = f".writing-{machine}-{ended.pid}-x", f".writing-{machine}-{os.getpid()}-x"
    elsewhere, old = f".writing-0{machine}-{ended.pid}-x", ".writing-old"
    for each in (dead, alive, elsewhere, old):
        (tmp_path / each).touch()
    os.utime(tmp_path / old, (0, 0))
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {alive, elsewhere, "a"}


def test_the_file_is_closed_before_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    streams: list[IO[bytes]] = []
    replace = Path.replace

    def replace_as_smb(path: Path, target: Path) -> Path:
        assert all(each.closed for each in streams)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replace_as_smb)
    with atomic_write(tmp_path / "file") as stream:
        streams.append(stream)
        stream.write(b"all")
    assert (tmp_path / "file").read_bytes() == b"all"
