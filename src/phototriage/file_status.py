"""What the file system says of many files."""

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

__all__ = ["statuses"]

_AT_ONCE, _IN_TURN = 16, 64
"""Threads that ask, and files that each asks for in turn."""
_SLOW = 0.0005
"""Seconds for a status from which on threads ask. A disk of this machine takes microseconds, so that threads
would only be in each other's way; a network drive takes milliseconds for what it does not know yet."""


def statuses(paths: Sequence[str | os.PathLike[str]]) -> list[os.stat_result | OSError]:
    """The status of each file, or why there is none."""
    found: list[os.stat_result | OSError] = []
    while len(found) < len(paths):
        began = time.monotonic()
        found += _in_turn(paths[len(found) : len(found) + _IN_TURN])
        if time.monotonic() - began > _SLOW * _IN_TURN:
            break
    pieces = [paths[start : start + _IN_TURN] for start in range(len(found), len(paths), _IN_TURN)]
    if pieces:
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            found += chain.from_iterable(threads.map(_in_turn, pieces))
    return found


def _in_turn(paths: Sequence[str | os.PathLike[str]]) -> list[os.stat_result | OSError]:
    found: list[os.stat_result | OSError] = []
    for path in paths:
        try:
            found.append(os.stat(path))  # noqa: PTH116
        except OSError as error:
            found.append(error)
    return found
