"""The rich console for standard output, which may or may not be a terminal."""

import sys

from rich.console import Console
from rich.text import Text

from phototriage.printable import printable

__all__ = ["plain", "stdout_console"]

_WIDE = 10_000


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leaves the reaction to the caller; rich would end the program."""
        raise BrokenPipeError


def stdout_console() -> Console:
    """A console as wide as the terminal; without a terminal, wide enough never to cut a file name."""
    return _Console(width=None if sys.stdout.isatty() else _WIDE)


def plain(text: str) -> Text:
    """Text without markup interpretation, with unprintable characters escaped."""
    return Text(printable(text))
