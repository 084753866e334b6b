from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from phototriage.choices import (
    Action,
    Decision,
    Event,
    Flag,
    Grouping,
    History,
    Label,
    Mark,
    Marking,
    NoneOfThese,
    Redo,
    Tie,
    Undo,
)


def history(*actions: Action) -> History:
    return History(Event(number, "", action) for number, action in enumerate(actions, 1))


def pick(photo: int) -> Marking:
    return Marking((Mark(photo, "pick"),))


def test_marks_of_a_photo_add_up() -> None:
    found = history(
        Marking((Mark(1, "reject", stars=4), Mark(2, stars=5))),
        Marking((Mark(1, "pick"), Mark(1, label="red"))),
        Marking((Mark(2, stars=0),)),
    )
    assert found.decision(1) == Decision("pick", 4, "red")
    assert found.decision(2) == found.decision(3) == Decision()
    assert not found.decision(2)
    assert found.decision(1).words == "pick, 4 stars, red"


def test_a_flag_replaces_what_was_said_of_the_series() -> None:
    found = history(pick(1), NoneOfThese((1, 2, 3)), pick(2), Tie((1, 3)))
    assert found.decision(1) == Decision(tied=True)
    assert found.decision(2) == Decision("pick")
    assert history(NoneOfThese((1,)), Marking((Mark(1, stars=2),))).decision(1) == Decision(
        stars=2, none_of_these=True
    )
    assert history(NoneOfThese((1,)), Marking((Mark(1, flag=""),))).decision(1) == Decision()


def test_the_last_word_counts_between_a_flag_and_a_tie() -> None:
    reject = Marking((Mark(2, "reject", stars=1),))
    tied = history(pick(1), reject, Tie((1, 2, 3)))
    assert [tied.decision(photo) for photo in (1, 2, 3)] == [
        Decision(tied=True),
        Decision(stars=1, tied=True),
        Decision(tied=True),
    ]
    tied.add(Event(4, "", Undo(3)))
    assert [tied.decision(photo).flag for photo in (1, 2, 3)] == ["pick", "reject", ""]
    picked = history(Tie((1, 2, 3)), pick(1))
    assert [picked.decision(photo) for photo in (1, 2)] == [Decision("pick"), Decision(tied=True)]


def test_a_tie_is_over_where_its_series_was_merged_since() -> None:
    found = history(Tie((1, 2, 3)), Grouping(((1,), (2, 3))))
    assert [found.is_tied(photo) for photo in (1, 2, 3, 4)] == [True, True, True, False]
    found = history(Tie((1, 2)), Grouping(((1, 2, 3),)), Grouping(((1, 2), (3,))))
    assert [found.is_tied(photo) for photo in (1, 2, 3)] == [False, False, False]
    assert found.decision(1).tied  # it is still no better than the other one
    found.add(Event(4, "", Undo(3)))
    found.add(Event(5, "", Undo(2)))
    assert found.is_tied(2)
    found.add(Event(6, "", Redo(2)))
    found.add(Event(7, "", Tie((2, 3))))
    assert [found.is_tied(photo) for photo in (1, 2, 3)] == [False, True, True]
    found.add(Event(8, "", pick(2)))
    assert not found.is_tied(2)


def test_undo_and_redo_go_through_the_whole_history() -> None:
    found = history(pick(1), pick(2), Undo(2), Undo(1))
    assert not found.decision(1)
    assert not found.decision(2)
    assert found.to_undo is None
    assert found.to_redo == Event(1, "", pick(1))
    assert found.add(Event(5, "", Redo(1))) == (1,)
    assert found.decision(1).flag == "pick"
    assert found.to_undo == Event(1, "", pick(1))
    assert found.to_redo == Event(2, "", pick(2))
    found.add(Event(6, "", pick(3)))
    assert found.to_redo is None


def test_an_undo_of_what_is_elsewhere_changes_nothing() -> None:
    found = history(pick(1))
    assert found.add(Event(9, "", Undo(8))) == ()
    assert found.decision(1).flag == "pick"
    assert found.newest == 9


def test_undoing_twice_is_undoing_once() -> None:
    """Two windows may take the same event back at once."""
    found = history(pick(1), pick(2), Undo(2), Undo(2), Redo(2), Redo(2))
    assert found.decision(2).flag == "pick"
    assert found.to_redo is None
    assert [event.number for event in found.counting()] == [1, 2]


def test_the_newest_grouping_of_a_photo_counts() -> None:
    found = history(Grouping(((1, 2, 3, 4),)), Grouping(((3,), (4, 5))))
    assert [found.group(photo) for photo in range(1, 7)] == [(1, 2), (1, 2), (3,), (4, 5), (4, 5), None]
    assert found.changes_groups(Event(2, "", Grouping(((3,),))))
    undo = Event(3, "", Undo(2))
    found.add(undo)
    assert found.changes_groups(undo)
    assert [found.group(photo) for photo in (1, 3, 5)] == [(1, 2, 3, 4), (1, 2, 3, 4), None]


MARKS = st.builds(
    Mark,
    st.integers(1, 3),
    st.sampled_from(get_args(Flag)),
    st.none() | st.integers(0, 5),
    st.none() | st.sampled_from(get_args(Label)),
)
STEPS = st.lists(MARKS | st.sampled_from(["undo", "redo"]), max_size=30)


@given(STEPS)
def test_it_agrees_with_an_editor_that_keeps_every_state(steps: Sequence[Mark | str]) -> None:
    """The model: a list of states, and a place in it; what follows the place goes with the next mark."""
    found = History()
    states: list[dict[int, Decision]] = [{}]
    place = 0
    for number, step in enumerate(steps, 1):
        if isinstance(step, Mark):
            before = states[place].get(step.photo, Decision())
            said = {"flag": step.flag, "stars": step.stars, "label": step.label}
            after = replace(before, **{name: value for name, value in said.items() if value is not None})  # type: ignore[arg-type]
            states[place + 1 :] = [{**states[place], step.photo: after}]
            place += 1
            found.add(Event(number, "", Marking((step,))))
        elif step == "undo":
            assert (found.to_undo is None) == (place == 0)
            if found.to_undo:
                found.add(Event(number, "", Undo(found.to_undo.number)))
                place -= 1
        else:
            assert (found.to_redo is None) == (place == len(states) - 1)
            if found.to_redo:
                found.add(Event(number, "", Redo(found.to_redo.number)))
                place += 1
        assert [found.decision(photo) for photo in (1, 2, 3)] == [
            states[place].get(photo, Decision()) for photo in (1, 2, 3)
        ]
