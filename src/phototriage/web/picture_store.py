"""Rendered pictures on disk, within bounds."""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Literal

from phototriage.atomic_write import atomic_write
from phototriage.errors import OutputError

__all__ = ["Kind", "PictureStore"]

Kind = Literal["thumbnail", "preview", "large", "full"]

_PER_EVICTION = 0.9  # of the most bytes: what is left after the oldest were removed


class PictureStore:
    """Pictures by the content of their photo: <folder>/<kind>/<2 digits>/<content hash>.

    Args:
        most_bytes: of all pictures together; those that were asked for longest ago go first.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # nobody else's to look at
        self._most = most_bytes
        self._lock = threading.Lock()
        self._bytes: int | None = None

    def has(self, kind: Kind, content_hash: str) -> bool:
        """Whether there is such a picture."""
        return self._path(kind, content_hash).exists()

    def get(self, kind: Kind, content_hash: str) -> bytes | None:
        """The bytes of a picture file; None if there is none."""
        path = self._path(kind, content_hash)
        try:
            picture = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return picture

    def keep(self, kind: Kind, content_hash: str, picture: bytes) -> None:
        """Keeps a picture if the folder can be written; otherwise it is rendered again next time."""
        with suppress(OutputError), atomic_write(self._path(kind, content_hash)) as file:
            file.write(picture)
        with self._lock:
            if self._bytes is None:
                self._bytes = sum(size for _, size, _ in self._listed())
            else:
                self._bytes += len(picture)
            if self._bytes > self._most:
                self._evict()

    def _evict(self) -> None:
        files = self._listed()
        left = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if left <= _PER_EVICTION * self._most:
                break
            with suppress(OSError):
                path.unlink()
                left -= size
        self._bytes = left

    def _listed(self) -> list[tuple[int, int, Path]]:
        """Of every picture the time of its last use, its size and its path."""
        found = []
        for path in self._folder.glob("*/*/*"):
            with suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_size, path))
        return found

    def _path(self, kind: Kind, content_hash: str) -> Path:
        return self._folder / kind / content_hash[:2] / content_hash
