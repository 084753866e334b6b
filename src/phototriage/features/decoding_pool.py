"""Reads, decodes and prepares photos in processes of their own.

Processes rather than threads: a hostile file may crash a C library, and what such libraries print belongs
to the photo that made them.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.errors import PhotoError
from phototriage.features.block import Failure
from phototriage.photos import content_hash, decode, read_photo

__all__ = ["DecodingPool", "Prepared"]

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
    max_side: int


class DecodingPool:
    """Processes that prepare photos.

    Args:
        steps: what to make of the pixels, uint8 RGB (h, w, 3); each must pickle.
        finished: per step, the content hashes for which it need not run.
        max_side: the long side that photos are shrunk to, in pixels.
        workers: how many processes; by default one per core that this process may use.
    """

    def __init__(
        self,
        steps: Sequence[Prepare],
        finished: Sequence[frozenset[str]],
        max_side: int,
        workers: int | None = None,
    ) -> None:
        self._work = _Work(tuple(steps), tuple(finished), max_side)
        self._workers = workers or len(os.sched_getaffinity(0))
        self._processes = self._started()

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
        while waiting or running:
            while waiting and len(running) < 3 * self._workers:
                key, path = waiting.popleft()
                running[self._processes.submit(_prepare, key, path)] = (key, path)
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            if any(isinstance(future.exception(), BrokenProcessPool) for future in finished):
                suspects = list(running.values())
                running.clear()
                self._restart()
                yield from (self._alone(key, path) for key, path in suspects)
            for future in finished & running.keys():
                del running[future]
                yield future.result()

    def _alone(self, key: str, path: Path) -> Prepared | Failure:
        """Prepares one photo with nothing else under way, so that a crash has a name."""
        try:
            return self._processes.submit(_prepare, key, path).result()
        except BrokenProcessPool:
            self._restart()
            return Failure(key, "crashes the image decoder; the file is damaged or hostile")

    def _started(self) -> ProcessPoolExecutor:
        # Spawned, not forked: forking a process that runs torch's threads can hang.
        return ProcessPoolExecutor(self._workers, get_context("spawn"), _start, (self._work,))

    def _restart(self) -> None:
        self._processes.shutdown(wait=False, cancel_futures=True)
        self._processes = self._started()


_work: _Work


def _start(work: _Work) -> None:
    global _work
    _work = work
    # Ctrl-C reaches the whole process group; the parent decides what becomes of the work under way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)


def _prepare(key: str, path: Path) -> Prepared | Failure:
    try:
        data = read_photo(path)
        digest = content_hash(data)
        wanted = [digest not in finished for finished in _work.finished]
        pixels = decode(data, _work.max_side).pixels if any(wanted) else None
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
