from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.labels.conftest import MakeComparisons

from phototriage.errors import LabelError, OutputError
from phototriage.labels import Comparisons, k_folds, official_split

ROWS = [
    ("2", "x.jpg", "y.jpg", 0.9, 9, 1),
    ("1", "b.jpg", "a.jpg", 0.25, 1, 2),
    ("1", "b.jpg", "c.jpg", 0.5, 0, 0),
]


@pytest.fixture
def table(make_comparisons: MakeComparisons) -> pd.DataFrame:
    return make_comparisons(ROWS).table


def test_what_it_holds(make_comparisons: MakeComparisons) -> None:
    comparisons = make_comparisons(ROWS)
    assert len(comparisons) == 3
    assert comparisons.series == ("2", "1")
    assert comparisons.photos == ("x.jpg", "y.jpg", "b.jpg", "a.jpg", "c.jpg")
    assert comparisons.photos_by_series() == {"2": ("x.jpg", "y.jpg"), "1": ("a.jpg", "b.jpg", "c.jpg")}
    assert comparisons.votes.tolist() == [10, 3, 0]
    np.testing.assert_allclose(comparisons.vote_agreement, [0.9, 2 / 3, np.nan])
    assert comparisons.table.index.tolist() == [0, 1, 2]


def test_selecting_keeps_the_order(make_comparisons: MakeComparisons) -> None:
    comparisons = make_comparisons(ROWS)
    assert comparisons.select(comparisons.votes < 5).table["preference"].tolist() == [0.25, 0.5]
    assert comparisons.in_series({"1", "7"}).series == ("1",)
    assert len(comparisons.in_series([])) == 0


def test_a_change_of_the_table_given_does_not_reach_in(table: pd.DataFrame) -> None:
    comparisons = Comparisons(table)
    table.loc[0, "preference"] = 7.0
    assert comparisons.table["preference"].tolist() == [0.9, 0.25, 0.5]


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("preference", 1.2, r"preference is outside \[0, 1\] in row 1 \(series 1: b.jpg, a.jpg\)"),
        ("preference", np.nan, "preference is outside"),
        ("photo_b", "b.jpg", "compared with itself in row 1"),
        ("photo_b", "c.jpg", r"a second time in row 2 \(series 1: b.jpg, c.jpg\)"),
        ("photo_b", "", "photo_b is empty"),
        ("votes_a", -1, "votes_a is not a whole number"),
    ],
)
def test_a_bad_row_is_named(table: pd.DataFrame, column: str, value: Any, says: str) -> None:
    table.loc[1, column] = value
    with pytest.raises(LabelError, match=says):
        Comparisons(table)


def test_a_pair_in_the_other_order_is_the_same_pair(make_comparisons: MakeComparisons) -> None:
    with pytest.raises(LabelError, match="a second time"):
        make_comparisons([("1", "a", "b", 0.2), ("1", "b", "a", 0.8)])
    make_comparisons([("1", "a", "b", 0.2), ("2", "b", "a", 0.8)])


def test_only_the_first_bad_rows_are_named(make_comparisons: MakeComparisons) -> None:
    with pytest.raises(LabelError, match=r"and 4 more$"):
        make_comparisons([("1", f"{i}", f"{i}x", 2.0) for i in range(7)])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda table: table.drop(columns="rank_a"), "lacks rank_a; its columns are series, photo_a"),
        (lambda table: table.assign(winner="a"), "unknown columns winner"),
        (lambda table: table.assign(series=[1, 2, 3]), "series of the comparisons must hold text"),
        (lambda table: table.assign(preference="0.5"), "preference of the comparisons must hold numbers"),
    ],
)
def test_wrong_columns_are_refused(
    table: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame], says: str
) -> None:
    with pytest.raises(LabelError, match=says):
        Comparisons(change(table))


def test_a_selection_is_not_validated_again(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Comparisons(table)
    validated = []
    monkeypatch.setattr(Comparisons, "__post_init__", lambda self: validated.append(self))
    parts = [
        whole.select(table["series"] == "1"),
        whole.in_series(["1"]),
        whole.between(["a.jpg", "b.jpg", "c.jpg"]),
    ]
    assert validated == []
    monkeypatch.undo()
    for part in parts:
        # What validation would have made of the same rows.
        pd.testing.assert_frame_equal(part.table, Comparisons(table.iloc[1:]).table)


def test_five_folds_validate_the_pairs_once(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Comparisons(
        pd.concat([table.iloc[:1].assign(series=f"{i}", photo_a=f"{i}a", photo_b=f"{i}b") for i in range(20)])
    )
    validated = []
    monkeypatch.setattr(Comparisons, "__post_init__", lambda self: validated.append(self))
    for _, held_out in k_folds(whole, 5, seed=0):
        official_split(whole, held_out.series, seed=0)
    assert validated == []


def test_the_best_by_rank_is_the_best_left(table: pd.DataFrame) -> None:
    ranked = Comparisons(table.assign(rank_a=[2, 3, 3], rank_b=[1, 1, 2]))
    assert ranked.best_photos() == {"2": {"y.jpg"}, "1": {"a.jpg"}}
    without_first = ranked.select(ranked.table["photo_b"] != "a.jpg")
    assert without_first.best_photos() == {"2": {"y.jpg"}, "1": {"c.jpg"}}


def test_the_best_by_preference_where_a_rank_is_unknown(table: pd.DataFrame) -> None:
    ranked = Comparisons(table.assign(rank_a=[2, 3, 0], rank_b=[1, 1, 2]))
    assert ranked.best_photos() == {"2": {"y.jpg"}, "1": {"a.jpg"}}


def test_the_best_by_preference_shares_ties(make_comparisons: MakeComparisons) -> None:
    circle = make_comparisons([("1", "a", "b", 0.8), ("1", "b", "c", 0.8), ("1", "c", "a", 0.8)])
    assert circle.best_photos() == {"1": {"a", "b", "c"}}
    tied_above = make_comparisons([("1", "a", "b", 0.5), ("1", "b", "c", 0.8), ("1", "c", "a", 0.2)])
    assert tied_above.best_photos() == {"1": {"a", "b"}}
    # Equal strengths that come out of the fit a rounding error apart.
    rows = [("1", "a", "b", 0.5), ("1", "a", "c", 0.7), ("1", "b", "c", 0.7)]
    rows += [("1", "a", "d", 0.9), ("1", "b", "d", 0.9), ("1", "c", "d", 0.6)]
    assert make_comparisons(rows).best_photos() == {"1": {"a", "b"}}


def test_the_best_by_preference_weighs_the_opponents(make_comparisons: MakeComparisons) -> None:
    # "d" wins its only comparison clearly, but against the loser of all; its mean preference is the greatest.
    rows = [("1", "a", "b", 0.9), ("1", "b", "c", 0.9), ("1", "a", "c", 0.95), ("1", "d", "c", 0.95)]
    rows.append(("1", "a", "d", 0.7))
    assert make_comparisons(rows).best_photos() == {"1": {"a"}}
    # Never compared with "d", but above "b", which is as far above "c": log(9) twice is more than log(19).
    rows = [("1", "a", "b", 0.9), ("1", "b", "c", 0.9), ("1", "d", "c", 0.95)]
    assert make_comparisons(rows).best_photos() == {"1": {"a"}}


def test_the_best_by_preference_takes_a_unanimous_win_for_one_of_a_hundred(
    make_comparisons: MakeComparisons,
) -> None:
    # "a" always wins, which the ridge of 0.01 bounds; "c" leads by two steps of known size.
    for step, best in ((0.88, "a"), (0.91, "c")):
        rows = [("1", "a", "b", 1.0), ("1", "c", "d", step), ("1", "d", "b", step)]
        assert make_comparisons(rows).best_photos() == {"1": {best}}


def test_the_best_follows_borda_where_all_pairs_are_compared(make_comparisons: MakeComparisons) -> None:
    random = np.random.default_rng(5)
    for _ in range(20):
        photos = list("abcde")
        rows = [("1", a, b, float(random.random())) for i, a in enumerate(photos) for b in photos[i + 1 :]]
        points = dict.fromkeys(photos, 0.0)
        for _, a, b, preference in rows:
            points[a] += preference
            points[b] += 1 - preference
        assert make_comparisons(rows).best_photos() == {"1": {max(points, key=points.__getitem__)}}


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_writing(make_comparisons: MakeComparisons, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"labels{ending}"
    make_comparisons(ROWS).write(path)
    table = pd.read_csv(path, dtype={"series": str}) if ending == ".csv" else pd.read_parquet(path)
    assert table.columns.tolist() == [
        "series",
        "photo_a",
        "photo_b",
        "preference",
        "votes",
        "votes_a",
        "votes_b",
        "vote_agreement",
    ]
    assert table["votes"].tolist() == [10, 3, 0]
    np.testing.assert_array_equal(table["vote_agreement"], [0.9, 2 / 3, np.nan])
    assert list(tmp_path.iterdir()) == [path]


def test_writing_elsewhere_is_refused_in_one_line(make_comparisons: MakeComparisons, tmp_path: Path) -> None:
    comparisons = make_comparisons(ROWS)
    with pytest.raises(OutputError, match=r"written as \.csv or \.parquet, not as '\.xlsx'"):
        comparisons.write(tmp_path / "labels.xlsx")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "l.csv", tmp_path / "file" / "l.parquet", tmp_path / "folder.csv"):
        with pytest.raises(OutputError, match=r"cannot write .*: .") as caught:
            comparisons.write(path)
        assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.csv"]
