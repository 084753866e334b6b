"""Files in a sub-folder, read and written without following a link below a given root."""

import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any

from phototriage.atomic_write import TEMPORARY
from phototriage.errors import OutputError

__all__ = ["Directory", "open_directory"]

_OLD = 3600.0  # seconds: a file is written in far less
# Windows has neither: there, paths are checked before each use.
_HAS_DESCRIPTORS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # for pipes


@contextmanager
def open_directory(root: Path, below: PurePosixPath, *, create: bool = False) -> Iterator["Directory"]:
    """Opens a sub-folder of `root` for the block, and keeps hold of it even if it is moved meanwhile.

    create: make missing folders. Raises OutputError, with only the reason, if a part of `below` is a link,
    and OSError if the folder does not exist or cannot be read.
    """
    if create:
        root.mkdir(parents=True, exist_ok=True)
    directory = Directory(root, os.open(root, _FOLDER_FLAGS) if _HAS_DESCRIPTORS else None)
    try:
        for part in below.parts:
            inner = directory.sub_folder(part, create=create)
            directory.close()
            directory = inner
        yield directory
    finally:
        directory.close()


class Directory:
    """An open folder. Methods take names in it, and raise OSError."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self.descriptor = descriptor

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)

    def sub_folder(self, name: str, *, create: bool) -> "Directory":
        """Opens a folder in this one. Raises OutputError if it is a link."""
        place, at = self._at(name)
        if create:
            with suppress(FileExistsError):
                self.make_folder(name)
        status = self.status(name)
        # Windows has junctions besides links.
        if status and (stat.S_ISLNK(status.st_mode) or bool(getattr(status, "st_reparse_tag", False))):
            raise OutputError("lies in a linked folder")
        if self.descriptor is not None:
            return Directory(self.path / name, os.open(place, _FOLDER_FLAGS | _NO_LINK, **at))
        if not status or not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(20, "Not a directory")
        return Directory(self.path / name, None)

    def make_folder(self, name: str) -> None:
        """Creates a folder that does not exist yet."""
        place, at = self._at(name)
        os.mkdir(place, **at)  # noqa: PTH102 - Path has no descriptors

    def is_writable(self) -> bool:
        """Whether files can be created here."""
        place, at = self._at(".")
        return os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids, **at)

    def status(self, name: str) -> os.stat_result | None:
        """The status of a file, or of the link that it is; None if it does not exist."""
        place, at = self._at(name)
        try:
            return os.stat(place, follow_symlinks=False, **at)  # noqa: PTH116
        except FileNotFoundError:
            return None

    def read(self, name: str, most: int, *, follow: bool = False) -> bytes:
        """The content of a regular file of at most `most` bytes; other files raise OSError.

        follow: whether a link may lead to it.
        """
        place, at = self._at(name)
        flags = os.O_RDONLY | _FILE_FLAGS | _NO_WAIT | (0 if follow else _NO_LINK)
        with open(os.open(place, flags, **at), "rb") as file:  # noqa: PTH123 - a descriptor
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise OSError(22, "it is no file")
            if status.st_size > most:
                raise OSError(27, f"it is larger than {most >> 20} MiB")
            return file.read(most)

    @contextmanager
    def writing(
        self, name: str, *, replacing: os.stat_result | None = None, mode: int | None = None
    ) -> Iterator[IO[bytes]]:
        """Opens a new binary file that is flushed to disk and gets its name when the block ends.

        replacing: the status of the file that it replaces; without one, no file may be there. A file that
        another program put there meanwhile stays, and raises FileExistsError. mode: permissions; None gives
        those of any new file.
        """
        temporary = TEMPORARY + secrets.token_hex(6)
        place, at = self._at(temporary)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE_FLAGS | _NO_LINK
        descriptor = os.open(place, flags, 0o666 if mode is None else mode & 0o777, **at)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                yield file
                file.flush()
                os.fsync(descriptor)
                if mode is not None and hasattr(os, "fchmod"):
                    os.fchmod(descriptor, mode & 0o777)
            self._publish(temporary, name, replacing)
        except BaseException:
            with suppress(OSError):
                self.unlink(temporary)
            raise

    def link(self, source: Path, name: str) -> None:
        """Gives `source` a second name here, as a hard link."""
        place, at = self._at(name)
        os.link(source, place, **({"dst_dir_fd": at["dir_fd"]} if at else {}))

    def symlink(self, source: Path, name: str) -> None:
        """Creates a symbolic link to `source`."""
        place, at = self._at(name)
        os.symlink(source, place, **at)  # noqa: PTH211

    def set_times(self, name: str, status: os.stat_result) -> None:
        """Gives a file the times of another; a disk that cannot hold them keeps its own."""
        place, at = self._at(name)
        with suppress(OSError):
            os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns), **at)

    def unlink(self, name: str) -> None:
        """Removes a file, or the link that it is."""
        place, at = self._at(name)
        os.unlink(place, **at)

    def sweep(self) -> None:
        """Removes temporary files of killed runs: regular files that nobody has written to for an hour."""
        with suppress(OSError):
            for name in os.listdir(self.path if self.descriptor is None else self.descriptor):  # noqa: PTH208
                if name.startswith(TEMPORARY):
                    status = self.status(name)
                    if status and stat.S_ISREG(status.st_mode) and time.time() - status.st_mtime > _OLD:
                        self.unlink(name)

    def _publish(self, temporary: str, name: str, replacing: os.stat_result | None) -> None:
        (source, _), (target, _) = self._at(temporary), self._at(name)
        at: dict[str, Any] = {}
        if self.descriptor is not None:
            at = {"src_dir_fd": self.descriptor, "dst_dir_fd": self.descriptor}
        if replacing is None:
            try:
                os.link(source, target, **at)
            except FileExistsError:
                raise
            except OSError:  # a disk without hard links
                pass
            else:
                self.unlink(temporary)
                return
        now = self.status(name)
        if _identity(now) != _identity(replacing):
            raise FileExistsError(17, "changed since it was looked at")
        os.replace(source, target, **at)  # noqa: PTH105

    def _at(self, name: str) -> tuple[str, dict[str, Any]]:
        if self.descriptor is None:
            return str(self.path / name), {}
        return name, {"dir_fd": self.descriptor}


def _identity(status: os.stat_result | None) -> tuple[int, ...]:
    return () if status is None else (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns)
