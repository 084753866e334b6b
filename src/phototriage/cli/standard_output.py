"""What the process leaves behind: its exit code, and standard output, whatever has become of it."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from phototriage.errors import OutputError

__all__ = [
    "ERROR",
    "INTERRUPTED",
    "SOME_FAILED",
    "USAGE",
    "shown",
    "silence",
    "stand_in_for_missing",
]

ERROR, USAGE, SOME_FAILED, INTERRUPTED = 1, 2, 3, 130
"""Exit codes."""


@contextmanager
def shown() -> Iterator[None]:
    """For what is printed before other work: that goes on also where the reader, such as `head`, has left.

    Raises OutputError where standard output cannot be written for another reason.
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
    """Whoever read standard output has stopped; nothing more is written to it, at exit either."""
    with suppress(io.UnsupportedOperation), open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), sys.stdout.fileno())  # what stands in for it in a notebook has no number


def stand_in_for_missing() -> None:
    """A program without standard output or error, as some schedulers start it, writes them to nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
