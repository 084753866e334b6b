"""The single reviews of the PhotoTriage release: one JSON file per series."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from phototriage.errors import LabelError
from phototriage.labels.release import series_key
from phototriage.labels.text_file import read_text
from phototriage.labels.votes import VoteTable

__all__ = ["Reviews", "read_reviews"]


@dataclass(frozen=True)
class Reviews:
    """The sum of all reviews.

    Fields:
        votes: votes per ordered pair, with permuted ids; see ``VoteTable``.
        reviews: number of reviews, with or without a choice.
        undecided: reviews that chose neither photo and were left out.
    """

    votes: VoteTable
    reviews: int
    undecided: int


def read_reviews(paths: Sequence[Path]) -> Reviews:
    """Reads review files that are named after their series, such as '000001.json'.

    Each contains ``{"reviews": [{"compareID1": 0, "compareID2": 2, "userChoice": "RIGHT", …}, …]}``. The ids
    count from 0 and are numbers or text.

    Raises:
        LabelError: a file is not such JSON, two files have the same series, or no review made a choice. The
            text names the file and the number of the review.
    """
    counts: dict[tuple[str, int, int], Counter[str]] = {}
    reviews = undecided = 0
    file_of: dict[int, Path] = {}
    for path in paths:
        series = int(path.stem)
        if series in file_of:
            raise LabelError(
                f"{path} and {file_of[series]} are both of series {series}, so its votes would count twice: "
                "keep one of them"
            )
        file_of[series] = path
        for number, review in enumerate(_reviews_of(path), start=1):
            first, second, choice = _parse(review, f"{path}, review {number}")
            reviews += 1
            if choice in ("LEFT", "RIGHT"):
                pair = (series_key(series), first, second)
                counts.setdefault(pair, Counter())[choice] += 1
            else:
                undecided += 1
    if not counts:
        raise LabelError(f"none of {len(paths)} review files holds a review that chose LEFT or RIGHT")
    rows = [(*pair, count["LEFT"], count["RIGHT"]) for pair, count in counts.items()]
    table = pd.DataFrame(rows, columns=["series", "first", "second", "left", "right"])
    return Reviews(VoteTable(table), reviews, undecided)


def _reviews_of(path: Path) -> list[Any]:
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise LabelError(f"{path} cannot be read as reviews: {error}") from error
    reviews = content.get("reviews") if isinstance(content, dict) else None
    if not isinstance(reviews, list):
        raise LabelError(f'{path}: expected {{"reviews": [ … ]}}')
    return reviews


def _parse(review: Any, place: str) -> tuple[int, int, str]:
    try:
        first, second = _id(review["compareID1"]), _id(review["compareID2"])
    except (KeyError, TypeError, ValueError):
        first = second = -1
    if first < 0 or second < 0 or first == second:
        raise LabelError(f"{place}: expected two different ids ≥ 0 in compareID1 and compareID2")
    return first, second, str(review.get("userChoice") or "").strip().upper()


def _id(value: Any) -> int:
    if type(value) is int or (isinstance(value, str) and value.strip().isdecimal()):
        return int(value)
    raise ValueError
