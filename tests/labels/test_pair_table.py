from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from phototriage.errors import LabelError
from phototriage.labels import Comparisons


def rows(comparisons: Comparisons) -> list[tuple[Any, ...]]:
    table = comparisons.table[["series", "photo_a", "photo_b", "preference"]]
    return list(table.itertuples(index=False, name=None))


@pytest.mark.parametrize("winner", [["a", "b", "a"], ["x", "z", "u"], ["x", "b", "a"]])
def test_a_winner_is_a_side_or_a_photo_and_compared_photos_are_a_series(winner: list[str]) -> None:
    pairs = Comparisons.from_pairs(["x", "y", "u"], ["y", "z", "v"], winner)
    assert rows(pairs) == [("x", "x", "y", 1.0), ("x", "y", "z", 0.0), ("u", "u", "v", 1.0)]
    assert pairs.votes.tolist() == [0, 0, 0]


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
def test_preferences_of_any_kind_and_photos_that_are_paths_or_numbers(kind: Any) -> None:
    pairs = Comparisons.from_pairs([Path("p/1"), 2], ["p/2", 3], preference=kind([0.25, 1.0]), series=[7, 7])
    assert rows(pairs) == [("7", "p/1", "p/2", 0.25), ("7", "2", "3", 1.0)]


def test_repeated_pairs_are_one_with_the_mean() -> None:
    pairs = Comparisons.from_pairs(
        ["y", "x", "x", "x"],
        ["x", "y", "y", "z"],
        preference=[0.5, 0.25, 0.0, 0.3],
        series=["s", "s", "s", "s"],
    )
    assert rows(pairs) == [("s", "y", "x", pytest.approx(0.75)), ("s", "x", "z", 0.3)]
    other = Comparisons.from_pairs(["x", "y"], ["y", "x"], preference=[1, 1], series=["s", "t"])
    assert len(other) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give either the winner of each pair or its preference"),
        ({"winner": ["a", "b"], "preference": [1, 0]}, "give either the winner"),
        ({"winner": ["a"]}, "and there are 2 of photo_a, 2 of photo_b, 1 of winner"),
        ({"winner": ["a", "c"]}, "the winner of pair 1 must be a, b, or one of its photos u and v, not 'c'"),
        ({"preference": [0.5, 1.5]}, "preference is outside"),
        ({"preference": [0.5, float("nan")]}, "preference is outside"),
        ({"preference": ["a", "b"]}, "the preference must be one number per pair, P.a over b. from 0 to 1"),
        ({"preference": [[0.5], [1.0]]}, "the preference must be one number per pair"),
        ({"winner": ["a", "b"], "series": ["s"]}, "1 of series"),
    ],
)
def test_what_cannot_be_used_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(LabelError, match=message):
        Comparisons.from_pairs(["x", "u"], ["y", "v"], **arguments)


def test_a_winner_that_may_be_a_side_or_the_photo_of_the_other_is_ambiguous() -> None:
    with pytest.raises(LabelError, match="pair 0 is 'a', which may be the side or the photo of the other"):
        Comparisons.from_pairs(["b"], ["a"], winner=["a"])


def test_a_photo_beside_itself_and_no_pairs_are_refused() -> None:
    with pytest.raises(LabelError, match="a photo is compared with itself"):
        Comparisons.from_pairs(["x"], ["x"], ["a"])
    with pytest.raises(LabelError, match="there are 0 of photo_a"):
        Comparisons.from_pairs([], [], [])
