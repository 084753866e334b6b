"""Reads, decodes and prepares photos in processes of their own.

Processes rather than threads: a hostile file may crash a C library, and what such libraries print belongs
to the photo that made them. Pipes of our own rather than `concurrent.futures`, whose locks stay taken where
Ctrl-C strikes between two of them: the run then hangs instead of ending.
"""

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType

from phototriage.errors import Failure, FeatureError
from phototriage.features.block import PhotoView
from phototriage.features.decoding_memory import MemoryBudget
from phototriage.features.decoding_worker import READY, Answer, NeedsMemory, Prepare, Prepared, Work, serve
from phototriage.features.runtime.device import usable_cores
from phototriage.photos import MAX_DECODING_BYTES

__all__ = ["ENVIRONMENT", "DecodingPool", "Prepared"]

ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",  # there is a process per core; numpy also loads in half the time
    # Memory of pixels is kept for the next photo, instead of returned to the system and cleared anew.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
}
"""Variables of the decoding processes, where this process says nothing else."""


_SECONDS_OF_SILENCE = 60.0
"""A photo takes a second or two."""

_SECONDS_PER_PHOTO = 120.0
"""What takes longer is stuck: in a hostile file, or on a disk that does not answer."""

_SECONDS_PER_LOOK = 1.0
_SECONDS_TO_END = 5.0
_MOST_STARTS = 3
"""How often in a row processes may end before they are ready."""

_GONE = "gone"
"""In place of an answer: the process has ended."""


@dataclass(eq=False)
class _Worker:
    """A process, our ends of its pipes, and the photos it was given and has not answered for, in order.

    heard_at: when it last answered or was given something to do, in seconds of the pool's clock; None while
    it waits for memory. stuck: it was ended because it did not answer.
    """

    process: BaseProcess
    pipe: "Connection[Work | tuple[str, Path], Answer]"
    grants: "Connection[None, None]"
    heard_at: float | None
    given: deque[tuple[str, Path]] = field(default_factory=deque)
    ready: bool = False
    stuck: bool = False


class DecodingPool:
    """Processes that prepare photos. They start with the first photo, and stay for later runs.

    Args:
        workers: how many processes at most; by default one per core that this process may use.
        on_note: called with one line where no photo becomes ready for a long time.
    """

    def __init__(
        self, workers: int | None = None, on_note: Callable[[str], None] = lambda note: None
    ) -> None:
        self._answers: SimpleQueue[tuple[_Worker, Answer]] = SimpleQueue()
        self._memory = MemoryBudget(MAX_DECODING_BYTES)
        self._clock = 0.0
        """Seconds that this process has waited for answers."""
        self._failed_starts = 0
        self._most = usable_cores() if workers is None else workers
        self._on_note = on_note
        self._workers: list[_Worker] = []
        self._work: Work | None = None

    def __enter__(self) -> "DecodingPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # They write nothing, so that they can be ended anywhere. A stopped process heeds nothing but a kill.
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join(_SECONDS_TO_END)

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

        A process that dies takes the one photo with it at which it was, and another takes its place. One that
        is at a photo for longer than two minutes is ended.
        A run that is not taken to its end is the last one of its pool.

        Args:
            photos: key → file.
            steps: what to make of the pixels; each must pickle.
            finished: per step, the content hashes for which it need not run.
            views: per step, what it is given of the photo; by default the same of all.
            ahead: photos that are decoded ahead of the one that is asked for, so that inference seldom waits.
        """
        work = Work(tuple(steps), tuple(finished), tuple(views) or (PhotoView(),) * len(steps))
        waiting = deque(photos.items())
        missing = len(waiting)
        # What a library of a million photos has finished is large; not every run of a pool tells it anew.
        told = len(self._workers) if work == self._work else 0
        self._work = work
        self._workers += [self._started() for _ in range(min(self._most, missing) - len(self._workers))]
        for worker in self._workers[told:]:
            _tell(worker, work)
        self._hand_out(waiting, ahead)
        while missing:
            worker, answer = self._next_answer()
            if worker not in self._workers:
                continue  # it was given up
            if isinstance(answer, Exception):
                raise answer
            if answer == READY:
                worker.ready = True
                self._failed_starts = 0
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

    def _next_answer(self) -> tuple[_Worker, Answer]:
        silence = 0.0
        while True:
            began = time.monotonic()
            try:
                answer = self._answers.get(timeout=_SECONDS_PER_LOOK)
            except Empty:
                answer = None
            # Never much more than it meant to wait: all of them may have been stopped together, by Ctrl-Z.
            waited = min(time.monotonic() - began, 2 * _SECONDS_PER_LOOK)
            self._clock += waited
            if self._answers.empty():
                self._end_stuck_processes()
            if answer is not None:
                return answer
            silence += waited
            if silence >= _SECONDS_OF_SILENCE:
                silence = 0.0
                at = ", ".join(worker.given[0][0] for worker in self._workers if worker.given)
                self._on_note(f"no photo in {_SECONDS_OF_SILENCE:g} s, still at {at}")

    def _end_stuck_processes(self) -> None:
        for worker in self._workers:
            busy = bool(worker.given) or not worker.ready
            heard_at = worker.heard_at
            if busy and heard_at is not None and self._clock - heard_at > _SECONDS_PER_PHOTO:
                worker.stuck = True
                worker.heard_at = None
                worker.process.kill()
                # Where the system cannot end it at once, as in the midst of reading a dead share, its pipe
                # stays open.
                self._answers.put((worker, _GONE))

    def _hand_out(self, waiting: deque[tuple[str, Path]], ahead: int) -> None:
        """Gives photos to the least busy processes, as many as may be under way."""
        under_way = sum(len(worker.given) for worker in self._workers)
        for _ in range(min(len(waiting), ahead - under_way)):
            worker = min(self._workers, key=lambda worker: len(worker.given))
            if not worker.given:
                worker.heard_at = self._clock
            if not _tell(worker, waiting[0]):
                return
            worker.given.append(waiting.popleft())

    def _replaced(self, worker: _Worker, work: Work) -> Failure | None:
        """Puts another process in the place of one that is gone; names the photo that it died of, if any."""
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= _MOST_STARTS:
                raise FeatureError(
                    "the decoding processes cannot start: they ran out of memory, or a script measures "
                    "photos elsewhere than under `if __name__ == '__main__':`"
                )
        self._memory.give_back(worker)
        worker.process.join(_SECONDS_TO_END)
        started = self._workers[self._workers.index(worker)] = self._started()
        _tell(started, work)
        if not (worker.ready and worker.given):
            return None
        key, _ = worker.given.popleft()
        if worker.stuck:
            return Failure(
                key,
                f"it was not read within {_SECONDS_PER_PHOTO:g} s: its disk or network share does not "
                "answer, or the file is hostile",
            )
        return Failure(key, "the decoder died on it: the file is damaged or hostile, or the memory too small")

    def _started(self) -> _Worker:
        # Spawned, not forked: forking a process that runs torch's threads can hang.
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        grants, our_grants = context.Pipe(duplex=False)
        process = context.Process(target=serve, args=(theirs, grants), daemon=True)
        with _ctrl_c_held(), _environment_of_processes():
            process.start()
        theirs.close()  # else the pipe would not end with the process
        grants.close()
        worker = _Worker(process, ours, our_grants, self._clock)
        threading.Thread(target=self._listen, args=(worker,), daemon=True).start()
        return worker

    def _listen(self, worker: _Worker) -> None:
        """Takes answers while inference runs, so that no process waits for a full pipe to empty."""
        try:
            while True:
                answer = worker.pipe.recv()
                if isinstance(answer, NeedsMemory):
                    worker.heard_at = None
                    self._memory.take(worker, answer.size)
                    worker.heard_at = self._clock
                    worker.grants.send(None)
                    continue
                self._memory.give_back(worker)
                worker.heard_at = self._clock
                self._answers.put((worker, answer))
        except (EOFError, OSError):
            self._memory.give_back(worker)
            self._answers.put((worker, _GONE))
        except Exception as error:  # noqa: BLE001 - it is raised again in the main thread
            self._answers.put((worker, error))


def _tell(worker: _Worker, message: Work | tuple[str, Path]) -> bool:
    """Whether the process is there to hear it; its last answer says so, too, where it is gone."""
    try:
        worker.pipe.send(message)
    except OSError:
        return False
    return True


@contextmanager
def _environment_of_processes() -> Iterator[None]:
    """Processes started meanwhile have ENVIRONMENT, which their libraries read when they are loaded."""
    added = {name: value for name, value in ENVIRONMENT.items() if name not in os.environ}
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
