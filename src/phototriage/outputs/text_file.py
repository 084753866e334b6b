"""Where a text result goes: a file, or standard output."""

import sys
from pathlib import Path

from phototriage.atomic_write import atomic_write

__all__ = ["STDOUT", "write_text"]

STDOUT = Path("-")
"""As a destination: standard output."""


def write_text(text: str, destination: Path) -> None:
    """Writes UTF-8 text to a file, whole or not at all, or to standard output where `destination` is `-`.

    File names that are no valid text keep their bytes. Raises OutputError.
    """
    data = text.encode("utf-8", "surrogateescape")
    if destination == STDOUT:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    with atomic_write(destination) as file:
        file.write(data)
