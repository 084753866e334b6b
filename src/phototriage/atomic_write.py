"""Files that appear whole or not at all."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from phototriage.errors import OutputError

__all__ = ["atomic_write", "check_writable"]


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Opens a new binary file that takes the place of `path` when the block ends, flushed to disk.

    When the block raises, or the process is killed, what stood at `path` stays as it was. Missing folders
    are made. A link is followed; what is no regular file (a pipe, a device) is written to, not replaced.
    Raises OutputError, in one line, where the file cannot be written.
    """
    try:
        target = path.resolve()
        if target.exists() and not (stat.S_ISREG(target.stat().st_mode) or target.is_dir()):
            with path.open("wb") as stream:
                yield stream
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".writing-", delete=False) as file:
            try:
                yield file.file
                file.flush()
                os.fsync(file.fileno())
                # Temporary files are made private; a result is as readable as any other new file.
                Path(file.name).chmod(0o666 & ~_umask())
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def check_writable(path: Path) -> None:
    """Refuses what `atomic_write` could not write to, before the work whose result is to go there.

    Nothing is written: a full disk, or a folder that only the system itself keeps closed, shows later.
    Raises OutputError, in the words of `atomic_write`.
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
