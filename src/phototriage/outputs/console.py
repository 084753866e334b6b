"""The terminal, or whatever standard output is."""

import sys

from rich.console import Console
from rich.text import Text

from phototriage.printable import printable

__all__ = ["plain", "stdout_console"]

_WIDE = 10_000


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Where rich would end the program, the caller decides."""
        raise BrokenPipeError


def stdout_console() -> Console:
    """As wide as the terminal; where there is none, wide enough never to cut a file name."""
    return _Console(width=None if sys.stdout.isatty() else _WIDE)


def plain(text: str) -> Text:
    """Text as it is, whatever markup is in it, and nothing in it that does not show."""
    return Text(printable(text))
