"""Reads text and CSV files from other programs."""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from phototriage.errors import LabelError

__all__ = ["csv_rows", "read_text"]


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark; line endings are kept.

    Raises:
        LabelError: the file cannot be read, or is not UTF-8; the text names the first invalid line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LabelError(f"{path} cannot be read: {error.strerror or error}") from error
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise LabelError(f"{path} is UTF-16: save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LabelError(f"{path}, line {line}: this is not UTF-8: save the file as UTF-8") from error


def csv_rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The non-empty rows of a CSV, each with its place: the file, and the line where the row ends.

    The separator is the most frequent one of comma, semicolon and tab in the first non-empty row.

    Raises:
        LabelError: as in ``read_text``, or a quotation mark is not closed; the text names the line.
    """
    text = read_text(path)
    header = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count), strict=True)
    line = 0
    try:
        for cells in reader:
            line = reader.line_num
            if any(cell.strip() for cell in cells):
                yield f"{path}, line {line}", cells
    except csv.Error as error:
        raise LabelError(
            f"{path}, line {line + 1}: unreadable row, a quotation mark may lack its partner ({error})"
        ) from error
