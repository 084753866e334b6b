import io
import re

import pytest
from rich.console import Console

from phototriage.outputs.tables import new_table, print_wide_table

HEADERS = ["scorer", "accuracy %", "top-1 %", "lead of [b]mine\x1b, points", "ECE"]
ROWS = [
    ["fixed mix", "51.2 (50.1–60.0)", "40.0 (30.0–50.0)", "+2.1 (+0.6…+3.5)", "–"],
    ["[b]mine\x1b", "56.7 (52.8–60.7)", "49.4 (44.1–54.8)", "–", "0.019 (0.012…0.040)"],
]


def shown(width: int) -> str:
    stream = io.StringIO()
    print_wide_table(Console(file=stream, width=width), HEADERS, ROWS, bold="[b]mine\x1b")
    return stream.getvalue()


def cells(table: str) -> list[list[str]]:
    return [re.split(r" {2,}", line.strip()) for line in table.splitlines() if "─" not in line]


def test_a_table_that_fits_is_one() -> None:
    names, *rows = cells(shown(120))
    assert names == ["scorer", "accuracy %", "top-1 %", "lead of [b]mine\\x1b, points", "ECE"]
    assert rows == [ROWS[0], ["[b]mine\\x1b", *ROWS[1][1:]]]


@pytest.mark.parametrize(("width", "columns"), [(100, [4]), (80, [3, 1]), (55, [2, 2]), (35, [1, 1, 1, 1])])
def test_a_table_that_does_not_fit_becomes_several_without_breaking_a_cell(
    width: int, columns: list[int]
) -> None:
    text = shown(width)
    assert max(map(len, text.splitlines())) <= width
    tables = [cells(table) for table in text.split("\n\n")]
    assert [len(table[-1]) - 1 for table in tables] == columns
    for row, name in ((-2, "fixed mix"), (-1, "[b]mine\\x1b")):
        assert {table[row][0] for table in tables} == {name}
        assert [cell for table in tables for cell in table[row][1:]] == ROWS[row][1:]
    assert {"lead", "of", "[b]mine\\x1b,", "points"} <= set(text.split())  # a header is broken between words


def test_bold_names_a_row() -> None:
    stream = io.StringIO()
    print_wide_table(
        Console(file=stream, width=80, force_terminal=True), ["name", "n"], [["a", "1"], ["b", "2"]], "b"
    )
    _, _, first, second = stream.getvalue().splitlines()
    assert "\x1b" not in first
    assert "\x1b[1m" in second


def test_a_long_cell_goes_on_below() -> None:
    table = new_table("photo", "to", title="Picks")
    table.add_row("a" * 30, "b")
    stream = io.StringIO()
    Console(file=stream, width=20).print(table)
    text = stream.getvalue()
    assert text.startswith("Picks")
    assert sum(line.count("a") for line in text.splitlines()[3:]) == 30
