"""Captures what C libraries print to standard error."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["CapturedText", "captured_stderr"]

_STDERR = 2
_MAX_BYTES = 65_536


@dataclass
class CapturedText:
    """The captured text, at most the first 64 KiB; empty until the capture ends."""

    text: str = ""


@contextmanager
def captured_stderr() -> Iterator[CapturedText]:
    """Redirect file descriptor 2, so that libtiff, libheif and similar libraries stay silent.

    The redirection affects the whole process and captures the output of all threads. Use it only if one thing
    happens at a time, as in a worker process that decodes one photo after another.

    Yields:
        An object whose `text` is set when the context ends, even after an error; it stays empty if there is
        neither memory nor disk space for it.
    """
    captured = CapturedText()
    if sys.stderr is not None:
        sys.stderr.flush()
    with _place() as file:
        try:
            original = os.dup(_STDERR)
        except OSError:
            # A daemon may run with standard error closed; it must be closed again afterward.
            original = None
        os.dup2(file.fileno(), _STDERR)
        try:
            yield captured
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            if original is None:
                os.close(_STDERR)
            else:
                os.dup2(original, _STDERR)
                os.close(original)
            file.seek(0)
            captured.text = file.read(_MAX_BYTES).decode(errors="replace")


def _place() -> IO[bytes]:
    """A file for the text: in memory if the system supports it, else on disk, else the null device."""
    if hasattr(os, "memfd_create"):
        with suppress(OSError):
            return os.fdopen(os.memfd_create("stderr"), "w+b", buffering=0)
    try:
        return tempfile.TemporaryFile(buffering=0)
    except OSError:
        return Path(os.devnull).open("w+b", buffering=0)
