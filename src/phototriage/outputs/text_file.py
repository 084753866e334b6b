"""Writes a text result to a file or to standard output."""

import sys
from pathlib import Path

from phototriage.atomic_write import atomic_write, check_writable, sweep
from phototriage.errors import OutputError
from phototriage.printable import printable

__all__ = ["STDOUT", "check_destinations", "write_text"]

STDOUT = Path("-")
"""As a destination: standard output."""


def check_destinations(*destinations: Path | None) -> None:
    """Rejects destinations that are not writable before hours of work, not after; None is skipped.

    What killed runs left half-written beside them is removed. Raises OutputError.
    """
    for destination in destinations:
        if destination not in (None, STDOUT):
            check_writable(destination)
            sweep(destination.parent)


def write_text(text: str, destination: Path) -> None:
    r"""Writes UTF-8 text to a file, whole or not at all, or to standard output if `destination` is `-`.

    Bytes of a file name that are not valid text become escapes such as `\udce9`, which JSON reads back.
    On a terminal, so does what would steer it: control characters and those that turn the text direction.
    Raises OutputError.
    """
    if destination == STDOUT and sys.stdout.isatty():
        text = "\n".join(map(printable, text.split("\n")))
    data = text.encode("utf-8", "backslashreplace")
    if destination == STDOUT:
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"cannot write to standard output: {error.strerror}") from error
        return
    with atomic_write(destination) as file:
        file.write(data)
