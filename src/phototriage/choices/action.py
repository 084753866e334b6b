"""What a person can decide about photos. Photos are named by their number in the store."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from phototriage.errors import LabelError

__all__ = [
    "Action",
    "Blind",
    "Context",
    "Event",
    "Flag",
    "Grouping",
    "Label",
    "Manner",
    "Mark",
    "Marking",
    "NoneOfThese",
    "Redo",
    "Side",
    "Tie",
    "Undo",
    "action_from_values",
    "action_values",
    "photos_of",
]

Flag = Literal["", "pick", "reject"]
"""Empty: neither, or taken back."""

Label = Literal["", "red", "yellow", "green", "blue"]
"""The colors of the keys 6 to 9; empty: none, or taken back."""

Manner = Literal["", "accepted", "agreed", "against", "blind"]
"""accepted: the suggestion, with one key. agreed: the suggestion, photo by photo. against: another photo than
the suggested one picked, or a suggested one rejected. blind: neither scores nor suggestion were to be seen.
Empty: the suggestion says nothing of it."""

Side = Literal["left", "right", "tie"]

_MAX_STARS = 5


@dataclass(frozen=True)
class Mark:
    """What a person says of one photo; None leaves that property as it is. stars: 0 to 5."""

    photo: int
    flag: Flag | None = None
    stars: int | None = None
    label: Label | None = None

    def __post_init__(self) -> None:
        if self.flag is not None and self.flag not in get_args(Flag):
            raise LabelError(f"a flag is pick, reject or empty, not {self.flag!r}")
        if self.stars is not None and (type(self.stars) is not int or not 0 <= self.stars <= _MAX_STARS):
            raise LabelError(f"stars are 0 to {_MAX_STARS}, not {self.stars!r}")
        if self.label is not None and self.label not in get_args(Label):
            raise LabelError(f"a label is red, yellow, green, blue or empty, not {self.label!r}")
        if self.flag is self.stars is self.label is None:
            raise LabelError("a mark needs a flag, stars or a label")


@dataclass(frozen=True)
class Context:
    """In what circumstances a person decided.

    shown: the photos that were shown together. suggested: the photos that the ranker would have picked.
    ranker: its name and version.
    """

    shown: tuple[int, ...] = ()
    suggested: tuple[int, ...] = ()
    ranker: str = ""
    manner: Manner = ""

    def __post_init__(self) -> None:
        if self.manner not in get_args(Manner):
            raise LabelError(f"a decision is made in no manner {self.manner!r}")


@dataclass(frozen=True)
class Marking:
    """Marks that were made with one key."""

    marks: tuple[Mark, ...]
    context: Context = Context()


@dataclass(frozen=True)
class NoneOfThese:
    """No photo of a series is worth keeping."""

    photos: tuple[int, ...]
    context: Context = Context()


@dataclass(frozen=True)
class Tie:
    """The person cannot tell which of two or more photos is best."""

    photos: tuple[int, ...]
    context: Context = Context()

    def __post_init__(self) -> None:
        if len(set(self.photos)) < 2:
            raise LabelError("a tie needs two photos or more")


@dataclass(frozen=True)
class Blind:
    """Which of two photos is better, asked without showing scores or names, with the sides drawn by lot."""

    left: int
    right: int
    better: Side
    context: Context = Context()

    def __post_init__(self) -> None:
        if self.left == self.right:
            raise LabelError("a photo is not compared with itself")
        if self.better not in get_args(Side):
            raise LabelError(f"the better photo is left, right or tie, not {self.better!r}")


@dataclass(frozen=True)
class Grouping:
    """Photos that are a series each, whatever the program says: series merged or split by hand."""

    groups: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        photos = [photo for group in self.groups for photo in group]
        if not photos or not all(self.groups) or len(set(photos)) < len(photos):
            raise LabelError("a photo is in one series, and no series is empty")


@dataclass(frozen=True)
class Undo:
    """Takes an event back."""

    target: int


@dataclass(frozen=True)
class Redo:
    """Makes an event that was taken back count again."""

    target: int


Action = Marking | NoneOfThese | Tie | Blind | Grouping | Undo | Redo

_KINDS: Mapping[str, type[Action]] = {
    "mark": Marking,
    "none": NoneOfThese,
    "tie": Tie,
    "blind": Blind,
    "group": Grouping,
    "undo": Undo,
    "redo": Redo,
}
"""Kind as it is stored → type."""

_NAMES = {kind: name for name, kind in _KINDS.items()}


@dataclass(frozen=True)
class Event:
    """An action as it is stored. number: rises with time. at: UTC, ISO 8601."""

    number: int
    at: str
    action: Action


def photos_of(action: Action) -> tuple[int, ...]:
    """The photos that an action decides about, each once; none of Undo and Redo."""
    match action:
        case Marking(marks):
            photos = [mark.photo for mark in marks]
        case NoneOfThese(members) | Tie(members):
            photos = [*members]
        case Blind(left, right):
            photos = [left, right]
        case Grouping(groups):
            photos = [photo for group in groups for photo in group]
        case _:
            photos = []
    return tuple(dict.fromkeys(photos))


def action_values(action: Action) -> tuple[str, dict[str, Any]]:
    """The kind of an action, and its fields as plain values."""
    return _NAMES[type(action)], asdict(action)


def action_from_values(kind: str, values: Mapping[str, Any]) -> Action:
    """The action of which `action_values` gave these. Raises LabelError for anything else."""
    try:
        fields: dict[str, Any] = {name: _frozen(value) for name, value in values.items()}
        if "marks" in fields:
            fields["marks"] = tuple(Mark(**mark) for mark in fields["marks"])
        if "context" in fields:
            fields["context"] = Context(**fields["context"])
        return _KINDS[kind](**fields)
    except (KeyError, TypeError) as error:
        raise LabelError(f"no decision of kind {kind!r}: {error}") from error


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _frozen(each) for name, each in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value
