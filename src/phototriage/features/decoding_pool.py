"""Reads, decodes and prepares photos in processes of their own.

Processes rather than threads: a hostile file may crash a C library, and what such libraries print belongs
to the photo that made them. Pipes of our own rather than `concurrent.futures`, whose locks stay taken where
Ctrl-C strikes between two of them: the run then hangs instead of ending.
"""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from pickle import PicklingError
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.errors import Failure, FeatureError, PhotoError, PhotoReadError
from phototriage.features.block import PhotoView
from phototriage.features.runtime.device import usable_cores
from phototriage.photos import Capture, content_hash, decode, read_capture, read_photo

__all__ = ["DecodingPool", "Prepared"]

Prepare = Callable[[NDArray[np.uint8]], NDArray[Any]]


@dataclass(frozen=True)
class Prepared:
    """A file that was read.

    fault: why it is no usable photo; None where it is. warnings: what was wrong with it all the same.
    arrays: one per preparing step; None where its result was finished before, or where there is a fault.
    """

    photo: str
    content_hash: str
    capture: Capture
    fault: str | None
    warnings: tuple[str, ...]
    arrays: tuple[NDArray[Any] | None, ...]


@dataclass(frozen=True)
class _Work:
    """What every process does with every photo of a run."""

    steps: tuple[Prepare, ...]
    finished: tuple[frozenset[str], ...]
    views: tuple[PhotoView, ...]


_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",  # there is a process per core; numpy also loads in half the time
    # Memory of pixels is kept for the next photo, instead of returned to the system and cleared anew.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
}
"""Of the processes, where this one says nothing else."""


_SECONDS_OF_SILENCE = 60.0
"""A photo takes a second or two."""

_READY, _GONE = "ready", "gone"

_Answer = Prepared | Failure | Exception | str
"""Of a process: a photo's result, an error to raise, that it is _READY for work, or that it is _GONE."""


@dataclass(eq=False)
class _Worker:
    """A process, our end of its pipe, and the photos it was given and has not answered for, in order."""

    process: BaseProcess
    pipe: "Connection[_Work | tuple[str, Path], _Answer]"
    given: deque[tuple[str, Path]] = field(default_factory=deque)
    ready: bool = False


class DecodingPool:
    """Processes that prepare photos. They start with the first photo, and stay for later runs.

    Args:
        workers: how many processes at most; by default one per core that this process may use.
        on_note: called with one line where no photo becomes ready for a long time.
    """

    def __init__(
        self, workers: int | None = None, on_note: Callable[[str], None] = lambda note: None
    ) -> None:
        self._answers: SimpleQueue[tuple[_Worker, _Answer]] = SimpleQueue()
        self._most = usable_cores() if workers is None else workers
        self._on_note = on_note
        self._workers: list[_Worker] = []

    def __enter__(self) -> "DecodingPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # They write nothing, so that they can be ended anywhere.
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()

    def run(
        self,
        photos: Mapping[str, Path],
        steps: Sequence[Prepare],
        finished: Sequence[frozenset[str]],
        *,
        views: Sequence[PhotoView] = (),
        ahead: int = 64,
    ) -> Iterator[Prepared | Failure]:
        """Prepares key → file, in the order in which they are ready; few are held in memory at a time.

        A process that dies takes the one photo with it at which it was, and another takes its place.
        A run that is not taken to its end is the last one of its pool.

        Args:
            photos: key → file.
            steps: what to make of the pixels; each must pickle.
            finished: per step, the content hashes for which it need not run.
            views: per step, what it is given of the photo; by default the same of all.
            ahead: photos that are decoded ahead of the one that is asked for, so that inference seldom waits.
        """
        work = _Work(tuple(steps), tuple(finished), tuple(views) or (PhotoView(),) * len(steps))
        waiting = deque(photos.items())
        missing = len(waiting)
        self._workers += [self._started() for _ in range(min(self._most, missing) - len(self._workers))]
        for worker in self._workers:
            _tell(worker, work)
        self._hand_out(waiting, ahead)
        while missing:
            worker, answer = self._next_answer()
            if isinstance(answer, Exception):
                raise answer
            if answer == _READY:
                worker.ready = True
                continue
            if isinstance(answer, Prepared | Failure):
                worker.given.popleft()
            else:
                lost = self._replaced(worker, work)
                waiting.extendleft(reversed(worker.given))
                if lost is None:
                    self._hand_out(waiting, ahead)
                    continue
                answer = lost
            missing -= 1
            self._hand_out(waiting, ahead)
            yield answer

    def _next_answer(self) -> tuple[_Worker, _Answer]:
        while True:
            with suppress(Empty):
                return self._answers.get(timeout=_SECONDS_OF_SILENCE)
            at = ", ".join(worker.given[0][0] for worker in self._workers if worker.given)
            self._on_note(f"no photo in {_SECONDS_OF_SILENCE:g} s, still at {at}")

    def _hand_out(self, waiting: deque[tuple[str, Path]], ahead: int) -> None:
        """Gives photos to the least busy processes, as many as may be under way."""
        under_way = sum(len(worker.given) for worker in self._workers)
        for _ in range(min(len(waiting), ahead - under_way)):
            worker = min(self._workers, key=lambda worker: len(worker.given))
            if not _tell(worker, waiting[0]):
                return
            worker.given.append(waiting.popleft())

    def _replaced(self, worker: _Worker, work: _Work) -> Failure | None:
        """Puts another process in the place of one that is gone; names the photo that it died of, if any."""
        if not worker.ready:
            raise FeatureError(
                "the decoding processes cannot start: they ran out of memory, or a script measures photos "
                "elsewhere than under `if __name__ == '__main__':`"
            )
        worker.process.join()
        started = self._workers[self._workers.index(worker)] = self._started()
        _tell(started, work)
        if not worker.given:
            return None
        key, _ = worker.given.popleft()
        return Failure(key, "the decoder died on it: the file is damaged or hostile, or the memory too small")

    def _started(self) -> _Worker:
        # Spawned, not forked: forking a process that runs torch's threads can hang.
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _ctrl_c_held(), _environment_of_processes():
            process.start()
        theirs.close()  # else the pipe would not end with the process
        worker = _Worker(process, ours)
        threading.Thread(target=self._listen, args=(worker,), daemon=True).start()
        return worker

    def _listen(self, worker: _Worker) -> None:
        """Takes answers while inference runs, so that no process waits for a full pipe to empty."""
        try:
            while True:
                self._answers.put((worker, worker.pipe.recv()))
        except (EOFError, OSError):
            self._answers.put((worker, _GONE))
        except Exception as error:  # noqa: BLE001 - it is raised again in the main thread
            self._answers.put((worker, error))


def _tell(worker: _Worker, message: _Work | tuple[str, Path]) -> bool:
    """Whether the process is there to hear it; its last answer says so, too, where it is gone."""
    try:
        worker.pipe.send(message)
    except OSError:
        return False
    return True


@contextmanager
def _environment_of_processes() -> Iterator[None]:
    """Processes started meanwhile have _ENVIRONMENT, which their libraries read when they are loaded."""
    added = {name: value for name, value in _ENVIRONMENT.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """Processes started meanwhile never see Ctrl-C, which reaches the whole group: it is for the parent."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: "Connection[_Answer, _Work | tuple[str, Path]]") -> None:
    """What a process does until its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    with suppress(EOFError, OSError):  # the parent has ended
        pipe.send(_READY)
        work = _Work((), (), ())
        while True:
            message = pipe.recv()
            if isinstance(message, _Work):
                work = message
                continue
            try:
                answer: _Answer = _prepare(*message, work)
            except Exception as error:  # noqa: BLE001 - it is raised again in the parent
                answer = error
            try:
                pipe.send(answer)
            except (PicklingError, TypeError, AttributeError):  # what pickling raises for what it cannot
                pipe.send(FeatureError(f"no process can answer {answer!r}"))


def _end_with_the_parent() -> None:
    """Leaves no process behind where the parent was killed and could not say goodbye."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _prepare(key: str, path: Path, work: _Work) -> Prepared | Failure:
    try:
        data = read_photo(path)
    except PhotoError as error:
        return Failure(key, str(error))
    digest, capture = content_hash(data), read_capture(data)
    wanted = [digest not in finished for finished in work.finished]
    needed = {view for view, unfinished in zip(work.views, wanted, strict=True) if unfinished}
    try:
        decoded = {view: decode(data, view.long_side, grey=view.grey) for view in needed}
        arrays = tuple(
            step(decoded[view].pixels) if unfinished else None
            for step, view, unfinished in zip(work.steps, work.views, wanted, strict=True)
        )
    except (PhotoReadError, MemoryError) as error:
        return Failure(key, str(error) or "there is not enough memory to measure it")
    except PhotoError as error:
        return Prepared(key, digest, capture, str(error), (), (None,) * len(work.steps))
    warnings = tuple(dict.fromkeys(warning for each in decoded.values() for warning in each.warnings))
    return Prepared(key, digest, capture, None, warnings, arrays)
