"""Reads, decodes and prepares photos in processes of their own.

Processes rather than threads: a hostile file may crash a C library, and what such libraries print belongs
to the photo that made them.
"""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.errors import FeatureError, PhotoError
from phototriage.features.block import LONG_SIDE, Failure
from phototriage.photos import content_hash, decode, read_photo

__all__ = ["DecodingPool", "Prepared"]

_AHEAD = 64
"""Photos that are decoded ahead of the one that is asked for, so that inference seldom waits."""

Prepare = Callable[[NDArray[np.uint8]], NDArray[Any]]


@dataclass(frozen=True)
class Prepared:
    """A photo that was read: one array per preparing step, None where its result was finished before."""

    photo: str
    content_hash: str
    arrays: tuple[NDArray[Any] | None, ...]


@dataclass(frozen=True)
class _Work:
    """What every process does with every photo."""

    steps: tuple[Prepare, ...]
    finished: tuple[frozenset[str], ...]


class DecodingPool:
    """Processes that prepare photos.

    Args:
        steps: what to make of the pixels, uint8 RGB (h, w, 3); each must pickle.
        finished: per step, the content hashes for which it need not run.
        workers: how many processes; by default one per core that this process may use.
    """

    def __init__(
        self,
        steps: Sequence[Prepare],
        finished: Sequence[frozenset[str]],
        workers: int | None = None,
    ) -> None:
        self._work = _Work(tuple(steps), tuple(finished))
        self._workers = _cores() if workers is None else workers
        self._start()

    def __enter__(self) -> "DecodingPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._processes.shutdown(cancel_futures=True)

    def run(self, photos: Mapping[str, Path]) -> Iterator[Prepared | Failure]:
        """Prepares key → file, in the order in which they are ready; few are held in memory at a time."""
        waiting = deque(photos.items())
        running: dict[Future[Prepared | Failure], tuple[str, Path]] = {}
        self._make_sure_it_works()
        while waiting or running:
            broken = False
            while waiting and len(running) < _AHEAD and not broken:
                try:
                    running[self._processes.submit(_prepare, *waiting[0])] = waiting[0]
                    waiting.popleft()
                except BrokenProcessPool:
                    broken = True
            finished, _ = wait(running, return_when=FIRST_COMPLETED) if running else (set(), None)
            if broken or any(isinstance(future.exception(), BrokenProcessPool) for future in finished):
                suspects = list(running.values())
                running.clear()
                self._restart()
                yield from (self._alone(key, path) for key, path in suspects)
            for future in finished & running.keys():
                del running[future]
                yield future.result()

    def _make_sure_it_works(self) -> None:
        """Tells processes that cannot start at all from a photo that kills them."""
        try:
            for start in self._starts:
                start.result()
        except BrokenProcessPool as error:
            raise FeatureError(
                "the decoding processes cannot start; a script that measures photos must do so "
                "under `if __name__ == '__main__':`"
            ) from error

    def _alone(self, key: str, path: Path) -> Prepared | Failure:
        """Prepares one photo with nothing else under way, so that a crash has a name."""
        try:
            return self._processes.submit(_prepare, key, path).result()
        except BrokenProcessPool:
            self._restart()
            return Failure(
                key, "the decoder died on it: the file is damaged or hostile, or the memory too small"
            )

    def _start(self) -> None:
        # Spawned, not forked: forking a process that runs torch's threads can hang.
        self._processes = ProcessPoolExecutor(self._workers, get_context("spawn"), _set_up, (self._work,))
        with _ctrl_c_ignored():
            self._starts = [self._processes.submit(_start_was_fine) for _ in range(self._workers)]

    def _restart(self) -> None:
        self._processes.shutdown(wait=False, cancel_futures=True)
        self._start()


@contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    """Processes started meanwhile ignore Ctrl-C, which reaches the whole group: it is for the parent."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_work: _Work


def _set_up(work: _Work) -> None:
    global _work
    _work = work
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    """Leaves no process behind where the parent was killed and could not say goodbye."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _start_was_fine() -> None:
    pass


def _prepare(key: str, path: Path) -> Prepared | Failure:
    try:
        data = read_photo(path)
        digest = content_hash(data)
        wanted = [digest not in finished for finished in _work.finished]
        pixels = decode(data, LONG_SIDE).pixels if any(wanted) else None
    except PhotoError as error:
        return Failure(key, str(error))
    return Prepared(
        key,
        digest,
        tuple(
            step(pixels) if pixels is not None and needed else None
            for step, needed in zip(_work.steps, wanted, strict=True)
        ),
    )
