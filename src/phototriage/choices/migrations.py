"""The tables of the store, version by version."""

import sqlite3
from pathlib import Path

from phototriage.errors import OutputError

__all__ = ["VERSION", "migrate"]

_STEPS: tuple[tuple[str, ...], ...] = (
    (
        # A photo, whatever its file is called and contains by now.
        "CREATE TABLE photos (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, captured_at TEXT,"
        " camera TEXT NOT NULL)",
        "CREATE INDEX photos_by_key ON photos (name, captured_at, camera)",
        # Every content that its file has had.
        "CREATE TABLE contents (content_hash TEXT PRIMARY KEY, size INTEGER NOT NULL,"
        " photo INTEGER NOT NULL REFERENCES photos) WITHOUT ROWID",
        # Rows are added, never changed or removed.
        "CREATE TABLE events (number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL,"
        " details TEXT NOT NULL)",
        "CREATE TABLE event_photos (photo INTEGER NOT NULL, event INTEGER NOT NULL,"
        " PRIMARY KEY (photo, event)) WITHOUT ROWID",
        "CREATE INDEX event_photos_by_event ON event_photos (event)",
    ),
)
"""What leads from each version to the next one. A step that was released never changes."""

VERSION = len(_STEPS)


def migrate(database: sqlite3.Connection, path: Path) -> None:
    """Brings a store to the current version; several processes may do so at once.

    Raises OutputError if a newer version of phototriage wrote it.
    """
    if _version(database) == VERSION:
        return
    database.execute("BEGIN IMMEDIATE")
    with database:
        version = _version(database)  # another process may have been faster
        if version > VERSION:
            raise OutputError(
                f"the store {path} was written by a newer version of phototriage (version {version}); "
                "upgrade, or choose another place with --choices_dir"
            )
        for step in _STEPS[version:]:
            for statement in step:
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {VERSION}")


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])
