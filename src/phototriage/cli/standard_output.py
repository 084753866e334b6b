"""Standard output that may be closed or missing."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from phototriage.errors import OutputError

__all__ = [
    "shown",
    "silence",
    "stand_in_for_missing",
]


@contextmanager
def shown() -> Iterator[None]:
    """Lets the work after printing continue even if the reader, such as `head`, has closed the pipe.

    Raises OutputError if standard output cannot be written for another reason.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        silence()
    except OSError as error:
        silence()
        raise OutputError(f"cannot write to standard output: {error.strerror}") from error


def silence() -> None:
    """Discards further output after the reader has closed standard output, including at exit."""
    with suppress(io.UnsupportedOperation), open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), sys.stdout.fileno())  # a notebook's replacement has no file descriptor


def stand_in_for_missing() -> None:
    """Replaces missing standard output or error by the null device; some schedulers provide neither."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
