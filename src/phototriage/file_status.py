"""What the file system says of many files."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

__all__ = ["statuses"]

_AT_ONCE, _A_THREAD = 16, 64
"""Threads that ask, and files that each asks for in turn. On a network drive, an answer that is not known yet
takes milliseconds, nearly all of them spent waiting."""


def statuses(paths: Sequence[str | os.PathLike[str]]) -> list[os.stat_result | OSError]:
    """The status of each file, or why there is none."""
    pieces = [paths[start : start + _A_THREAD] for start in range(0, len(paths), _A_THREAD)]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(chain.from_iterable(threads.map(_in_turn, pieces)))


def _in_turn(paths: Sequence[str | os.PathLike[str]]) -> list[os.stat_result | OSError]:
    found: list[os.stat_result | OSError] = []
    for path in paths:
        try:
            found.append(os.stat(path))  # noqa: PTH116
        except OSError as error:
            found.append(error)
    return found
