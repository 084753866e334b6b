"""A person's decisions about their photos: which they keep, which belong together, which they cannot tell."""

from phototriage.choices.action import (
    Action,
    Blind,
    Context,
    Event,
    Flag,
    Grouping,
    Label,
    Manner,
    Mark,
    Marking,
    NoneOfThese,
    Redo,
    Side,
    Tie,
    Undo,
    action_values,
    photos_of,
)
from phototriage.choices.folder import FolderChoices, read_choices
from phototriage.choices.identity import PhotoIdentity
from phototriage.choices.state import Decision, History
from phototriage.choices.store import ChoiceStore, default_choices_dir

__all__ = [
    "Action",
    "Blind",
    "ChoiceStore",
    "Context",
    "Decision",
    "Event",
    "Flag",
    "FolderChoices",
    "Grouping",
    "History",
    "Label",
    "Manner",
    "Mark",
    "Marking",
    "NoneOfThese",
    "PhotoIdentity",
    "Redo",
    "Side",
    "Tie",
    "Undo",
    "action_values",
    "default_choices_dir",
    "photos_of",
    "read_choices",
]
