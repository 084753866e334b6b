"""Sidecars on disk: read only if they may also be written, and written as a whole."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from phototriage.atomic_write import atomic_write
from phototriage.errors import OutputError

__all__ = ["SidecarFile", "digest", "has_folder", "read_sidecar", "write_sidecar"]

_MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class SidecarFile:
    """An existing sidecar. mode: its permissions."""

    data: bytes
    mode: int


def digest(data: bytes | None) -> str:
    """SHA-256 in hex; empty for a file that does not exist."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def has_folder(folder: Path, sidecar: str) -> bool:
    """Whether the sub-folder of a sidecar exists. Raises OutputError if that cannot be determined."""
    try:
        return stat.S_ISDIR((folder / sidecar).parent.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise OutputError(f"its folder cannot be read ({error.strerror})") from error


def read_sidecar(folder: Path, sidecar: str) -> SidecarFile | None:
    """Reads a sidecar that may be changed; returns None if it does not exist but may be created.

    Neither a linked sidecar nor a link out of the folder is followed, so that no file outside the folder
    changes. Raises OutputError, with only the reason, if the sidecar must not be touched.
    """
    path = folder / sidecar
    try:
        if not path.parent.resolve().is_relative_to(folder.resolve()):
            raise OutputError("lies in a linked folder")
        if not has_folder(folder, sidecar):
            raise OutputError("its folder is gone")
        if not os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise OutputError("its folder is read-only")
        try:
            status = path.lstat()
        except FileNotFoundError:
            return None
        if stat.S_ISLNK(status.st_mode):
            raise OutputError("is a link")
        if not stat.S_ISREG(status.st_mode):
            raise OutputError("is no file")
        if not status.st_mode & 0o222:
            raise OutputError("is read-only")
        if status.st_size > _MAX_BYTES:
            raise OutputError(f"is larger than {_MAX_BYTES >> 20} MiB")
        return SidecarFile(path.read_bytes(), stat.S_IMODE(status.st_mode))
    except OSError as error:
        raise OutputError(f"cannot be read ({error.strerror})") from error


def write_sidecar(folder: Path, sidecar: str, data: bytes | None, mode: int | None) -> None:
    """Replaces the sidecar by `data`, whole or not at all; None removes it. Raises OutputError.

    mode: its permissions; None gives the default permissions of a new file.
    """
    path = folder / sidecar
    try:
        if data is None:
            path.unlink()
            return
        with atomic_write(path) as file:
            file.write(data)
        if mode is not None:
            path.chmod(mode)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
