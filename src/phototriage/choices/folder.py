"""What a person decided about the photos of a folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from phototriage.choices.identity import PhotoIdentity
from phototriage.choices.state import Decision, History
from phototriage.choices.store import ChoiceStore

__all__ = ["FolderChoices", "read_choices"]


@dataclass(frozen=True, eq=False)
class FolderChoices:
    """Decisions by the names of the folder's photos.

    decisions: photo → what the person says of it, of photos of which they say anything. groups: photo → the
    photos that are one series with it by hand. history: all events. names: number in the store → photo.
    """

    decisions: Mapping[str, Decision] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    history: History = field(default_factory=History)
    names: Mapping[int, str] = field(default_factory=dict)


def read_choices(
    choices_dir: Path, photos: Mapping[str, PhotoIdentity] | Callable[[], Mapping[str, PhotoIdentity]]
) -> FolderChoices:
    """Reads what a person decided about photos; of copies of a photo, one has its decisions.

    Args:
        choices_dir: the folder of the store; nothing is created there.
        photos: name → photo, all of a folder; or what gives them, which is asked only if there are choices.

    Raises OutputError if the store cannot be used.
    """
    with ChoiceStore(choices_dir, create=False) as store:
        if not store.newest():
            return FolderChoices()
        photos = photos() if callable(photos) else photos
        numbers = store.numbers(list(photos.values()))
        names: dict[int, str] = {}
        for name, number in zip(photos, numbers, strict=True):
            if number is not None:
                names.setdefault(number, name)
        history = History(store.events(names))
    decisions = {name: decision for number, name in names.items() if (decision := history.decision(number))}
    groups = {
        name: tuple(names[each] for each in members if each in names)
        for number, name in names.items()
        if (members := history.group(number)) is not None
    }
    return FolderChoices(decisions, groups, history, names)
