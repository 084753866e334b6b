import json
from typing import Any

import pytest

from phototriage.choices import (
    Action,
    Blind,
    Context,
    Grouping,
    Mark,
    Marking,
    NoneOfThese,
    Redo,
    Tie,
    Undo,
    photos_of,
)
from phototriage.choices.action import action_from_values, action_values
from phototriage.errors import LabelError

CONTEXT = Context((1, 2, 3), (1,), "default 0.1.0", "against")
ACTIONS: list[tuple[Action, tuple[int, ...]]] = [
    (Marking((Mark(2, "pick"), Mark(1, stars=0), Mark(2, label="red")), CONTEXT), (2, 1)),
    (NoneOfThese((1, 2), CONTEXT), (1, 2)),
    (Tie((3, 1), CONTEXT), (3, 1)),
    (Blind(3, 1, "tie", CONTEXT), (3, 1)),
    (Grouping(((1, 2), (3,))), (1, 2, 3)),
    (Undo(7), ()),
    (Redo(7), ()),
]


@pytest.mark.parametrize(("action", "photos"), ACTIONS, ids=lambda each: type(each).__name__)
def test_an_action_survives_as_json(action: Action, photos: tuple[int, ...]) -> None:
    kind, values = action_values(action)
    assert action_from_values(kind, json.loads(json.dumps(values))) == action
    assert photos_of(action) == photos


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("mark", {"marks": [{"photo": 1, "flag": "keep"}]}),
        ("mark", {"marks": [{"photo": 1, "stars": 6}]}),
        ("mark", {"marks": [{"photo": 1, "stars": True}]}),
        ("mark", {"marks": [{"photo": 1, "stars": 2.0}]}),
        ("mark", {"marks": [{"photo": 1, "label": "purple"}]}),
        ("mark", {"marks": [{"photo": 1}]}),
        ("tie", {"photos": [1, 1]}),
        ("blind", {"left": 1, "right": 1, "better": "left"}),
        ("blind", {"left": 1, "right": 2, "better": "both"}),
        ("none", {"photos": [1], "context": {"manner": "drunk"}}),
        ("group", {"groups": [[1, 2], [2]]}),
        ("group", {"groups": [[1], []]}),
        ("group", {"groups": []}),
        ("sell", {"photos": [1]}),
        ("undo", {"target": 1, "why": "never mind"}),
    ],
)
def test_nonsense_is_refused(kind: str, values: dict[str, Any]) -> None:
    with pytest.raises(LabelError):
        action_from_values(kind, values)
