"""What a person's events add up to."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from phototriage.choices.action import (
    Action,
    Event,
    Flag,
    Grouping,
    Label,
    Marking,
    NoneOfThese,
    Redo,
    Tie,
    Undo,
    photos_of,
)

__all__ = ["Decision", "History"]


@dataclass(frozen=True)
class Decision:
    """What a person says of a photo by now.

    flag: pick, reject or neither. stars: 0 to 5. label: a color. none_of_these: they found no photo of its
    series worth keeping. tied: they could not tell it from others.
    """

    flag: Flag = ""
    stars: int = 0
    label: Label = ""
    none_of_these: bool = False
    tied: bool = False

    def __bool__(self) -> bool:
        return self != Decision()

    @property
    def words(self) -> str:
        """As people read it: "pick, 4 stars, red"."""
        parts = [
            self.flag,
            f"{self.stars} star{'s' * (self.stars > 1)}" if self.stars else "",
            self.label,
            "none of these" if self.none_of_these else "",
            "cannot tell" if self.tied else "",
        ]
        return ", ".join(part for part in parts if part)


class History:
    """The events about the photos of a folder, and what they add up to.

    Undo and redo are events too. An event counts unless it was undone and not redone since; what counts
    applies in the order in which it was decided. So the result depends on the events alone, not on the window
    or the folder in which they are seen.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events: dict[int, Event] = {}
        self._of_photo: dict[int, list[int]] = defaultdict(list)
        self._counting: dict[int, None] = {}  # those that count, the one to undo next last
        self._to_redo: list[int] = []
        self.newest = 0
        for event in events:
            self.add(event)

    def add(self, event: Event) -> tuple[int, ...]:
        """Adds the next event; returns the photos about which it may change anything."""
        self.newest = max(self.newest, event.number)
        action = event.action
        if isinstance(action, Undo | Redo):
            if action.target not in self._events:
                return ()
            self._counting.pop(action.target, None)
            if action.target in self._to_redo:
                self._to_redo.remove(action.target)
            if isinstance(action, Undo):
                self._to_redo.append(action.target)
            else:
                self._counting[action.target] = None
            return photos_of(self._events[action.target].action)
        self._events[event.number] = event
        self._counting[event.number] = None
        self._to_redo.clear()
        for photo in photos_of(action):
            self._of_photo[photo].append(event.number)
        return photos_of(action)

    def changes_groups(self, event: Event) -> bool:
        """Whether an event that was added merges or splits series, or takes that back."""
        action = event.action
        if isinstance(action, Undo | Redo) and action.target in self._events:
            action = self._events[action.target].action
        return isinstance(action, Grouping)

    @property
    def to_undo(self) -> Event | None:
        """The newest event that counts."""
        return self._events[next(reversed(self._counting))] if self._counting else None

    @property
    def to_redo(self) -> Event | None:
        """The event that was taken back last, unless anything was decided since."""
        return self._events[self._to_redo[-1]] if self._to_redo else None

    def counts(self, number: int) -> bool:
        """Whether the event of that number counts."""
        return number in self._counting

    def counting(self) -> list[Event]:
        """The events that count, in the order in which they were decided."""
        return [self._events[number] for number in sorted(self._counting)]

    def decision(self, photo: int) -> Decision:
        """What the person says of a photo."""
        decision = Decision()
        for number in self._of_photo.get(photo, ()):
            if number in self._counting:
                decision = _after(decision, photo, self._events[number].action)
        return decision

    def is_tied(self, photo: int) -> bool:
        """Whether the person cannot tell a photo from the rest of its series, as the series is now.

        A merge brings photos that were not there when they said so.
        """
        if not self.decision(photo).tied:
            return False
        actions = (
            self._events[number].action
            for number in reversed(self._of_photo[photo])
            if number in self._counting
        )
        return isinstance(next(each for each in actions if isinstance(each, Tie) or _merges(each)), Tie)

    def group(self, photo: int) -> tuple[int, ...] | None:
        """The photos that are one series with this one by hand; None where the program's series stand."""
        for number in reversed(self._of_photo.get(photo, ())):
            action = self._events[number].action
            if number in self._counting and isinstance(action, Grouping):
                group = next(group for group in action.groups if photo in group)
                return tuple(each for each in group if self._grouped_by(each) == number)
        return None

    def _grouped_by(self, photo: int) -> int | None:
        """The newest grouping of a photo that counts."""
        return next(
            (
                number
                for number in reversed(self._of_photo.get(photo, ()))
                if number in self._counting and isinstance(self._events[number].action, Grouping)
            ),
            None,
        )


def _merges(action: Action) -> bool:
    """Whether it makes one series of several, and not several of one."""
    return isinstance(action, Grouping) and len(action.groups) == 1


def _after(decision: Decision, photo: int, action: Action) -> Decision:
    """The decision about a photo after an action about it."""
    match action:
        case Marking(marks):
            for mark in marks:
                if mark.photo == photo:
                    said = {"flag": mark.flag, "stars": mark.stars, "label": mark.label}
                    changed = {name: value for name, value in said.items() if value is not None}
                    if mark.flag is not None:  # a flag replaces what was said of the whole series
                        changed |= {"none_of_these": False, "tied": False}
                    decision = replace(decision, **changed)  # type: ignore[arg-type]
            return decision
        case NoneOfThese():
            return replace(decision, flag="", none_of_these=True, tied=False)
        case Tie():
            # The last word counts: what cannot be told from others is neither a pick nor a reject among them.
            return replace(decision, flag="", none_of_these=False, tied=True)
        case _:
            return decision
