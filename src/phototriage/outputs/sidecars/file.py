"""Sidecars on disk: read even if they must not be written, and written as a whole."""

import hashlib
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from phototriage.errors import OutputError
from phototriage.outputs.directory import Directory, open_directory

__all__ = ["SidecarFile", "digest", "has_folder", "read_sidecar", "sweep_temporary_files", "write_sidecar"]

_MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class SidecarFile:
    """A sidecar on disk. data: None if it does not exist, or cannot be read. mode: its permissions.

    refusal: why it must not be written or created; empty otherwise.
    """

    data: bytes | None = None
    mode: int | None = None
    refusal: str = ""


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


def read_sidecar(folder: Path, sidecar: str) -> SidecarFile:
    """Reads a sidecar; what a person said in one that must not be changed counts as well.

    A sidecar that is a link, or in a linked folder, is never written, so that no file outside the folder
    changes.
    """
    path = PurePosixPath(sidecar)
    try:
        with open_directory(folder, path.parent) as directory:
            return _read(directory, path.name)
    except OutputError as error:
        return SidecarFile(refusal=str(error))
    except (FileNotFoundError, NotADirectoryError):
        return SidecarFile(refusal="its folder is gone")
    except OSError as error:
        return SidecarFile(refusal=f"cannot be read ({error.strerror})")


def write_sidecar(folder: Path, sidecar: str, before: str, data: bytes | None, mode: int | None) -> None:
    """Replaces the sidecar by `data`, whole or not at all; None removes it.

    before: the digest of its content so far. mode: its permissions; None gives those of any new file.
    Raises OutputError, with only the reason, if it is another file by now, must not be written, or cannot.
    """
    path = PurePosixPath(sidecar)
    try:
        with open_directory(folder, path.parent) as directory:
            status = directory.status(path.name)
            file = _read(directory, path.name)
            if file.refusal:
                raise OutputError(file.refusal)
            if digest(file.data) != before:
                raise OutputError("changed since it was looked at")
            if data is None:
                directory.unlink(path.name)
                return
            with directory.writing(path.name, replacing=status, mode=mode) as new:
                new.write(data)
    except FileExistsError as error:
        raise OutputError("changed since it was looked at") from error
    except OSError as error:
        raise OutputError(f"cannot be written ({error.strerror})") from error


def sweep_temporary_files(folder: Path, sidecars: Iterable[str]) -> None:
    """Removes the temporary files that killed runs left beside these sidecars."""
    for parent in {PurePosixPath(sidecar).parent for sidecar in sidecars}:
        with suppress(OSError, OutputError), open_directory(folder, parent) as directory:
            directory.sweep()


def _read(directory: Directory, name: str) -> SidecarFile:
    """Raises OSError."""
    status = directory.status(name)
    refusal = "" if directory.is_writable() else "its folder is read-only"
    if status is None:
        return SidecarFile(refusal=refusal)
    is_link = stat.S_ISLNK(status.st_mode)
    if is_link:
        refusal = "is a link"
    elif not stat.S_ISREG(status.st_mode):
        return SidecarFile(refusal="is no file")
    elif not status.st_mode & 0o222:
        refusal = "is read-only"
    if status.st_size > _MAX_BYTES:
        return SidecarFile(refusal=f"is larger than {_MAX_BYTES >> 20} MiB")
    try:
        data = directory.read(name, _MAX_BYTES, follow=is_link)
    except OSError as error:
        return SidecarFile(refusal=refusal or f"cannot be read ({error.strerror})")
    return SidecarFile(data, stat.S_IMODE(status.st_mode), refusal)
