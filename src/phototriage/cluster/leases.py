"""Who is at which unit of work, on a folder that machines share.

The folder of a job holds two kinds of files, and each has one writer:

    <unit>.sqlite    the record of a unit: it is done
    <unit>.N.lease   a machine is at the unit; N counts the machines that were

A machine takes a unit by creating its lease, which only one can. While it works, it writes a new number into
the lease every few seconds. A lease that another machine sees unchanged for a while, by its own clock, is
void, and creating the next N takes the unit over. So neither locks nor equal clocks are needed. If a machine
that was given up works on, both do the unit, so doing it twice must do no harm.
"""

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from phototriage.errors import OutputError

__all__ = ["Leases", "record"]

_RENEWALS_PER_LEASE = 9
_LEASE = re.compile(r"(?P<unit>.+)\.(?P<number>\d+)\.lease")


def record(job: Path, unit: str) -> Path:
    """The file that says that a unit of a job is done."""
    return job / f"{unit}.sqlite"


class Leases:
    """The leases of this machine, and what it saw of those of others.

    Args:
        job: the folder of a job, made if need be.
        seconds: how long a machine may be silent before another takes over its unit.
    """

    def __init__(self, job: Path, seconds: float) -> None:
        self._job, self._seconds, self._owner = job, seconds, uuid4().hex
        self._seen: dict[Path, tuple[bytes, float]] = {}

    @property
    def seconds_per_look(self) -> float:
        """How often a machine writes into a lease, and looks at those of others."""
        return self._seconds / _RENEWALS_PER_LEASE

    def look(self) -> tuple[set[str], dict[str, int]]:
        """The units that are done, and the latest lease of each of the others; in one listing."""
        try:
            self._job.mkdir(parents=True, exist_ok=True)
            there = os.listdir(self._job)  # noqa: PTH208
        except OSError as error:
            raise OutputError(f"cannot use {self._job}: {error.strerror}") from error
        taken: dict[str, int] = {}
        for each in filter(None, map(_LEASE.fullmatch, there)):
            taken[each["unit"]] = max(taken.get(each["unit"], 0), int(each["number"]))
        return {name.removesuffix(".sqlite") for name in there if name.endswith(".sqlite")}, taken

    @contextmanager
    def lease(self, unit: str, latest: int) -> Iterator[bool]:
        """Takes a unit, of which `latest` is the latest lease, or 0; False where it is not to be had."""
        if latest and not self._is_void(self._path(unit, latest)):
            yield False
            return
        path = self._path(unit, latest + 1)
        if not self._created(path):
            yield False
            return
        ended = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(path, ended), daemon=True)
        renewing.start()
        try:
            yield not record(self._job, unit).exists()  # it may have been done since the listing
        finally:
            ended.set()
            renewing.join()
            for number in range(1, latest + 2):
                with suppress(OSError):  # what stays becomes void
                    self._path(unit, number).unlink()

    def _created(self, path: Path) -> bool:
        """Whether this machine created a file, and no other one did. Raises OutputError where none can."""
        try:
            self._create(path)
        except FileExistsError:
            return False
        except OSError as lost:
            # Some network file systems have another error for a file that is there, or was a moment ago
            # (EPERM of sshfs). Where a name that nobody else uses can be created, it was that.
            own = self._job / f"{self._owner}.test"
            try:
                self._create(own)
                own.unlink()
            except OSError as error:
                raise OutputError(f"cannot write {path}: {error.strerror}") from lost
            return False
        return True

    def _create(self, path: Path) -> None:
        file = path.open("xb")
        try:
            with file:
                file.write(f"{self._owner} 0".encode())
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def _path(self, unit: str, number: int) -> Path:
        return self._job / f"{unit}.{number}.lease"

    def _renew(self, path: Path, ended: threading.Event) -> None:
        number = 0
        while not ended.wait(self.seconds_per_look):
            number += 1
            with suppress(OSError), path.open("r+b") as file:  # where it cannot be written, it becomes void
                file.write(f"{self._owner} {number}".encode())

    def _is_void(self, path: Path) -> bool:
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # it ended
            return False
        except OSError:
            content = b""  # another user's: its renewals are not seen, so it is waited for once
        now = time.monotonic()
        before, since = self._seen.get(path, (None, now))
        if content != before:
            self._seen[path] = content, now
            return False
        return now > since + self._seconds
