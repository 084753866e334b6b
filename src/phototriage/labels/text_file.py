"""Reads text and CSV files from other programs."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from phototriage.csv_cells import unguarded
from phototriage.errors import LabelError

__all__ = ["csv_rows", "csv_table", "csv_text", "is_unnamed_filler", "read_text"]

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
"""Byte order mark → encoding. Excel writes the latter two as "Unicode text"."""
_SEPARATOR_LINE = re.compile(r'\s*"?sep=(?P<separator>[,;\t|])"?[,;\t| ]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
_UNNAMED = re.compile(r"(?:Unnamed: \d+)?", re.IGNORECASE)
"""What pandas and Excel leave over columns that nobody named."""


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 with a byte order mark; line endings are kept.

    Any number of byte order marks at the beginning are taken off.

    Raises:
        LabelError: the file cannot be read, or is in another encoding; the text names the first invalid line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LabelError(f"{path} cannot be read: {error.strerror or error}") from error
    encoding = next((_MARKS[mark] for mark in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise LabelError(f"{path} is damaged UTF-16: save it as UTF-8") from error
        line = content.count(b"\n", 0, error.start) + 1
        raise LabelError(f"{path}, line {line}: this is not UTF-8: save the file as UTF-8") from error


def csv_text(path: Path) -> tuple[str, str, int]:
    """The text of a CSV file, its separator, and the number of lines before the text.

    The separator is that of Excel's line `sep=;`, which is not part of the text; or else the most frequent
    one of comma, semicolon and tab in the first non-empty line.

    Raises:
        LabelError: as in ``read_text``.
    """
    text = read_text(path)
    if line := _SEPARATOR_LINE.match(text):
        return text[line.end() :], line["separator"], len(line[0].splitlines())
    header = next((line for line in text.splitlines() if line.strip()), "")
    return text, max(",;\t", key=header.count), 0


def csv_rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The non-empty rows of a CSV, each with its place: the file, and the line where the row ends.

    The separator is that of ``csv_text``. A `'` before what a spreadsheet would run is taken off.

    Raises:
        LabelError: as in ``read_text``, or a quotation mark is not closed; the text names the line.
    """
    text, separator, before = csv_text(path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = before
    try:
        for cells in reader:
            line = before + reader.line_num
            if any(cell.strip() for cell in cells):
                yield f"{path}, line {line}", [unguarded(cell) for cell in cells]
    except csv.Error as error:
        raise LabelError(
            f"{path}, line {line + 1}: unreadable row, a quotation mark may lack its partner ({error})"
        ) from error


def csv_table(path: Path) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The names of the columns, and the rows with their places.

    Columns without a name are left out if they are empty, or count the rows from 0 or 1 as pandas does; so
    are empty cells behind the last column.

    Raises:
        LabelError: as in ``csv_rows``, or a column has content and no name.
    """
    lines = csv_rows(path)
    _, header = next(lines, ("", []))
    names = [name.strip() for name in header]
    named = [place for place, name in enumerate(names) if not _UNNAMED.fullmatch(name)]
    rows = list(lines)
    for column in sorted(set(range(len(names))) - set(named)):
        if not is_unnamed_filler([cells[column] for _, cells in rows if column < len(cells)]):
            raise LabelError(f"{path}: column {column + 1} has no name, and holds more than row numbers")
    kept = [(place, _kept(cells, named, len(names))) for place, cells in rows]
    return [names[each] for each in named], kept


def _kept(cells: list[str], named: list[int], columns: int) -> list[str]:
    """The cells of named columns, and what stands behind the last column."""
    return [cells[each] for each in named if each < len(cells)] + [
        cell for cell in cells[columns:] if cell.strip()
    ]


def is_unnamed_filler(cells: Iterable[str]) -> bool:
    """Whether a column without a name says nothing: it is empty, or counts the rows from 0 or 1."""
    texts = [cell.strip() for cell in cells]
    return not any(texts) or any(
        texts == [str(number) for number in range(start, start + len(texts))] for start in (0, 1)
    )
