"""The votes behind PhotoTriage, and its aggregated vote table."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phototriage.errors import LabelError
from phototriage.labels.release import series_key
from phototriage.labels.text_file import csv_rows

__all__ = ["VoteTable", "is_vote_table", "read_vote_table"]

_REASON = "label_"
"""The columns that count the reasons people gave begin like this."""

_READ = ("series_id", "compareID1", "compareID2", "LEFT", "RIGHT")


@dataclass(frozen=True)
class VoteTable:
    """Votes per *ordered* pair, as published.

    **The ids are not photo numbers.** Within each series they are an unknown permutation of the numbers;
    ``labels.alignment`` reverses it. The ids are 0-based in the files and here.

    Columns of ``rows``:
        series: str.
        first, second: int64 ≥ 0, two different ids, in the order in which the photos were shown.
        left, right: int64 ≥ 0, votes for first, for second.

    Columns of ``reasons``, with the same rows: a reason each, float64 ≥ 0, how many of the votes name it.
    None if reasons are unknown.
    """

    rows: pd.DataFrame
    reasons: pd.DataFrame | None = None

    @property
    def total(self) -> int:
        """Total number of votes."""
        return int(self.rows[["left", "right"]].to_numpy().sum())

    def merged(self) -> pd.DataFrame:
        """One row per unordered pair, sorted: series, low, high (ids, low < high), votes_low, votes_high."""
        rows = self.rows
        swap = rows["first"] > rows["second"]
        merged = pd.DataFrame(
            {
                "series": rows["series"],
                "low": rows["first"].where(~swap, rows["second"]),
                "high": rows["second"].where(~swap, rows["first"]),
                "votes_low": rows["left"].where(~swap, rows["right"]),
                "votes_high": rows["right"].where(~swap, rows["left"]),
            }
        )
        return merged.groupby(["series", "low", "high"], as_index=False).sum()

    def wins(self) -> dict[str, tuple[tuple[int, ...], NDArray[np.float64]]]:
        """For each series, its n sorted ids and the (n, n) votes of both orders: [i, j] = i over j."""
        found: dict[str, list[tuple[int, int, int, int]]] = {}
        columns = (self.rows[name] for name in ("series", "first", "second", "left", "right"))
        for series, first, second, left, right in zip(*columns, strict=True):
            found.setdefault(series, []).append((first, second, left, right))
        result: dict[str, tuple[tuple[int, ...], NDArray[np.float64]]] = {}
        for series, pairs in found.items():
            ids = tuple(sorted({photo for pair in pairs for photo in pair[:2]}))
            place = {photo: i for i, photo in enumerate(ids)}
            wins = np.zeros((len(ids), len(ids)))
            for first, second, left, right in pairs:
                wins[place[first], place[second]] += left
                wins[place[second], place[first]] += right
            result[series] = (ids, wins)
        return result


def is_vote_table(path: Path) -> bool:
    """Whether the first row of the CSV is the header of a vote table."""
    try:
        _, header = next(csv_rows(path), ("", []))
    except LabelError:
        return False
    return {"compareID1", "compareID2"} <= {name.strip() for name in header}


def read_vote_table(path: Path) -> VoteTable:
    """Reads the aggregated vote table.

    It uses only the columns series_id, compareID1, compareID2, LEFT and RIGHT, and those of reasons, label_….

    Raises:
        LabelError: the file cannot be read or lacks a column, or a line is malformed or repeats an ordered
            pair.
    """
    lines = csv_rows(path)
    _, cells = next(lines, ("", []))
    header = [name.strip() for name in cells]
    missing = [name for name in _READ if name not in header]
    if missing:
        raise LabelError(f"{path}: a vote table needs {', '.join(_READ)}; it lacks {', '.join(missing)}")
    columns = [header.index(name) for name in _READ]
    reasons = {i: name.removeprefix(_REASON) for i, name in enumerate(header) if name.startswith(_REASON)}
    named: list[list[float]] = []
    rows: list[tuple[str, int, int, int, int]] = []
    seen: set[tuple[str, int, int]] = set()
    for place, cells in lines:
        row = _parse([cells[i] if i < len(cells) else "" for i in columns], place)
        if row[:3] in seen:
            raise LabelError(f"{place}: series {row[0]} has the pair {row[1]}, {row[2]} above")
        seen.add(row[:3])
        rows.append(row)
        named.append([_count(cells[i] if i < len(cells) else "", name, place) for i, name in reasons.items()])
    if not rows:
        raise LabelError(f"{path}: the vote table has no rows")
    return VoteTable(
        pd.DataFrame(rows, columns=["series", "first", "second", "left", "right"]),
        pd.DataFrame(named, columns=[name.replace("_", " ") for name in reasons.values()], dtype=float)
        if reasons
        else None,
    )


def _count(cell: str, reason: str, place: str) -> float:
    try:
        count = float(cell or 0)
    except ValueError:
        count = -1.0
    if not (count >= 0 and count % 1 == 0):
        raise LabelError(f"{place}: expected a whole number ≥ 0 in {_REASON}{reason}, found {cell!r}")
    return count


def _parse(cells: list[str], place: str) -> tuple[str, int, int, int, int]:
    try:
        series, first, second, left, right = (int(cell) for cell in cells)
    except ValueError:
        series = first = second = left = right = -1
    if min(series, first, second, left, right) < 0 or first == second:
        raise LabelError(
            f"{place}: expected whole numbers ≥ 0 in {', '.join(_READ)} and two different ids, "
            f"found {', '.join(repr(cell) for cell in cells)}"
        )
    return series_key(series), first, second, left, right
