"""The store of a person's decisions: events that are only ever added, in SQLite."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import platformdirs

from phototriage.choices.action import (
    Action,
    Event,
    Redo,
    Undo,
    action_from_values,
    action_values,
    photos_of,
)
from phototriage.choices.identity import PhotoIdentity, unique_keys
from phototriage.choices.migrations import migrate
from phototriage.errors import LabelError, OutputError
from phototriage.printable import is_unicode

__all__ = ["ChoiceStore", "default_choices_dir"]

_FILE = "choices.sqlite"
_SECONDS_TO_WAIT = 60.0
_AT_ONCE = 500  # values in one question
_REMEMBER = "INSERT OR IGNORE INTO contents (content_hash, size, photo) VALUES (?, ?, ?)"
_Result = TypeVar("_Result")


def default_choices_dir() -> Path:
    """Where a person's decisions are kept: the folder `choices` in the platform's folder for user data."""
    return platformdirs.user_data_path("phototriage", appauthor=False) / "choices"


class ChoiceStore:
    """A person's decisions in <choices_dir>/choices.sqlite.

    SQLite with a rollback journal, because several windows, servers and commands may read and write at once,
    and a killed one leaves the store whole. Every decision is on disk when `append` returns. Only one thread
    may use a store at a time.

    Args:
        choices_dir: the folder of the store.
        create: whether to create the store if there is none; else it is empty and cannot be added to.

    Every method raises OutputError if the store is damaged, cannot be read or written, or was written by a
    newer version of phototriage.
    """

    def __init__(self, choices_dir: Path, *, create: bool = True) -> None:
        self.path = choices_dir / _FILE
        self._database: sqlite3.Connection | None = None
        if create:
            try:
                choices_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise self._unusable(error) from error
        elif not self.path.exists():
            return
        self._database = self._opened()

    def __enter__(self) -> "ChoiceStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._database is not None:
            self._database.close()

    def numbers(self, photos: Sequence[PhotoIdentity]) -> list[int | None]:
        """The number of each photo in the store; None for a photo that it does not know.

        A photo is known by the content of its file; else by its name, capture time and camera, if exactly one
        photo here and one in the store have these.

        Args:
            photos: all photos of a folder, so that it shows which names are unique.
        """

        def work(database: sqlite3.Connection) -> list[int | None]:
            with _reading(database):
                return self._known(database, photos)

        return self._use(work, [None] * len(photos))

    def register(self, photos: Sequence[PhotoIdentity]) -> list[int]:
        """The number of each photo in the store, which new photos get here.

        A photo with a new content is a new photo: `numbers` finds those that are known by their names, and
        `recognize` remembers their content.
        """

        def work(database: sqlite3.Connection) -> list[int]:
            with _writing(database):
                return [self._registered(database, photo) for photo in photos]

        return self._written(work)

    def recognize(self, photos: Mapping[int, PhotoIdentity]) -> None:
        """Remembers the content that photos have now, by their numbers."""

        def work(database: sqlite3.Connection) -> None:
            rows = [(photo.content_hash, photo.size, number) for number, photo in photos.items()]
            with _writing(database):
                database.executemany(_REMEMBER, rows)

        self._written(work)

    def append(self, action: Action) -> Event:
        """Adds a decision; it is on disk when this returns."""
        return self.append_after(lambda events: action, ())[-1]

    def append_after(
        self, decide: Callable[[list[Event]], Action | None], photos: Iterable[int], after: int = 0
    ) -> list[Event]:
        """Adds what `decide` makes of the newest events; nobody adds an event in between.

        Args:
            decide: is given the events about `photos` with a number above `after`; returns None to add none.

        Returns: the events that it was given, and the new one.
        """
        wanted = set(photos)

        def work(database: sqlite3.Connection) -> list[Event]:
            with _writing(database):
                events = self._events(database, wanted, after)
                action = decide(events)
                return [*events, self._added(database, action)] if action else events

        return self._written(work)

    def events(self, photos: Iterable[int] | None = None, after: int = 0) -> list[Event]:
        """The events, oldest first.

        Args:
            photos: only the events about any of these; by default all.
            after: only those with a greater number.
        """
        wanted = None if photos is None else set(photos)
        return self._use(lambda database: self._events(database, wanted, after), [])

    def newest(self) -> int:
        """The number of the newest event, 0 if there is none."""
        return self._use(
            lambda database: int(database.execute("SELECT ifnull(max(number), 0) FROM events").fetchone()[0]),
            0,
        )

    def sizes(self) -> set[int]:
        """The sizes in bytes of all files that anything was decided about."""
        return self._use(
            lambda database: {
                int(size) for (size,) in database.execute("SELECT DISTINCT size FROM contents")
            },
            set(),
        )

    def names(self) -> set[str]:
        """The names, as of a `PhotoIdentity`, of all photos that anything was decided about."""
        return self._use(
            lambda database: {
                _name(stored) for (stored,) in database.execute("SELECT DISTINCT name FROM photos")
            },
            set(),
        )

    @staticmethod
    def _known(database: sqlite3.Connection, photos: Sequence[PhotoIdentity]) -> list[int | None]:
        by_content: dict[str, int] = {}
        hashes = [photo.content_hash for photo in photos]
        if database.execute("SELECT count(*) FROM contents").fetchone()[0] < len(hashes):
            by_content = dict(database.execute("SELECT content_hash, photo FROM contents").fetchall())
            hashes = []
        for start in range(0, len(hashes), _AT_ONCE):
            some = hashes[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            by_content |= database.execute(
                f"SELECT content_hash, photo FROM contents WHERE content_hash IN ({marks})", some
            ).fetchall()
        numbers = [by_content.get(photo.content_hash) for photo in photos]
        taken = set(numbers)
        names = {_name(stored) for (stored,) in database.execute("SELECT DISTINCT name FROM photos")}
        for place, key in enumerate(unique_keys(list(photos))):
            if numbers[place] is None and key is not None and key[0] in names:
                rows = database.execute(
                    "SELECT number FROM photos WHERE name = ? AND captured_at = ? AND camera = ? LIMIT 2",
                    [_stored(part) for part in key],
                ).fetchall()
                if len(rows) == 1 and rows[0][0] not in taken:
                    numbers[place] = rows[0][0]
        return numbers

    @staticmethod
    def _registered(database: sqlite3.Connection, photo: PhotoIdentity) -> int:
        # Another process may have been faster, and copies of a photo have one number.
        row = database.execute("SELECT photo FROM contents WHERE content_hash = ?", (photo.content_hash,))
        if known := row.fetchone():
            return int(known[0])
        number = _added_row(
            database,
            "INSERT INTO photos (name, captured_at, camera) VALUES (?, ?, ?)",
            (_stored(photo.name), photo.captured_at, _stored(photo.camera)),
        )
        database.execute(_REMEMBER, (photo.content_hash, photo.size, number))
        return number

    @staticmethod
    def _added(database: sqlite3.Connection, action: Action) -> Event:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        kind, values = action_values(action)
        number = _added_row(
            database,
            "INSERT INTO events (at, kind, details) VALUES (?, ?, ?)",
            (at, kind, json.dumps(values, separators=(",", ":"))),
        )
        if isinstance(action, Undo | Redo):
            database.execute(
                "INSERT INTO event_photos SELECT photo, ? FROM event_photos WHERE event = ?",
                (number, action.target),
            )
        else:
            rows = [(photo, number) for photo in photos_of(action)]
            database.executemany("INSERT INTO event_photos (photo, event) VALUES (?, ?)", rows)
        return Event(number, at, action)

    @staticmethod
    def _events(database: sqlite3.Connection, photos: set[int] | None, after: int) -> list[Event]:
        found: set[int] | None = None
        if photos is not None:
            links = database.execute("SELECT photo, event FROM event_photos WHERE event > ?", (after,))
            found = {event for photo, event in links if photo in photos}
        rows = database.execute(
            "SELECT number, at, kind, details FROM events WHERE number > ? ORDER BY number", (after,)
        )
        return [
            _event(number, at, kind, details)
            for number, at, kind, details in rows
            if found is None or number in found
        ]

    def _written(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        if self._database is None:
            raise OutputError(f"the store {self.path} was not created, so that nothing can be added to it")
        try:
            return work(self._database)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _use(self, work: Callable[[sqlite3.Connection], _Result], nothing: _Result) -> _Result:
        if self._database is None:
            return nothing
        try:
            return work(self._database)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _opened(self) -> sqlite3.Connection:
        # Not in WAL mode: to switch to it fails at once, whatever the timeout, where another process does the
        # same. Threads take turns, which is for the caller to see to.
        try:
            database = sqlite3.connect(
                self.path, timeout=_SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False
            )
            try:
                migrate(database, self.path)
            except BaseException:
                database.close()
                raise
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        return database

    def _unusable(self, error: Exception) -> OutputError:
        return OutputError(
            f"cannot use the store of your decisions {self.path}: {error}; "
            "restore it from a backup, or choose another place with --choices_dir"
        )


def _stored(text: str) -> str | bytes:
    """A text for the database, whose texts are Unicode; names of files need not be."""
    return text if is_unicode(text) else text.encode("utf-8", "surrogatepass")


def _name(stored: str | bytes) -> str:
    return stored.decode("utf-8", "surrogatepass") if isinstance(stored, bytes) else stored


def _event(number: int, at: str, kind: str, details: str) -> Event:
    try:
        return Event(number, at, action_from_values(kind, json.loads(details)))
    except (LabelError, ValueError) as error:
        raise sqlite3.DatabaseError(f"decision {number} is damaged ({error})") from error


@contextmanager
def _reading(database: sqlite3.Connection) -> Iterator[None]:
    """Locks once for many questions, which then all see the same state."""
    database.execute("BEGIN")
    with database:
        yield


@contextmanager
def _writing(database: sqlite3.Connection) -> Iterator[None]:
    """IMMEDIATE, so that a writer waits for its turn before it reads and two never block each other."""
    database.execute("BEGIN IMMEDIATE")
    with database:
        yield


def _added_row(database: sqlite3.Connection, statement: str, values: Sequence[object]) -> int:
    row = database.execute(statement, values).lastrowid
    assert row is not None  # only of statements that insert nothing
    return row
