"""Which content a file had when it was last read, so that an unchanged file need not be read again."""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from phototriage.errors import OutputError

__all__ = ["PhotoIndex"]


class PhotoIndex:
    """Remembers (path, size, modification time) → content hash in <cache_dir>/index.sqlite.

    SQLite, because several processes may read and write at once and a killed one leaves it whole.
    Raises OutputError where the file cannot be made or is not an index.
    """

    def __init__(self, cache_dir: Path) -> None:
        self.path = cache_dir / "index.sqlite"
        try:
            cache_dir.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self.path, timeout=60)
            self._database.execute("PRAGMA journal_mode = WAL")
            # Paths are bytes: a file name need not be valid text.
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS files"
                " (path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, content_hash TEXT) WITHOUT ROWID"
            )
        except (OSError, sqlite3.Error) as error:
            raise OutputError(
                f"cannot use the index {self.path}: {error}; choose another place with --cache_dir"
            ) from error

    def __enter__(self) -> "PhotoIndex":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def content_hash(self, path: Path, status: os.stat_result) -> str | None:
        """What the file held when it was remembered with this very size and time; else None."""
        row = self._database.execute(
            "SELECT content_hash FROM files WHERE path = ? AND size = ? AND mtime_ns = ?",
            (_key(path), status.st_size, status.st_mtime_ns),
        ).fetchone()
        return str(row[0]) if row else None

    def remember(self, files: Iterable[tuple[Path, os.stat_result, str]]) -> None:
        """Keeps (path, the status taken before reading, content hash) of many files at once."""
        rows = [(_key(path), status.st_size, status.st_mtime_ns, digest) for path, status, digest in files]
        try:
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise OutputError(
                f"cannot write the index {self.path}: {error}; choose another place with --cache_dir"
            ) from error


def _key(path: Path) -> bytes:
    return os.fsencode(path.absolute())
