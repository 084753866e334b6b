"""The user's own comparisons, as CSV or Parquet."""

import math
import posixpath
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from phototriage.errors import LabelError
from phototriage.labels.comparisons import COLUMNS, WRITTEN_COLUMNS, Comparisons
from phototriage.labels.components import connected_names
from phototriage.labels.text_file import csv_table

__all__ = ["OwnTable", "read_own_table"]

_ACCEPTED = (
    "a table of comparisons has photo_a, photo_b and one of preference, winner (a or b), "
    "or votes_a and votes_b; optional are series and, with preference, votes_a, votes_b"
)
_KNOWN = {*WRITTEN_COLUMNS, "winner"}
# These two follow from votes_a and votes_b. They are written for people and never read.
_DERIVED = {"votes", "vote_agreement"}
_NAMES = ("series", "photo_a", "photo_b")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class OwnTable:
    """The content of such a table.

    Fields:
        comparisons: one row per unordered pair, in order of first appearance; ranks unknown.
        rows: rows in the file.
        merged: rows that repeated a pair, in either order, and were merged into its first row.
        contradictions: pairs whose merged rows named different winners.
    """

    comparisons: Comparisons
    rows: int
    merged: int
    contradictions: int


@dataclass(frozen=True)
class _Row:
    """One line of the file; series is '' if the file has no such column."""

    series: str
    photo_a: str
    photo_b: str
    preference: float
    votes_a: int
    votes_b: int


def read_own_table(path: Path) -> OwnTable:
    """Reads comparisons that a person, a tool or ``Comparisons.write`` wrote.

    The label of a row is its preference, its winner (preference 1 or 0), or the share of its votes. If a pair
    occurs several times, its votes are added and its preferences are averaged, weighted by their votes (1 if
    unknown). Without a series column, each connected component of compared photos is a series, named after
    its smallest photo name. Paths are normalized: ./x.jpg is x.jpg, and accents are composed (Unicode NFC).
    They lie below the photo folder; a path that leads elsewhere is an error.

    Args:
        path: .csv or .tsv (UTF-8, cells separated by commas, semicolons or tabs) or .parquet.

    Raises:
        LabelError: the table is invalid; the text names the line, or the row of a Parquet file, if possible.
    """
    header, cells = _parquet_cells(path) if path.suffix.lower() == ".parquet" else csv_table(path)
    columns = [name.strip().lower() for name in header]
    label = _label_kind(columns, path)
    rows = []
    for place, values in cells:
        if len(values) != len(columns):
            raise LabelError(f"{place}: {len(values)} cells, and the header names {len(columns)} columns")
        rows.append(_parse(dict(zip(columns, values, strict=True)), place, label))
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


def _parquet_cells(path: Path) -> tuple[list[str], list[tuple[str, list[str]]]]:
    try:
        table = pq.read_table(path)
        indexes = (table.schema.pandas_metadata or {}).get("index_columns", ())
    except (OSError, pa.ArrowException) as error:
        raise LabelError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from error
    # The numbers of the rows, which pandas writes beside the columns, say nothing about photos.
    table = table.select(
        [name for name in table.column_names if name.strip().lower() in _KNOWN or name not in indexes]
    )
    cells = []
    for number, row in enumerate(
        zip(*(column.to_pylist() for column in table.columns), strict=True), start=1
    ):
        place = f"{path}, row {number}"
        for name, cell in zip(table.column_names, row, strict=True):
            if name.strip().lower() in _NAMES and type(cell) not in (str, int, type(None)):
                raise LabelError(f"{place}: {name} must be text or a whole number, not {cell!r}")
        cells.append((place, ["" if cell is None else str(cell) for cell in row]))
    return list(table.column_names), cells


def _label_kind(columns: list[str], path: Path) -> str:
    """The column that holds the label: preference, winner or votes.

    Raises:
        LabelError: there is no such column or several, or there are unknown columns.
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
    for name in _NAMES:
        if cells.get(name) == "":
            raise LabelError(f"{place}: {name} is empty")
        if any(unicodedata.category(each) == "Cc" for each in cells.get(name, "")):
            raise LabelError(f"{place}: {name} holds a control character, {cells[name]!r}")
    photo_a, photo_b = (_photo(cells[name], place) for name in ("photo_a", "photo_b"))
    if photo_a == photo_b:
        raise LabelError(f"{place}: {photo_a} is compared with itself")
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
    return _Row(cells.get("series", ""), photo_a, photo_b, preference, votes_a, votes_b)


def _photo(text: str, place: str) -> str:
    """The canonical spelling of a path; a photo with two names could be on two sides of a split."""
    if "\\" in text:
        raise LabelError(f"{place}: photo paths are written with /, not as '{text}'")
    path = unicodedata.normalize("NFC", posixpath.normpath(text))
    if path.startswith(("/", "../")) or path in (".", "..") or _DRIVE.match(path):
        raise LabelError(f"{place}: '{text}' leads out of the photo folder: paths start at that folder")
    return path


def _share(text: str, place: str) -> float:
    try:
        value = float(text.replace(",", "."))
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
    """Merges all rows of a pair into one, with the photos in the order of the first row."""
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
    return (series, first.photo_a, first.photo_b, total / sum(weights), votes_a, votes_b, 0, 0)


def _contradict(same: list[_Row]) -> bool:
    winners = {row.photo_a if row.preference > 0.5 else row.photo_b for row in same if row.preference != 0.5}
    return len(winners) > 1
