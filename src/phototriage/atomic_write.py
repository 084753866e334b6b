"""Files that appear whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from phototriage.errors import OutputError

__all__ = ["atomic_write"]


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Opens a new binary file that takes the place of `path` when the block ends, flushed to disk.

    When the block raises, or the process is killed, what stood at `path` stays as it was. Missing folders
    are made. Raises OutputError, in one line, where the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".writing-", delete=False) as file:
            try:
                yield file  # type: ignore[misc]  # the wrapper has every method of a BinaryIO
                file.flush()
                os.fsync(file.fileno())
                # Temporary files are made private; a result is as readable as any other new file.
                Path(file.name).chmod(0o666 & ~_umask())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
