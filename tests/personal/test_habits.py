from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phototriage.personal.habits import Habits, Marked, habits_of, order

NOTHING = Marked("", 0, "")


def stars(number: int | None, label: str = "") -> Marked:
    return Marked("", number, label)


def flagged(flag: str | None, number: int = 0) -> Marked:
    return Marked(flag, number, "")  # type: ignore[arg-type]


def habits(*series: Sequence[Marked]) -> Habits:
    return habits_of([{each: list(marks).count(each) for each in marks} for marks in series])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (flagged("pick"), NOTHING, 1),
        (flagged("pick"), flagged("reject"), 1),
        (NOTHING, flagged("reject"), 1),
        (flagged("pick", 1), flagged("", 5), 1),
        (flagged("pick", 4), flagged("pick", 5), -1),
        (flagged("reject", 4), flagged("reject", 2), 1),
        (flagged(None, 4), flagged("pick", 2), 1),
        (flagged(None), flagged("reject"), 0),
        (stars(4), stars(3), 1),
        (stars(2), stars(1), 1),
        (stars(3), stars(3), 0),
        (stars(3), NOTHING, 1),
        (stars(2), NOTHING, 0),
        (stars(1), NOTHING, 0),
        (stars(5), stars(None), 0),
        (stars(4, "select"), stars(4), 1),
        (stars(4, "trash"), stars(4), -1),
        (stars(4, "select"), stars(4, "trash"), 1),
        (stars(4, "red"), stars(4), 0),
        (stars(5, "trash"), stars(4, "select"), 1),
    ],
)
def test_which_of_two_marked_photos_is_better(one: Marked, other: Marked, expected: int) -> None:
    assert order(one, other, habits()) == expected
    assert order(other, one, habits()) == -expected


def test_a_photo_without_stars_says_nothing_where_a_person_rates_all() -> None:
    keepers_only = habits([stars(5), NOTHING], [stars(4), NOTHING], [stars(5), stars(3)])
    assert order(stars(5), NOTHING, keepers_only) == 1
    all_of_them = habits([stars(5), NOTHING], [stars(3), stars(3)], [stars(4), flagged("reject")])
    assert all_of_them.rates_all
    assert order(stars(5), NOTHING, all_of_them) == 0
    assert order(stars(5), stars(3), all_of_them) == 1


def test_a_photo_without_a_flag_says_nothing_where_a_person_flags_all() -> None:
    all_of_them = habits([flagged("pick"), NOTHING], [flagged("pick"), flagged("reject")])
    assert all_of_them.flags_all
    assert order(flagged("pick"), NOTHING, all_of_them) == 0
    assert order(NOTHING, flagged("reject"), all_of_them) == 0
    assert order(flagged("pick"), flagged("reject"), all_of_them) == 1


def test_who_throws_whole_series_away_does_not_flag_all() -> None:
    assert not habits([flagged("reject")], [flagged("reject")], [flagged("reject"), NOTHING]).flags_all


def test_labels_mean_what_the_stars_of_the_same_person_say() -> None:
    good = [stars(5, "red"), stars(4)]
    bad = [stars(3, "red"), stars(4)]
    assert "red" not in habits(*[good] * 9).label_ranks
    assert habits(*[good] * 10).label_ranks["red"] == 1
    assert habits(*[good] * 8, *[bad] * 2).label_ranks["red"] == 1
    assert "red" not in habits(*[good] * 7, *[bad] * 3).label_ranks
    assert habits(*[bad] * 10).label_ranks["red"] == -1


def test_a_word_means_another_thing_to_who_uses_it_so() -> None:
    assert habits(*[[stars(2, "select"), stars(4)]] * 10).label_ranks["select"] == -1


marked = st.builds(
    Marked,
    st.sampled_from(["pick", "", "reject", None]),
    st.sampled_from([None, 0, 1, 2, 3, 5]),
    st.sampled_from([None, "", "red", "select", "trash"]),
)


@given(
    marked, marked, st.booleans(), st.booleans(), st.dictionaries(st.just("red"), st.sampled_from([1, -1]))
)
def test_order_is_antisymmetric(
    one: Marked, other: Marked, flags_all: bool, rates_all: bool, ranks: dict[str, int]
) -> None:
    some = Habits(flags_all, rates_all, ranks)
    assert order(one, other, some) == -order(other, one, some)
    assert order(one, one, some) == 0
