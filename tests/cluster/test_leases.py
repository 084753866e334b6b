import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest

from phototriage.cluster.leases import Leases
from phototriage.errors import OutputError


def test_a_lease_that_is_renewed_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    ours, theirs = (Leases(tmp_path, 60.0) for _ in range(2))
    with theirs.lease("unit", 0) as taken:
        assert taken
        path = tmp_path / "unit.1.lease"

        def tried() -> bool:
            with ours.lease("unit", ours.look()[1]["unit"]) as mine:
                return mine

        assert not tried()
        clock[0] = 61.0
        path.write_text("renewed")
        assert not tried()
        clock[0] = 120.0
        assert not tried()
        clock[0] = 122.0
        with ours.lease("unit", 1) as mine:
            assert mine
            # A third machine that saw the same silence comes too late.
            with theirs.lease("unit", 1) as late:
                assert not late
    assert not list(tmp_path.glob("*.lease"))


def test_clocks_that_differ_decide_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def no_clock() -> float:
        raise AssertionError("a time of day is asked for")

    monkeypatch.setattr(time, "time", no_clock)
    ours, theirs = (Leases(tmp_path, 60.0) for _ in range(2))
    ahead = 10_000.0
    clock[0] = ahead
    with theirs.lease("unit", 0) as taken:
        assert taken
        path = tmp_path / "unit.1.lease"

        def tried(at: float, written: float) -> bool:
            """At a time by our clock, and with a file that its server dates as it likes."""
            clock[0] = at
            os.utime(path, (written, written))
            with ours.lease("unit", 1) as mine:
                return mine

        assert [tried(0.0, 4e9), tried(59.0, 0.0), tried(60.0, 4e9)] == [False] * 3
        path.write_text("renewed at what is 10,060 by theirs")
        assert [tried(61.0, 0.0), tried(121.0, 4e9), tried(121.5, 0.0)] == [False, False, True]


@pytest.mark.parametrize("lost", [errno.EPERM, errno.ENOENT, errno.EACCES, errno.EEXIST])
def test_a_unit_that_is_lost_with_another_error_than_that_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    leases = Leases(tmp_path, 60.0)
    opened = Path.open

    def open_as_sshfs(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "unit.1.lease":
            raise OSError(lost, os.strerror(lost))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", open_as_sshfs)
    with leases.lease("unit", 0) as mine:
        assert not mine
    with leases.lease("other", 0) as mine:
        assert mine
    assert not list(tmp_path.iterdir())


def test_a_folder_where_nothing_can_be_created_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path, *arguments: Any, **options: Any) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", denied)
    with (
        pytest.raises(OutputError, match=r"cannot write .*unit\.1\.lease: Permission denied"),
        Leases(tmp_path, 60.0).lease("unit", 0),
    ):
        pass


def test_a_lease_that_cannot_be_removed_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(path: Path, *arguments: Any, **options: Any) -> Any:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(Path, "unlink", busy)
    with Leases(tmp_path, 60.0).lease("unit", 0) as mine:
        assert mine
    assert [path.name for path in tmp_path.iterdir()] == ["unit.1.lease"]


def test_a_lease_that_cannot_be_read_is_waited_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def denied(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "read_bytes", denied)
    (tmp_path / "unit.1.lease").touch()
    leases = Leases(tmp_path, 60.0)

    def tried(at: float) -> bool:
        clock[0] = at
        with leases.lease("unit", 1) as mine:
            return mine

    assert [tried(0.0), tried(60.0), tried(61.0)] == [False, False, True]
