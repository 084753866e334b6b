"""Tables on the terminal that also fit a narrow one."""

import textwrap
from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from phototriage.outputs.console import plain
from phototriage.printable import printable

__all__ = ["new_table", "print_wide_table"]

_UNLIMITED = 10_000


def new_table(*headers: str, title: str | None = None) -> Table:
    """An empty table without a frame; long cells continue on the next line."""
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        title=title,
        title_justify="left",
    )
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def print_wide_table(
    console: Console, headers: Sequence[str], rows: Sequence[Sequence[str]], bold: str | None = None
) -> None:
    """Prints one table, or several tables if one would be wider than the terminal.

    The first column names the rows and appears in every table. Cells never wrap. If there are several tables,
    headers wrap between words. `bold` names a row.
    """

    def fits(table: Table) -> bool:
        unlimited = console.options.update(max_width=_UNLIMITED)
        return console.measure(table, options=unlimited).maximum <= console.width

    every = range(1, len(headers))
    table = _table([plain(header) for header in headers], rows, every, bold)
    if fits(table):
        console.print(table)
        return
    broken = [_broken(header, [row[column] for row in rows]) for column, header in enumerate(headers)]
    parts = [[1]]
    for column in every[1:]:
        if fits(_table(broken, rows, [*parts[-1], column], bold)):
            parts[-1].append(column)
        else:
            parts.append([column])
    for columns in parts:
        console.print(_table(broken, rows, columns, bold))
        if columns != parts[-1]:
            console.print()


def _table(
    headers: Sequence[Text], rows: Sequence[Sequence[str]], columns: Sequence[int], bold: str | None
) -> Table:
    table = new_table()
    table.add_column(headers[0], overflow="fold")
    for column in columns:
        table.add_column(headers[column], justify="right", overflow="fold")
    for row in rows:
        cells = [plain(row[column]) for column in columns]
        table.add_row(plain(row[0]), *cells, style="bold" if row[0] == bold else None)
    return table


def _broken(header: str, cells: Sequence[str]) -> Text:
    widest = max([1, *map(cell_len, cells)])
    lines = textwrap.wrap(printable(header), widest, break_long_words=False, break_on_hyphens=False)
    return Text("\n".join(lines))
