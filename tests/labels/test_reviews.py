import json
import math
from pathlib import Path

import pytest

from phototriage.errors import LabelError
from phototriage.labels.reviews import read_reviews


def write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


def review(first: object, second: object, choice: object) -> dict[str, object]:
    return {"compareID1": first, "compareID2": second, "userChoice": choice, "reason": ["", "too dark"]}


def test_reviews_are_counted_per_ordered_pair(tmp_path: Path) -> None:
    path = write(
        tmp_path / "000031.json",
        {
            "reviews": [
                review(0, 2, "RIGHT"),
                review("0", "2", "right"),
                review(0, 2, "LEFT"),
                review(2, 0, "LEFT"),
                review(1, 2, ""),
                review(1, 2, None),
            ]
        },
    )
    read = read_reviews([path])
    assert read.votes.rows.to_numpy().tolist() == [["31", 0, 2, 1, 2], ["31", 2, 0, 1, 0]]
    assert (read.reviews, read.undecided) == (6, 2)


@pytest.mark.parametrize(
    "bad",
    [
        {},
        [],
        "x",
        *(
            review(first, 0, "LEFT")
            for first in (0, -1, "a", "-1", "1.0", 1.7, True, None, math.inf, "9" * 5000)
        ),
    ],
)
def test_a_malformed_review_is_named(tmp_path: Path, bad: dict[str, object]) -> None:
    path = write(tmp_path / "000031.json", {"reviews": [review(0, 1, "LEFT"), bad]})
    with pytest.raises(LabelError, match=r"000031.json, review 2: expected two different ids"):
        read_reviews([path])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"reviews": 3}', '{"review": []}', "[" * 100_000])
def test_a_file_of_something_else_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "000031.json"
    path.write_text(text)
    with pytest.raises(LabelError, match=r"000031.json"):
        read_reviews([path])


def test_reviews_without_a_choice_are_no_labels(tmp_path: Path) -> None:
    path = write(tmp_path / "000031.json", {"reviews": [review(0, 1, "")]})
    with pytest.raises(LabelError, match="none of 1 review files"):
        read_reviews([path])


def test_a_series_that_stands_twice_would_count_twice(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    paths = [tmp_path / "000031.json", tmp_path / "copy" / "31.json"]
    for path in paths:
        write(path, {"reviews": [review(0, 1, "LEFT")]})
    with pytest.raises(LabelError, match=f"{paths[1]} and {paths[0]} are both of series 31"):
        read_reviews(paths)
