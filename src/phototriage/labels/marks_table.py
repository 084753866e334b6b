"""Flags, stars and labels in a table, as a person, exiftool or Photo Mechanic writes it."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from phototriage.choices import Flag
from phototriage.errors import LabelError
from phototriage.labels.foreign_paths import ForeignPaths
from phototriage.labels.marks import flag_stars_label
from phototriage.labels.sourced import SourcedDecision, SourceReading, last_said, time_of
from phototriage.labels.text_file import csv_table
from phototriage.printable import printable

__all__ = ["read_marks_table"]

_MEANING = {
    **dict.fromkeys(("photo", "sourcefile", "path", "filepath", "fullpath", "file", "filename"), "photo"),
    **dict.fromkeys(("rating", "stars"), "xmp:Rating"),
    **dict.fromkeys(("flag", "pick", "tagged"), "flag"),
    **dict.fromkeys(("label", "color"), "xmp:Label"),
    **dict.fromkeys(("date", "decidedat", "metadatadate"), "date"),
    "ratingpercent": "MicrosoftPhoto:Rating",
    "picklabel": "digiKam:PickLabel",
    "colorlabel": "digiKam:ColorLabel",
    "colorclass": "photomechanic:ColorClass",
}
"""Name of a column, in lower case, without spaces and without the group that exiftool names → its meaning."""
_SAYING = {*_MEANING.values()} - {"photo", "date"}
_ACCEPTED = "a table of marks has photo or SourceFile, and rating, stars, flag, pick or label"
_FLAGS: Mapping[str, Flag] = {
    **dict.fromkeys(
        ("pick", "picked", "accept", "accepted", "flagged", "tagged", "yes", "true", "1", "1.0", "p"), "pick"
    ),
    **dict.fromkeys(("reject", "rejected", "-1", "-1.0", "x"), "reject"),
    **dict.fromkeys(("", "none", "no", "false", "0", "0.0", "u", "unflagged", "nan"), ""),
}
_STARS = re.compile(r"[★*]{1,5}|(-1|[0-5])(\.0*)?")
_CLASS = re.compile(r"([0-8])( \(.*\))?")
_DATE = re.compile(r"(\d{4}):(\d\d):(\d\d)(?=$|[ T])")


def read_marks_table(
    table: Path, folder: Path, photos: Sequence[str], *, map: Sequence[tuple[str, str]] = ()
) -> SourceReading:
    """What a table says of photos, one or more rows each; of contradicting rows the one of the later date
    stands.

    Columns, in any case, with the group of exiftool (`XMP:Rating`) or without: photo, SourceFile, path or
    filename; rating or stars, 0 to 5, −1 is a reject; flag, pick or tagged; label, color or color class;
    date, when it was decided; RatingPercent and PickLabel as exiftool has them. Others are not read. Of
    several columns of one meaning, the first that says something counts. A photo is a path below the folder,
    or beside the table, or an absolute path; a bare name will do where only one photo has it.

    Args:
        table: .csv, .tsv or .txt (cells separated by commas, semicolons or tabs) or .parquet.
        folder: the photo folder.
        photos: paths below it, with `/`, of all files of the shots.
        map: as in `read_catalogue`.

    Raises:
        LabelError: the table cannot be read, or lacks these columns.
    """
    header, rows = _read(table)
    meanings = [_meaning(name) for name in header]
    if "photo" not in meanings or _SAYING.isdisjoint(meanings):
        raise LabelError(f"{table} has the columns {printable(', '.join(header))}; {_ACCEPTED}")
    paths = ForeignPaths(folder, photos, map)
    said: dict[str, list[SourcedDecision]] = defaultdict(list)
    left_out: Counter[str] = Counter()
    notes: list[str] = []
    unclear: list[str] = []
    elsewhere: list[tuple[str, str]] = []
    for place, values in rows:
        cells: dict[str, str] = {}
        for meaning, value in zip(meanings, values, strict=False):
            if meaning and value.strip() and not cells.get(meaning):
                cells[meaning] = value.strip()
        directory, _, name = cells.get("photo", "").replace("\\", "/").rpartition("/")
        photo = _photo(paths, folder, table, directory, name)
        if photo is None:
            left_out["rows of photos that are not in this folder"] += 1
            elsewhere.append((directory, name))
            continue
        try:
            decision = _decision(photo, cells, table)
        except ValueError as error:
            unclear.append(f"{place}: {error}")
            continue
        said[photo].append(decision)
    decisions = []
    for each in said.values():
        decision, contradictions = last_said(each)
        if contradictions:
            left_out["older marks that a later row of the same photo contradicts"] += contradictions
        if decision:
            decisions.append(decision)
        else:
            left_out["photos without a flag, stars or label"] += 1
    if unclear:
        left_out["rows that cannot be understood"] = len(unclear)
        notes.append(f"rows that cannot be understood: {len(unclear):,}, the first {printable(unclear[0])}")
    if rows and len(elsewhere) == len(rows):
        notes.append(paths.none_of_them(f"the {len(rows):,} rows of {table.name}", elsewhere))
    return SourceReading(tuple(decisions), len(decisions), left_out, tuple(notes), f"table {table.name}")


def _read(table: Path) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The names of the columns, and the rows with their places. Raises LabelError."""
    if table.suffix.lower() != ".parquet":
        return csv_table(table)
    try:
        content = pq.read_table(table)
        columns = [
            ["" if cell is None else str(cell) for cell in each.to_pylist()] for each in content.columns
        ]
    except (OSError, pa.ArrowException) as error:
        raise LabelError(f"{table} cannot be read as Parquet: {str(error).splitlines()[0]}") from error
    rows = [
        (f"{table}, row {number}", list(cells)) for number, cells in enumerate(zip(*columns, strict=True), 1)
    ]
    return list(content.column_names), rows


def _meaning(column: str) -> str:
    """What a column holds; empty if nothing that is read."""
    name = re.sub(r"[\s_-]", "", column.rpartition(":")[2]).lower()
    return _MEANING.get(name, "")


def _photo(paths: ForeignPaths, folder: Path, table: Path, directory: str, name: str) -> str | None:
    if not name:
        return None
    # exiftool writes paths as they were typed, from wherever it was started.
    starts = (table.absolute().parent, folder.absolute().parent)
    for place in (directory, *((start / directory).as_posix() for start in starts)):
        if photo := paths.photo(place, name):
            return photo
    return None if directory else paths.by_name(name)


def _decision(photo: str, cells: Mapping[str, str], table: Path) -> SourcedDecision:
    """Raises ValueError for a cell that says nothing that is known."""
    marks = {name: value for name, value in cells.items() if name in _SAYING and name != "flag"}
    if rating := marks.get("xmp:Rating"):
        if not _STARS.fullmatch(rating):
            raise ValueError(f"a rating is 0 to 5 or -1, not '{rating}'")
        marks["xmp:Rating"] = str(len(rating)) if rating[0] in "★*" else rating
    if color := marks.get("photomechanic:ColorClass"):
        found = _CLASS.fullmatch(color)
        marks["photomechanic:ColorClass"] = found[1] if found else ""
        marks.setdefault("xmp:Label", "" if found else color)
    if (color := marks.get("digiKam:ColorLabel", "")) and not color.isdecimal():
        marks.setdefault("xmp:Label", color)
    flag, stars, label = flag_stars_label(marks)
    said = cells.get("flag", "").lower()
    if said not in _FLAGS:
        raise ValueError(f"a flag is pick, reject or empty, not '{said}'")
    date = cells.get("date", "")
    at = time_of(_DATE.sub(r"\1-\2-\3", date))
    if date and not at:
        raise ValueError(f"'{date}' is no date: write it as 2024-05-31 or 2024-05-31T18:05")
    return SourcedDecision(photo, _FLAGS[said] or flag, stars, label, at, table.name)
