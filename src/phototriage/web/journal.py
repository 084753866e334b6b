"""A person's decisions about the photos of a session, by the ids of the session."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from phototriage.choices import (
    Action,
    ChoiceStore,
    Decision,
    Event,
    FolderChoices,
    History,
    PhotoIdentity,
    Redo,
    Undo,
)
from phototriage.web.errors import RequestError

__all__ = ["Change", "Journal"]


@dataclass(frozen=True)
class Change:
    """What changed since a revision. photos: ids of photos about which something was decided or taken back.
    regrouped: whether series were merged or split."""

    photos: tuple[str, ...]
    regrouped: bool


class Journal:
    """Decisions in the store, and what they add up to.

    Every decision is in the store when a method returns. `turn` takes in what other windows, servers and
    commands added to the store.

    Args:
        store: only this journal uses this connection.
        photos: id → photo.
    """

    def __init__(self, store: ChoiceStore, photos: Mapping[str, PhotoIdentity]) -> None:
        self._store = store
        self._photos = photos
        self._lock = threading.RLock()
        self._numbers: dict[str, int] = {}
        self._ids: dict[int, str] = {}
        self._seen = -1
        self._changes: list[tuple[int, Change]] = []
        self.history = History()
        self._refresh()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Keeps other threads out, and brings the journal up to date."""
        with self._lock:
            self._refresh()
            yield

    @property
    def revision(self) -> int:
        """Rises with every decision."""
        return max(self._seen, 0)

    def decision(self, photo: str) -> Decision:
        """What the person says of a photo."""
        number = self._numbers.get(photo)
        return Decision() if number is None else self.history.decision(number)

    def is_tied(self, photo: str) -> bool:
        """Whether the person cannot tell a photo from the rest of its series, as the series is now."""
        number = self._numbers.get(photo)
        return number is not None and self.history.is_tied(number)

    def decisions(self) -> dict[str, Decision]:
        """What the person says of the photos of which they say anything."""
        found = {photo: self.decision(photo) for photo in self._numbers}
        return {photo: decision for photo, decision in found.items() if decision}

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Photo → the photos that are one series with it by hand, for those where the person said so."""
        groups = {}
        for photo, number in self._numbers.items():
            if (members := self.history.group(number)) is not None:
                groups[photo] = tuple(self._ids[each] for each in members if each in self._ids)
        return groups

    def choices(self, names: Mapping[str, str]) -> FolderChoices:
        """All decisions, by the names of the photos; `names`: id → name."""
        return FolderChoices(
            {names[photo]: decision for photo, decision in self.decisions().items()},
            {names[photo]: tuple(names[each] for each in group) for photo, group in self.groups().items()},
            self.history,
            {number: names[photo] for number, photo in self._ids.items()},
        )

    def numbers(self, photos: Sequence[str]) -> tuple[int, ...]:
        """The numbers of photos, which they get here if they have none yet."""
        new = [photo for photo in dict.fromkeys(photos) if photo not in self._numbers]
        if new:
            known = self._store.register([self._photos[photo] for photo in new])
            self._know(dict(zip(new, known, strict=True)))
        return tuple(self._numbers[photo] for photo in photos)

    def photos_named(self, numbers: Sequence[int]) -> tuple[str, ...]:
        """The ids of photos of this session, by their numbers."""
        return tuple(self._ids[number] for number in numbers if number in self._ids)

    def append(self, action: Action) -> None:
        """Adds a decision."""
        self._add(lambda: action)

    def undo(self) -> None:
        """Takes the newest decision back. Raises RequestError if there is none."""
        self._step(lambda: self.history.to_undo, Undo)

    def redo(self) -> None:
        """Makes the decision that was taken back last count again. Raises RequestError if there is none."""
        self._step(lambda: self.history.to_redo, Redo)

    def since(self, revision: int) -> Change:
        """What changed after a revision."""
        newer = [change for number, change in self._changes if number > revision]
        photos = dict.fromkeys(photo for change in newer for photo in change.photos)
        return Change(tuple(photos), any(change.regrouped for change in newer))

    def _step(self, target: Callable[[], Event | None], step: type[Undo] | type[Redo]) -> None:
        def decide() -> Action | None:
            event = target()
            return step(event.number) if event else None

        if not self._add(decide):
            name = step.__name__.lower()
            raise RequestError(409, f"there is nothing to {name}", f"nothing_to_{name}")

    def _add(self, decide: Callable[[], Action | None]) -> bool:
        """Adds what `decide` says once the journal is up to date; returns whether that was anything."""
        decided = False

        def decide_now(events: list[Event]) -> Action | None:
            nonlocal decided
            self._take_in(events)
            action = decide()
            decided = action is not None
            return action

        self._take_in(self._store.append_after(decide_now, self._ids, self._seen))
        return decided

    def _refresh(self) -> None:
        newest = self._store.newest()
        if newest == self._seen:
            return
        numbers = self._store.numbers(list(self._photos.values()))
        found = {
            photo: number
            for photo, number in zip(self._photos, numbers, strict=True)
            if number is not None and photo not in self._numbers
        }
        if not found:
            self._take_in(self._store.events(self._ids, self._seen))
        else:  # which another window decided about, perhaps long ago
            self._know(found)
            self._store.recognize({number: self._photos[photo] for photo, number in found.items()})
            events = self._store.events(self._ids)
            self.history = History(events)
            groups = any(self.history.changes_groups(event) for event in events)
            self._changes.append((newest, Change(tuple(self._numbers), groups)))
        self._seen = max(newest, self._seen)

    def _know(self, numbers: Mapping[str, int]) -> None:
        self._numbers |= numbers
        self._ids |= {number: photo for photo, number in numbers.items()}

    def _take_in(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.number > self._seen:
                photos = self.photos_named(self.history.add(event))
                change = Change(photos, self.history.changes_groups(event))
                self._changes.append((event.number, change))
                self._seen = event.number
