from collections.abc import Callable
from pathlib import Path

import pytest

from phototriage.choices import (
    Action,
    Blind,
    ChoiceStore,
    Context,
    Decision,
    Event,
    FolderChoices,
    Grouping,
    History,
    Mark,
    Marking,
    NoneOfThese,
    PhotoIdentity,
    Tie,
    Undo,
)
from phototriage.errors import LabelError
from phototriage.labels import read_labels
from phototriage.labels.decisions import decided_comparisons
from phototriage.photos import content_hash, read_capture

NAMES = {1: "a", 2: "b", 3: "c", 4: "d"}


def table(*actions: Action) -> dict[str, float]:
    """Pair → P(first over second), in the order of the names."""
    history = History(Event(number, "", action) for number, action in enumerate(actions, 1))
    groups = {NAMES[n]: tuple(NAMES[each] for each in group) for n in NAMES if (group := history.group(n))}
    decisions = {name: history.decision(number) for number, name in NAMES.items() if history.decision(number)}
    found = decided_comparisons(FolderChoices(decisions, groups, history, NAMES)).table
    return {
        f"{a}{b}": preference
        for a, b, preference in zip(found["photo_a"], found["photo_b"], found["preference"], strict=True)
    }


def mark(photo: int, shown: tuple[int, ...] = (1, 2, 3), **said: object) -> Marking:
    return Marking((Mark(photo, **said),), Context(shown))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("actions", "pairs"),
    [
        ([], {}),
        ([mark(2, flag="pick")], {"ab": 0, "bc": 1}),
        ([mark(2, (1, 2), flag="pick")], {"ab": 0}),
        ([mark(2, (), flag="pick")], {}),
        ([mark(2, flag="pick"), mark(3, flag="pick")], {"ab": 0, "ac": 0}),
        ([mark(2, flag="reject")], {"ab": 1, "bc": 0}),
        ([mark(1, flag="pick"), mark(3, flag="reject")], {"ab": 1, "ac": 1, "bc": 1}),
        ([mark(1, flag="reject"), mark(2, flag="reject")], {"ac": 0, "bc": 0}),
        ([mark(1, stars=3), mark(2, stars=4)], {"ab": 0}),
        ([mark(1, stars=3), mark(2, stars=3)], {}),
        ([mark(1, stars=3)], {}),
        ([mark(1, stars=5), mark(2, flag="pick")], {"ab": 0, "bc": 1}),
        ([mark(1, label="red")], {}),
        ([Tie((1, 3))], {"ac": 0.5}),
        ([Tie((3, 1, 2))], {"ab": 0.5, "ac": 0.5, "bc": 0.5}),
        ([Blind(3, 1, "left")], {"ac": 0}),
        ([Tie((1, 2, 3)), mark(1, flag="pick")], {"ab": 1.0, "ac": 1.0, "bc": 0.5}),
        ([mark(1, flag="pick"), Tie((1, 2))], {"ab": 0.5}),
        ([Blind(3, 1, "right"), Blind(1, 3, "tie")], {"ac": 0.75}),
        ([Blind(1, 9, "left"), Tie((9, 8))], {}),
        ([NoneOfThese((1, 2, 3))], {}),
        ([mark(2, flag="pick"), Undo(1)], {}),
        ([mark(2, flag="pick"), mark(2, flag="")], {}),
        ([mark(2, flag="pick"), Grouping(((1, 2), (3,)))], {"ab": 0}),
    ],
)
def test_what_decisions_say_of_pairs(actions: list[Action], pairs: dict[str, float]) -> None:
    assert table(*actions) == pairs


def test_names_that_are_not_unicode_are_left_out() -> None:
    pick = mark(1, flag="pick")
    names = {1: "a", 2: "bad\udcff", 3: "c"}
    found = decided_comparisons(
        FolderChoices({"a": Decision("pick")}, {}, History([Event(1, "", pick)]), names)
    ).table
    assert found[["photo_a", "photo_b", "preference"]].values.tolist() == [["a", "c", 1.0]]


def test_a_folder_is_read_wherever_it_lies(make_photo: Callable[..., Path], tmp_path: Path) -> None:
    paths = [make_photo(f"photos/{name}.jpg", seed) for seed, name in enumerate("abc")]
    with ChoiceStore(tmp_path / "choices") as store:
        numbers = store.register(
            [
                PhotoIdentity.of(path.name, content_hash(data), len(data), read_capture(data))
                for path in paths
                for data in [path.read_bytes()]
            ]
        )
        store.append(Marking((Mark(numbers[1], "pick"),), Context(tuple(numbers))))
    (tmp_path / "photos").rename(tmp_path / "moved")
    (tmp_path / "moved" / "b.jpg").rename(tmp_path / "moved" / "best of all.jpg")
    labels = read_labels(tmp_path / "moved", choices_dir=tmp_path / "choices")
    assert (labels.kind, labels.photo_root, labels.steps[0].photos) == ("decisions", tmp_path / "moved", 3)
    rows = labels.comparisons.table[["series", "photo_a", "photo_b", "preference"]].values.tolist()
    assert rows == [["a.jpg", "a.jpg", "best of all.jpg", 0.0], ["a.jpg", "best of all.jpg", "c.jpg", 1.0]]


def test_a_folder_without_decisions_has_no_labels(make_photo: Callable[..., Path], tmp_path: Path) -> None:
    make_photo("photos/a.jpg")
    with pytest.raises(LabelError, match=r"no labels were found here; labels are .* phototriage review"):
        read_labels(tmp_path / "photos", choices_dir=tmp_path / "choices")
    assert not (tmp_path / "choices").exists()
