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
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".writing-", delete=False) as file:
            try:
                yield file.file
                file.flush()
                os.fsync(file.fileno())
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
