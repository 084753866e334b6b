"""Shares one budget of memory among decoding processes, and keeps each of them to its part."""

import os
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path

__all__ = ["MemoryBudget", "limit_memory"]

_SPARE_BYTES = 512 << 20
_BYTES_PER_CORE = 16 << 20
"""A process may take this much more than it reserved: for the arrays of its steps, and for the stacks of
threads that decoders start, one or two per core."""


class MemoryBudget:
    """Bytes that holders take and give back; who asks first is served first.

    Args:
        total: bytes that may be held at a time. Whoever asks for more gets it alone.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._changed = threading.Condition()
        self._held: dict[object, int] = {}
        self._queue: deque[object] = deque()

    def take(self, holder: object, size: int) -> None:
        """Waits until `size` bytes are free; what the holder held before is given back first."""
        turn = object()
        with self._changed:
            self._held.pop(holder, None)
            self._queue.append(turn)
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: (
                    self._queue[0] is turn
                    and (not self._held or sum(self._held.values()) + size <= self._total)
                )
            )
            self._queue.popleft()
            self._held[holder] = size
            self._changed.notify_all()

    def give_back(self, holder: object) -> None:
        """Frees what the holder holds, if anything."""
        with self._changed:
            if self._held.pop(holder, None) is not None:
                self._changed.notify_all()


def limit_memory(reserved: int) -> None:
    """Lets this process take `reserved` bytes and some spare ones on top of what it has.

    More than that is a MemoryError. Only Linux has such a limit; elsewhere this does nothing.
    """
    with suppress(ImportError, OSError, ValueError):
        import resource

        # Size, resident, shared, text, library, data: pages (proc(5)).
        pages = int(Path("/proc/self/statm").read_text().split()[5])
        spare = _SPARE_BYTES + _BYTES_PER_CORE * (os.cpu_count() or 1)
        wanted = pages * resource.getpagesize() + reserved + spare
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (wanted if most < 0 else min(wanted, most), most))
