"""The SQLite files of an index: their names and their tables."""

import re
import sqlite3
from functools import partial
from pathlib import Path

from phototriage.errors import FeatureError
from phototriage.features.cache.part import listed

__all__ = ["index_files", "newest", "next_file", "opened"]

_FORMAT = 3
_FILE = re.compile(r"index(?:-(\d+))?\.sqlite")
_COUNT_TABLES = "SELECT count(*) FROM sqlite_master WHERE name IN ('files', 'contents')"


def opened(path: Path) -> sqlite3.Connection:
    """The database, made or brought to this format where need be.

    Raises FeatureError where a newer version of phototriage wrote it, sqlite3.Error where it is unusable.
    """
    # Not in WAL mode: to switch to it fails at once, whatever the timeout, where another process does the
    # same. "IMMEDIATE", so that a writer waits for its turn before it reads and two never block each
    # other.
    database = sqlite3.connect(path, timeout=60, isolation_level="IMMEDIATE")
    try:
        # A damaged hash must be one that fits no photo, not an error.
        database.text_factory = partial(str, encoding="utf-8", errors="replace")
        format_there = database.execute("PRAGMA user_version").fetchone()[0]
        if format_there > _FORMAT:
            raise FeatureError(
                f"the index {path} was written by a newer version of phototriage "
                f"(format {format_there}); upgrade, or choose another place with --cache_dir"
            )
        if format_there < _FORMAT or database.execute(_COUNT_TABLES).fetchone()[0] < 2:
            with database:
                database.execute("BEGIN IMMEDIATE")
                # Paths are bytes: a file name need not be valid text.
                database.execute(
                    "CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, size INTEGER,"
                    " mtime_ns INTEGER, content_hash TEXT, ctime_ns INTEGER) WITHOUT ROWID"
                )
                columns = [row[1] for row in database.execute("PRAGMA table_info(files)")]
                if "ctime_ns" not in columns:  # of an older format: its files are read once more
                    database.execute("ALTER TABLE files ADD COLUMN ctime_ns INTEGER")
                database.execute(
                    "CREATE TABLE IF NOT EXISTS contents (content_hash TEXT PRIMARY KEY, capture TEXT,"
                    " fault TEXT, reader TEXT) WITHOUT ROWID"
                )
                database.execute(f"PRAGMA user_version = {_FORMAT}")
    except BaseException:
        database.close()
        raise
    return database


def index_files(cache_dir: Path) -> list[Path]:
    """The databases in `cache_dir`, oldest first; all but the last are damaged ones that were replaced.

    Raises FeatureError where the folder cannot be read.
    """
    return sorted((path for path in listed(cache_dir, "*") if _FILE.fullmatch(path.name)), key=_number)


def newest(cache_dir: Path) -> Path:
    """The database to use; where there is none, the first to be made."""
    return next(reversed(index_files(cache_dir)), cache_dir / "index.sqlite")


def next_file(path: Path) -> Path:
    """The one that takes the place of a damaged one."""
    return path.with_name(f"index-{_number(path) + 1}.sqlite")


def _number(path: Path) -> int:
    name = _FILE.fullmatch(path.name)
    return int(name[1]) if name and name[1] else 1
