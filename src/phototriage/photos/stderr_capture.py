"""Keeps what C libraries print on standard error away from the terminal."""

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
    """What was printed, at most its first 64 KiB; empty until the capture has ended."""

    text: str = ""


@contextmanager
def captured_stderr() -> Iterator[CapturedText]:
    """Redirect file descriptor 2, so that libtiff, libheif and the like stay silent.

    The redirection holds for the whole process: whatever any thread prints meanwhile is captured too.
    Use it where one thing happens at a time, as in a worker process that decodes one photo after another.

    Yields:
        An object whose `text` is filled in when the context ends, however it ends; it stays empty where
        there is neither memory nor disk for it.
    """
    captured = CapturedText()
    if sys.stderr is not None:
        sys.stderr.flush()
    with _place() as file:
        try:
            original = os.dup(_STDERR)
        except OSError:
            # A daemon may run with standard error closed; it must be closed again afterwards.
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
    """Where the text goes: memory where the system has files of it, else the disk, else nowhere."""
    if hasattr(os, "memfd_create"):
        with suppress(OSError):
            return os.fdopen(os.memfd_create("stderr"), "w+b", buffering=0)
    try:
        return tempfile.TemporaryFile(buffering=0)
    except OSError:
        return Path(os.devnull).open("w+b", buffering=0)
