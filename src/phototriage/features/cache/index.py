"""What was found in a file when it was last read, so that an unchanged file need not be read again."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from sys import intern
from types import TracebackType
from typing import TypeVar

import cv2

from phototriage.errors import FeatureError, OutputError
from phototriage.features.cache.index_database import index_files, newest, next_file, opened
from phototriage.features.cache.part import listed
from phototriage.photos import DECODING_VERSION, Capture

__all__ = ["Content", "PhotoIndex", "known_photos", "read_shard"]

_LOOK_UP = "SELECT content_hash FROM files WHERE path = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ?"
_LOOK_ALONG = "SELECT path, size, mtime_ns, ctime_ns, content_hash FROM files WHERE path BETWEEN ? AND ?"
_LOOK_INTO = (
    "SELECT content_hash, capture, fault, CASE WHEN fault IS NOT NULL THEN reader END FROM contents "
    "WHERE content_hash IN ({})"
)
_REMEMBER = (
    "INSERT OR REPLACE INTO files (path, size, mtime_ns, ctime_ns, content_hash) VALUES (?, ?, ?, ?, ?)"
)
_FILES = "SELECT path, size, mtime_ns, ctime_ns, content_hash FROM files"
_CONTENTS = "INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?)"
_PATHS = "SELECT path, content_hash FROM files WHERE typeof(path) = 'blob' ORDER BY path"
_TAKEN_IN = "CREATE TABLE IF NOT EXISTS taken_in (path BLOB PRIMARY KEY) WITHOUT ROWID"
_MANY = 1000
"""Of so many files, all rows of the index between the first and the last are read."""
_AT_ONCE = 500  # hashes in one question: half the time of one by one
_FileRow = tuple[bytes, int, int, int, str]
_ContentRow = tuple[str, str, str | None, str]
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Content:
    """What a file's bytes say beside the features.

    fault: why they are no usable photo; None where they are.
    """

    capture: Capture
    fault: str | None


class PhotoIndex:
    """Remembers (path, size, times) → content hash → `Content` in <cache_dir>/index.sqlite.

    The times are that of modification, which a program may set as it likes, and that of the last change of
    anything, which it may not: a photo edited by `exiftool -P` has kept its size and the first of them. Where
    only the second is another, as after chmod, the file is read once more and what was measured is kept.

    SQLite, because several processes may read and write at once and a killed one leaves it whole.

    A damaged index stays where it is and a fresh one, `index-2.sqlite` and so on, takes its place: to rename
    or delete a database that another process has open may damage the next one too
    (https://sqlite.org/howtocorrupt.html). What is lost is only that photos are read once more.

    On a network file system, no two machines may write to one SQLite file. Machines that share a cache folder
    write indexes of their own, `shards/*/*.sqlite`, and whoever opens the index takes each of them in once.

    Args:
        cache_dir: where it is; made if need be.
        on_note: called with one line where a damaged index was replaced, or one of a shard is left out.

    Every method raises OutputError where the index cannot be read or written, FeatureError where its folder
    cannot be listed or a newer version of phototriage wrote it.
    """

    def __init__(self, cache_dir: Path, on_note: Callable[[str], None] = lambda note: None) -> None:
        self._on_note = on_note
        self.path = newest(cache_dir)
        self._database: sqlite3.Connection | None = None
        try:
            cache_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from error
        self._use(lambda database: None)
        self._take_in([path for job in listed(cache_dir / "shards", "*") for path in listed(job, "*.sqlite")])

    def __enter__(self) -> "PhotoIndex":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def content_hashes(self, files: Iterable[tuple[str | Path, os.stat_result]]) -> list[str | None]:
        """What each file held when it was remembered with this very size and times; None where it was not."""
        wanted = [(_key(path), *_state(status)) for path, status in files]

        def read(database: sqlite3.Connection) -> list[str | None]:
            with database:
                database.execute("BEGIN")  # locked once for all of them: three times as fast
                if len(wanted) < _MANY:
                    rows = [database.execute(_LOOK_UP, each).fetchone() for each in wanted]
                    return [row[0] if row and _is_content_hash(row[0]) else None for row in rows]
                # In order, each stretch of the index at once: a question for each file takes longer.
                found: dict[tuple[bytes, int, int, int], str] = {}
                paths = sorted(each[0] for each in wanted)
                for start in range(0, len(paths), _MANY):
                    stretch = paths[start : start + _MANY]
                    known = database.execute(_LOOK_ALONG, (stretch[0], stretch[-1]))
                    found.update((row[:4], row[4]) for row in known)
            digests = map(found.get, wanted)
            return [intern(each) if each and _is_content_hash(each) else None for each in digests]

        return self._use(read)

    def contents(self, content_hashes: Sequence[str]) -> dict[str, Content]:
        """What is known of these contents. A fault counts only as long as the same decoders would find it."""

        def read(database: sqlite3.Connection) -> dict[str, Content]:
            found = {}
            wanted = sorted(content_hashes)  # neighbours lie in one page of the database
            with database:
                database.execute("BEGIN")
                for start in range(0, len(wanted), _AT_ONCE):
                    some = wanted[start : start + _AT_ONCE]
                    asked = _LOOK_INTO.format(", ".join("?" * len(some)))
                    for each, capture, fault, reader in database.execute(asked, some):
                        # Of another version, or damaged: it must be read again.
                        with suppress(RecursionError, ValueError):
                            if fault is None or reader == _reader():
                                found[intern(each)] = Content(Capture.from_json(capture), fault)
            return found

        return self._use(read)

    def remember(
        self, files: Iterable[tuple[Path, os.stat_result, str]], contents: Mapping[str, Content]
    ) -> None:
        """Keeps (path, the status taken before reading, content hash) of many files at once, and what their
        contents are, by content hash."""
        rows = [(_key(path), *_state(status), digest) for path, status, digest in files]
        known = [
            (digest, content.capture.to_json(), content.fault, _reader())
            for digest, content in contents.items()
        ]

        def write(database: sqlite3.Connection) -> None:
            with database:
                database.executemany(_REMEMBER, rows)
                database.executemany(_CONTENTS, known)

        self._use(write)

    def _take_in(self, shards: Sequence[Path]) -> None:
        """Adds what whole indexes hold, which never change under their names."""
        if not shards:
            return

        def known(database: sqlite3.Connection) -> set[bytes]:
            database.execute(_TAKEN_IN)
            return {row[0] for row in database.execute("SELECT path FROM taken_in")}

        before = self._use(known)
        for path in shards:
            if _key(path) in before:
                continue
            try:
                files, contents = read_shard(path)
            except FeatureError as error:
                self._on_note(f"{error}; its photos are read once more")
                continue
            self._use(partial(_added, path=path, files=files, contents=contents))

    def photos(self) -> dict[Path, str]:
        """Every path that was remembered → the content hash it had then, in the order of the paths."""
        rows = self._use(lambda database: database.execute(_PATHS).fetchall())
        return {
            Path(os.fsdecode(path)): content_hash
            for path, content_hash in rows
            if _is_content_hash(content_hash) and b"\0" not in path
        }

    def forget_all(self) -> None:
        """Empties the index; the file stays, since another process may have it open."""

        def empty(database: sqlite3.Connection) -> None:
            with database:
                database.execute("DELETE FROM files")
                database.execute("DELETE FROM contents")
                database.execute("DROP TABLE IF EXISTS taken_in")
            database.execute("VACUUM")

        self._use(empty)

    def verify(self) -> None:
        """Reads the whole database; a damaged one is replaced, as it is wherever damage is met."""

        def read(database: sqlite3.Connection) -> None:
            verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                error = sqlite3.DatabaseError(verdict)
                error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                raise error

        self._use(read)

    def _use(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Does `work`, anew in a fresh database where this one turns out to be damaged."""
        while True:
            try:
                if self._database is None:
                    self._database = opened(self.path)
                return work(self._database)
            except sqlite3.Error as error:
                # The low byte is the kind of error, the others its details.
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                # Of a database with other tables, SQLite says only "error".
                if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
                    raise self._unusable(error) from error
                self._close()
                damaged, self.path = self.path, next_file(self.path)
                self._on_note(
                    f"the index {damaged} is damaged ({error}); a new one takes its place, and unchanged "
                    "photos are read once more"
                )

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _unusable(self, error: Exception) -> OutputError:
        return OutputError(
            f"cannot use the index {self.path}: {error}; choose another place with --cache_dir"
        )


def read_shard(path: Path) -> tuple[list[_FileRow], list[_ContentRow]]:
    """All rows of an index to which nobody writes: (path, size, times, content hash) of files, and (content
    hash, capture, fault, decoders) of contents. Raises FeatureError where it cannot be read."""
    try:
        # Without locks, which a network file system may lack.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as shard:
            files = shard.execute(_FILES).fetchall()
            return files, shard.execute("SELECT * FROM contents").fetchall()
    except sqlite3.Error as error:
        raise FeatureError(f"cannot read the index {path} of a shard: {error}") from error


def known_photos(cache_dir: Path, on_note: Callable[[str], None] = lambda note: None) -> dict[Path, str]:
    """Every remembered path → content hash, in the order of the paths; makes no index where there is none."""
    if not index_files(cache_dir):
        return {}
    with PhotoIndex(cache_dir, on_note) as index:
        return index.photos()


def _added(
    database: sqlite3.Connection, path: Path, files: Sequence[_FileRow], contents: Sequence[_ContentRow]
) -> None:
    with database:
        database.execute(_TAKEN_IN)  # the index may have been replaced meanwhile
        database.executemany(_REMEMBER, files)
        database.executemany(_CONTENTS, contents)
        database.execute("INSERT OR REPLACE INTO taken_in VALUES (?)", (_key(path),))


@cache
def _reader() -> str:
    """Names the decoders, since another version may find a photo where this one finds a fault."""
    versions = [cv2.__version__, *(version(name) for name in ("pillow", "pi-heif", "rawpy"))]
    return f"{DECODING_VERSION} " + " ".join(versions)


def _state(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, _stored(status.st_mtime_ns), _stored(status.st_ctime_ns)


def _stored(nanoseconds: int) -> int:
    """A file time as 64 bits with a sign, which is all that SQLite holds: up to the year 2262 as it is."""
    return (nanoseconds + (1 << 63)) % (1 << 64) - (1 << 63)


def _key(path: str | Path) -> bytes:
    return os.fsencode(path if os.path.isabs(path) else Path(path).absolute())  # noqa: PTH117


def _is_content_hash(value: object) -> bool:
    # Thumbnails are found by it: a damaged one must not lead elsewhere.
    return isinstance(value, str) and len(value) == 32 and value.isalnum()
