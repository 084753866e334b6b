"""Files that appear whole or not at all."""

import errno
import os
import shutil
import socket
import stat
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from phototriage.errors import OutputError

__all__ = ["TEMPORARY", "atomic_write", "check_writable", "leftovers", "sweep"]

TEMPORARY = ".writing-"
"""What the names of temporary files begin with."""
_SECONDS_OF_A_WRITE = 3600.0
"""A temporary file older than this belongs to nobody."""


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Opens a new binary file that is flushed to disk and replaces `path` when the block ends.

    If the block raises or the process is killed, the old file at `path` stays unchanged. Missing folders are
    created. Links are followed. A path that is not a regular file (a pipe, a device) is written to, not
    replaced. Raises OutputError, in one line, if the file cannot be written.
    """
    try:
        target = path.resolve()
        if target.exists() and not (stat.S_ISREG(target.stat().st_mode) or target.is_dir()):
            with path.open("wb") as stream:
                yield stream
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=_own_prefix(), delete=False) as file:
            try:
                yield file.file
                file.flush()
                os.fsync(file.fileno())
                file.close()  # some network drives rename no open file
                # Temporary files are private by default; a result must be as readable as any new file.
                Path(file.name).chmod(0o666 & ~_umask())
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def check_writable(path: Path) -> None:
    """Rejects a path that `atomic_write` could not write to, before the work that produces the result.

    Nothing is written, so a full disk, or a folder with restrictions beyond permissions, shows only later.
    Raises OutputError, with the same text as `atomic_write`.
    """
    try:
        target = path.resolve()
        if target.is_dir():
            found = errno.EISDIR
        elif target.exists() and not target.is_file():
            found = 0 if os.access(target, os.W_OK) else errno.EACCES
        else:
            place = next(folder for folder in target.parents if folder.exists())
            if not place.is_dir():
                found = errno.ENOTDIR
            else:
                found = 0 if os.access(place, os.W_OK | os.X_OK) else errno.EACCES
    except RuntimeError:  # of pathlib before Python 3.13
        found = errno.ELOOP
    except OSError as error:
        found = error.errno or errno.EIO
    if found:
        raise OutputError(f"cannot write {path}: {os.strerror(found)}")


def leftovers(folder: Path) -> list[Path]:
    """The temporary files in `folder` of processes that were killed, not what may still be in the making.

    Their process was one of this machine and has ended, or they are older than an hour.
    """
    found = []
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(TEMPORARY):
                with suppress(FileNotFoundError):  # its process has ended meanwhile
                    age = time.time() - path.lstat().st_mtime
                    if age > _SECONDS_OF_A_WRITE or _owner_is_dead(path.name):
                        found.append(path)
    return sorted(found)


def sweep(folder: Path) -> None:
    """Removes the `leftovers` in a folder, as far as that is allowed."""
    for path in leftovers(folder):
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _own_prefix() -> str:
    return f"{TEMPORARY}{_machine()}-{os.getpid()}-"


def _machine() -> str:
    """This machine, short: a process of another one may write into the same folder on the network."""
    return f"{zlib.crc32(socket.gethostname().encode('utf-8', 'surrogateescape')):08x}"


def _owner_is_dead(name: str) -> bool:
    machine, _, rest = name.removeprefix(TEMPORARY).partition("-")
    process = rest.partition("-")[0]
    # Elsewhere than on POSIX, to ask a process is to end it.
    if machine != _machine() or not process.isdecimal() or os.name != "posix":
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # another user's, or none at all
        return False
    return False


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
