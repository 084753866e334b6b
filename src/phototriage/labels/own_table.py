"""A person's own comparisons, as CSV or Parquet."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from phototriage.errors import LabelError
from phototriage.labels.comparisons import COLUMNS, WRITTEN_COLUMNS, Comparisons
from phototriage.labels.components import connected_names

__all__ = ["OwnTable", "read_own_table"]

_ACCEPTED = (
    "a table of comparisons has photo_a, photo_b and one of preference, winner (a or b), "
    "or votes_a and votes_b; optional are series and, beside preference, votes_a, votes_b"
)
_KNOWN = {*WRITTEN_COLUMNS, "winner"}
# These two follow from votes_a and votes_b. They are written for people and need not be read.
_DERIVED = {"votes", "vote_agreement"}


@dataclass(frozen=True)
class OwnTable:
    """What such a table holds.

    Fields:
        comparisons: one row per unordered pair, in order of first appearance; ranks unknown.
        rows: rows in the file.
        merged: rows that repeated a pair, in either order, and were merged into its first row.
        contradictions: pairs of which merged rows named different winners.
    """

    comparisons: Comparisons
    rows: int
    merged: int
    contradictions: int


@dataclass(frozen=True)
class _Row:
    """One line of the file; series is '' where the file has no such column."""

    series: str
    photo_a: str
    photo_b: str
    preference: float
    votes_a: int
    votes_b: int


def read_own_table(path: Path) -> OwnTable:
    """Reads comparisons that a person or a tool wrote, or ``Comparisons.write``.

    The label of a row is its preference; or its winner, which is preference 1 or 0; or the share of its
    votes. Where a pair stands several times, its votes add up and its preferences are averaged, each weighing
    as much as it has votes (1 where unknown). Without a series column, photos that a chain of comparisons
    connects are one series, named by its smallest photo name.

    Args:
        path: .csv (UTF-8, with or without byte order mark) or .parquet.

    Raises:
        LabelError: with the line, or the row of a Parquet file, where there is one to blame.
    """
    header, cells = _parquet_cells(path) if path.suffix.lower() == ".parquet" else _csv_cells(path)
    columns = [name.strip().lower() for name in header]
    label = _label_kind(columns, path)
    rows = [_parse(dict(zip(columns, values, strict=True)), place, label) for place, values in cells]
    if not rows:
        raise LabelError(f"{path}: there are no comparisons in it")
    series_of: dict[str, str] = {}
    if "series" not in columns:
        series_of = connected_names((row.photo_a, row.photo_b) for row in rows)
    pairs: dict[tuple[str, str, str], list[_Row]] = {}
    for row in rows:
        series = row.series or series_of[row.photo_a]
        low, high = sorted((row.photo_a, row.photo_b))
        pairs.setdefault((series, low, high), []).append(row)
    merged = [_merge(series, same) for (series, _, _), same in pairs.items()]
    return OwnTable(
        comparisons=Comparisons(pd.DataFrame(merged, columns=list(COLUMNS))),
        rows=len(rows),
        merged=len(rows) - len(pairs),
        contradictions=sum(_contradict(same) for same in pairs.values()),
    )


def _csv_cells(path: Path) -> tuple[list[str], list[tuple[str, list[str]]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            cells = [
                (f"{path}, line {reader.line_num}", values)
                for values in reader
                if any(value.strip() for value in values)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabelError(f"{path} cannot be read as CSV: {error}") from error
    for place, values in cells:
        if len(values) != len(header):
            raise LabelError(f"{place}: {len(values)} cells, and the header names {len(header)} columns")
    return header, cells


def _parquet_cells(path: Path) -> tuple[list[str], list[tuple[str, list[str]]]]:
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise LabelError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from error
    values = zip(*(column.to_pylist() for column in table.columns), strict=True)
    texts: Iterator[list[str]] = (["" if cell is None else str(cell) for cell in row] for row in values)
    return list(table.column_names), [(f"{path}, row {i}", row) for i, row in enumerate(texts, start=1)]


def _label_kind(columns: list[str], path: Path) -> str:
    """Which column holds the label: preference, winner or votes.

    Raises:
        LabelError: none or several do, or there are columns that mean nothing here.
    """
    names = set(columns)
    faults = []
    if len(names) < len(columns):
        faults.append("names a column twice")
    unknown = [name for name in columns if name not in _KNOWN]
    if unknown:
        faults.append(f"has the unknown columns {', '.join(map(repr, unknown))}")
    missing = sorted({"photo_a", "photo_b"} - names)
    if missing:
        faults.append(f"lacks {', '.join(missing)}")
    votes = {"votes_a", "votes_b"}
    if len(names & votes) == 1 or (names & _DERIVED and not votes <= names):
        faults.append("has votes, but not both votes_a and votes_b")
    kinds: list[str] = [kind for kind in ("preference", "winner") if kind in names]
    if not kinds and votes <= names:
        kinds = ["votes"]
    if len(kinds) != 1 or (kinds == ["winner"] and names & votes):
        faults.append(
            "has no preference, winner or votes" if not kinds else "has more than one kind of label"
        )
    if faults:
        raise LabelError(f"{path}: the header {', '.join(faults)}; {_ACCEPTED}")
    return kinds[0]


def _parse(cells: dict[str, str], place: str, label: str) -> _Row:
    cells = {name: value.strip() for name, value in cells.items()}
    for name in ("series", "photo_a", "photo_b"):
        if cells.get(name) == "":
            raise LabelError(f"{place}: {name} is empty")
    if cells["photo_a"] == cells["photo_b"]:
        raise LabelError(f"{place}: {cells['photo_a']} is compared with itself")
    votes_a, votes_b = (_count(cells.get(name, ""), name, place) for name in ("votes_a", "votes_b"))
    if label == "votes":
        if not votes_a + votes_b:
            raise LabelError(f"{place}: there is no vote in votes_a and votes_b")
        preference = votes_a / (votes_a + votes_b)
    elif label == "winner":
        if cells["winner"].lower() not in ("a", "b"):
            raise LabelError(f"{place}: winner must be a or b, not '{cells['winner']}'")
        preference = float(cells["winner"].lower() == "a")
    else:
        preference = _share(cells["preference"], place)
    return _Row(cells.get("series", ""), cells["photo_a"], cells["photo_b"], preference, votes_a, votes_b)


def _share(text: str, place: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= 1.0:
        raise LabelError(f"{place}: preference must be a number in [0, 1], not '{text}'")
    return value


def _count(text: str, name: str, place: str) -> int:
    try:
        value = float(text or "0")
    except ValueError:
        value = math.nan
    if not (0 <= value < 2**53 and value.is_integer()):
        raise LabelError(f"{place}: {name} must be a whole number ≥ 0, not '{text}'")
    return int(value)


def _merge(series: str, same: list[_Row]) -> tuple[str, str, str, float, int, int, int, int]:
    """One row for all rows of a pair, with the photos in the order of the first."""
    first = same[0]
    if len(same) == 1:
        return (series, first.photo_a, first.photo_b, first.preference, first.votes_a, first.votes_b, 0, 0)
    turned = [row.photo_a != first.photo_a for row in same]
    weights = [row.votes_a + row.votes_b or 1 for row in same]
    total = sum(
        weight * (1.0 - row.preference if turn else row.preference)
        for row, turn, weight in zip(same, turned, weights, strict=True)
    )
    votes_a = sum(row.votes_b if turn else row.votes_a for row, turn in zip(same, turned, strict=True))
    votes_b = sum(row.votes_a if turn else row.votes_b for row, turn in zip(same, turned, strict=True))
    preference = min(max(total / sum(weights), 0.0), 1.0)
    return (series, first.photo_a, first.photo_b, preference, votes_a, votes_b, 0, 0)


def _contradict(same: list[_Row]) -> bool:
    winners = {row.photo_a if row.preference > 0.5 else row.photo_b for row in same if row.preference != 0.5}
    return len(winners) > 1
