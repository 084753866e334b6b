from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.labels.conftest import MakeComparisons, Row

from phototriage.errors import LabelError
from phototriage.labels import Comparisons, Split, k_folds, official_split, split_by_series


def separate(make_comparisons: MakeComparisons, series: int) -> Comparisons:
    return make_comparisons(separate_rows(series))


def separate_rows(series: int) -> list[Row]:
    return [(str(i), f"{i}a", f"{i}b", 0.7) for i in range(series)]


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """Up to 14 series of which some share photos, the rows in any order."""
    series = draw(st.integers(1, 14))
    rows = [(str(i), f"{i}a", f"{i}b", 0.7) for i in range(series)]
    shared = draw(st.sets(st.integers(0, series - 1), max_size=3))
    rows += [(str(i), f"{i}a", "everywhere", 0.4) for i in shared]
    return draw(st.permutations(rows))


any_table = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sides(split: Split) -> list[Comparisons]:
    return [split.train, split.validation, split.test]


def assert_apart(comparisons: Comparisons, parts: Sequence[Comparisons]) -> None:
    assert sum(map(len, parts)) == len(comparisons)
    for names in ("series", "photos"):
        listed = [name for part in parts for name in getattr(part, names)]
        assert sorted(listed) == sorted(getattr(comparisons, names))


def test_the_shares_are_of_series(make_comparisons: MakeComparisons) -> None:
    split = split_by_series(separate(make_comparisons, 50), seed=3)
    assert [len(side.series) for side in sides(split)] == [40, 5, 5]
    split = split_by_series(separate(make_comparisons, 3), seed=3)
    assert [len(side.series) for side in sides(split)] == [1, 1, 1]


@given(tables(), st.integers(0, 5))
@any_table
def test_no_photo_stands_on_two_sides_and_rows_may_come_in_any_order(
    make_comparisons: MakeComparisons, rows: Sequence[Row], seed: int
) -> None:
    comparisons = make_comparisons(rows)
    try:
        split = split_by_series(comparisons, seed)
    except LabelError:
        assert len(comparisons.series) < 5  # one series, or three that go together and one other
        return
    assert_apart(comparisons, sides(split))
    again = split_by_series(make_comparisons(sorted(rows)), seed)
    assert [set(side.series) for side in sides(again)] == [set(side.series) for side in sides(split)]


@given(tables(), st.integers(2, 4), st.integers(0, 5))
@any_table
def test_folds_hold_every_series_out_once(
    make_comparisons: MakeComparisons, rows: Sequence[Row], folds: int, seed: int
) -> None:
    comparisons = make_comparisons(rows)
    try:
        parts = k_folds(comparisons, folds, seed)
    except LabelError:
        assert len(comparisons.series) < folds + 2
        return
    assert_apart(comparisons, [held_out for _, held_out in parts])
    for train, held_out in parts:
        assert_apart(comparisons, [train, held_out])
    again = k_folds(make_comparisons(sorted(rows)), folds, seed)
    assert [set(out.series) for _, out in again] == [set(out.series) for _, out in parts]


@pytest.mark.parametrize("seed", range(5))
def test_series_with_copies_of_a_photo_stay_together(make_comparisons: MakeComparisons, seed: int) -> None:
    comparisons = separate(make_comparisons, 20)
    different = {photo: f"content of {photo}" for photo in comparisons.photos}
    contents = different | {f"{i + 10}b": different[f"{i}a"] for i in range(10)}

    def partners_together(part: Comparisons) -> bool:
        return {(int(series) + 10) % 20 for series in part.series} == {int(series) for series in part.series}

    assert all(map(partners_together, sides(split_by_series(comparisons, seed, contents=contents))))
    assert all(partners_together(held_out) for _, held_out in k_folds(comparisons, 3, seed, contents))
    official = official_split(comparisons, {"3", "13"}, seed, 0.2, contents)
    assert len(official.validation.series) == 4
    assert all(map(partners_together, sides(official)))

    alone = split_by_series(comparisons, seed)
    assert not all(map(partners_together, sides(alone)))
    assert split_by_series(comparisons, seed, contents=different).test.series == alone.test.series


def test_another_seed_is_another_split(make_comparisons: MakeComparisons) -> None:
    comparisons = separate(make_comparisons, 50)
    assert split_by_series(comparisons, 1).test.series != split_by_series(comparisons, 2).test.series


def test_folds_are_even(make_comparisons: MakeComparisons) -> None:
    sizes = [len(held_out.series) for _, held_out in k_folds(separate(make_comparisons, 13), 4, seed=0)]
    assert sorted(sizes) == [3, 3, 3, 4]


def test_the_official_test_stays_whole(make_comparisons: MakeComparisons) -> None:
    comparisons = separate(make_comparisons, 25)
    split = official_split(comparisons, {"3", "7", "11", "13", "24", "not here"}, seed=0)
    assert split.test.series == ("3", "7", "11", "13", "24")
    assert len(split.validation.series) == 2
    assert_apart(comparisons, sides(split))


def test_an_official_test_that_shares_a_photo_is_refused(make_comparisons: MakeComparisons) -> None:
    rows = [("1", "a", "b", 0.7), ("2", "b", "c", 0.7), ("3", "d", "e", 0.7), ("4", "f", "g", 0.7)]
    with pytest.raises(
        LabelError, match=r"photo b is on two sides of the split, (train|validation) and test"
    ):
        official_split(make_comparisons(rows), {"1"}, seed=0)


def test_an_empty_side_is_refused(make_comparisons: MakeComparisons) -> None:
    none, one = make_comparisons([]), make_comparisons([("1", "a", "b", 0.7)])
    with pytest.raises(LabelError, match="the validation side of the split is empty"):
        Split(one, none, none)


def test_too_few_series_are_counted(make_comparisons: MakeComparisons) -> None:
    with pytest.raises(LabelError, match=r"three sides .* more series .*, and there are 2$"):
        split_by_series(separate(make_comparisons, 2), seed=0)
    with pytest.raises(LabelError, match=r"outside the test .*, and there are 1$"):
        official_split(separate(make_comparisons, 2), {"1"}, seed=0)


def test_series_that_hang_together_are_counted_as_one(make_comparisons: MakeComparisons) -> None:
    chain = make_comparisons(
        [(str(i), f"{i}", f"{i + 1}", 0.7) for i in range(40)] + [("40", "5", "new", 0.7)]
    )
    says = "and there are 1: 41 series are connected by photos they share, 3 of them by 5$"
    with pytest.raises(LabelError, match=f"three sides .*, {says}"):
        split_by_series(chain, seed=0)
    with pytest.raises(LabelError, match=f"5 folds .*, {says}"):
        k_folds(chain, 5, seed=0)
    apart = make_comparisons([*chain.table.iloc[:, :4].itertuples(index=False), ("41", "x", "y", 0.7)])
    with pytest.raises(LabelError, match=f"outside the test .*, {says}"):
        official_split(apart, {"41"}, seed=0)


def test_an_official_test_must_be_there(make_comparisons: MakeComparisons) -> None:
    with pytest.raises(LabelError, match=r"there is no official test: only PhotoTriage's val_pairlist.txt"):
        official_split(separate(make_comparisons, 9), set(), seed=0)
    with pytest.raises(LabelError, match="none of the 2 series of the official test is among"):
        official_split(separate(make_comparisons, 9), {"10", "11"}, seed=0)


def test_many_series_that_hang_together_are_learned_from(make_comparisons: MakeComparisons) -> None:
    together = [(str(i), f"{i}a", "everywhere", 0.7) for i in range(100, 112)]
    comparisons = make_comparisons([*separate_rows(8), *together])
    for seed in range(5):
        split = split_by_series(comparisons, seed)
        assert [len(side.series) for side in sides(split)] == [16, 2, 2]


def test_folds_stay_even_where_many_series_hang_together(make_comparisons: MakeComparisons) -> None:
    together = [(str(i), f"{i}a", "everywhere", 0.7) for i in range(100, 106)]
    comparisons = make_comparisons([*separate_rows(6), *together])
    for seed in range(5):
        assert [len(held_out.series) for _, held_out in k_folds(comparisons, 2, seed)] == [6, 6]


def test_a_series_on_two_sides_is_refused(make_comparisons: MakeComparisons) -> None:
    one, two = make_comparisons([("1", "a", "b", 0.7)]), make_comparisons([("1", "c", "d", 0.7)])
    with pytest.raises(LabelError, match="series 1 is on two sides of the split, train and test"):
        Split(one, make_comparisons([("2", "x", "y", 0.7)]), two)


@pytest.mark.parametrize("fractions", [(0.8, 0.1, 0.2), (1.0, 0.0, 0.0), (1.1, -0.2, 0.1)])
def test_fractions_must_share_the_whole(
    make_comparisons: MakeComparisons, fractions: tuple[float, float, float]
) -> None:
    with pytest.raises(LabelError, match="add up to 1"):
        split_by_series(separate(make_comparisons, 50), 0, fractions)


def test_folds_need_series(make_comparisons: MakeComparisons) -> None:
    with pytest.raises(LabelError, match=r"5 folds need as many series .* there are 4"):
        k_folds(separate(make_comparisons, 4), 5, seed=0)
    with pytest.raises(LabelError, match="at least 2 folds"):
        k_folds(separate(make_comparisons, 4), 1, seed=0)
    with pytest.raises(LabelError, match="validation_fraction"):
        official_split(separate(make_comparisons, 4), {"1"}, 0, validation_fraction=1.0)
