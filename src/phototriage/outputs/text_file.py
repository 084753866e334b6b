"""Where a text result goes: a file, or standard output."""

import sys
from pathlib import Path

from phototriage.atomic_write import atomic_write, check_writable
from phototriage.errors import OutputError

__all__ = ["STDOUT", "check_destinations", "write_text"]

STDOUT = Path("-")
"""As a destination: standard output."""


def check_destinations(*destinations: Path | None) -> None:
    """Refuses places that cannot be written to before hours of work, not after; None is no place.

    Raises OutputError.
    """
    for destination in destinations:
        if destination not in (None, STDOUT):
            check_writable(destination)


def write_text(text: str, destination: Path) -> None:
    r"""Writes UTF-8 text to a file, whole or not at all, or to standard output where `destination` is `-`.

    The bytes of a file name that are no valid text become escapes, `\udce9`, which JSON reads back.
    Raises OutputError.
    """
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
