"""Pictures of photos for the page, rendered from their files, cached, and prepared ahead."""

import heapq
import itertools
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.atomic_write import atomic_write
from phototriage.errors import Failure, OutputError, PhotoError, PhototriageError
from phototriage.features.block import PhotoView
from phototriage.features.decoding_pool import DecodingPool
from phototriage.outputs.report.thumbnails import encode_thumbnail

__all__ = ["LARGE_SIDE", "MEDIA_TYPES", "Kind", "Renditions", "encode_jpeg"]

Kind = Literal["thumbnail", "large", "full"]

LARGE_SIDE = 2048
"""Long side of the large view in pixels."""

MEDIA_TYPES = {"thumbnail": "image/webp", "large": "image/jpeg", "full": "image/jpeg"}

_QUALITY = 92
_EVERY_PIXEL = 1 << 20
_VERSION = 1
_MOST_BYTES = 2 << 30
_PER_EVICTION = 0.9  # of the most bytes: what is left after the oldest were removed
_KINDS: dict[str, tuple[Kind, ...]] = {"large": ("large", "thumbnail"), "full": ("full",)}
"""What one decode is made into, by the name of the process that does it."""


def encode_jpeg(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Encodes pixels, uint8 RGB (h, w, 3), as JPEG without subsampled colors: uint8 (n,)."""
    done, encoded = cv2.imencode(
        ".jpg",
        cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR),
        [
            *(cv2.IMWRITE_JPEG_QUALITY, _QUALITY),
            *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
        ],
    )
    if not done:
        raise PhotoError("it cannot be encoded as JPEG")
    return np.asarray(encoded, np.uint8)


@dataclass(frozen=True)
class _Job:
    """A file to decode. photo: names it. content_hash: what its file is expected to hold."""

    photo: str
    path: Path
    content_hash: str


@dataclass(eq=False)
class _Outcome:
    """What becomes of a job. pictures: kind → the bytes of a picture file."""

    finished: threading.Event = field(default_factory=threading.Event)
    pictures: dict[Kind, bytes] = field(default_factory=dict)
    reason: str = ""


class Renditions:
    """Renders photos in processes of their own, one for large views and one for 1:1.

    Pictures are kept in <cache_dir>/renditions by the content hash of their photo, up to `most_bytes`, those
    that were asked for longest ago going first.
    """

    def __init__(self, cache_dir: Path, most_bytes: int = _MOST_BYTES) -> None:
        self._store = _PictureStore(cache_dir / "renditions" / f"{_VERSION}", most_bytes)
        self._desks = {name: _Desk(kinds, self._store) for name, kinds in _KINDS.items()}

    def get(self, kind: Kind, photo: str, path: Path, content_hash: str) -> bytes:
        """A picture of a photo. Raises PhotoError, in one line without the path, if it cannot be rendered."""
        if kept := self._store.get(kind, content_hash):
            return kept
        outcome = self._desk(kind).ask(_Job(photo, path, content_hash))
        outcome.finished.wait()
        if kind not in outcome.pictures:
            raise PhotoError(outcome.reason)
        return outcome.pictures[kind]

    def prepare(self, kind: Kind, photos: Iterable[tuple[str, Path, str]]) -> None:
        """Renders photos when nothing more urgent is waiting, in place of what was to be prepared before.

        photos: of each one the id, the file and the content hash, in the order of urgency.
        """
        missing = [_Job(*each) for each in photos if not self._store.has(kind, each[2])]
        self._desk(kind).plan(missing)

    def close(self) -> None:
        """Ends the processes; whoever waits for a picture, and whoever asks for one later, gets none."""
        for desk in self._desks.values():
            desk.close()

    def _desk(self, kind: Kind) -> "_Desk":
        return next(self._desks[name] for name, kinds in _KINDS.items() if kind in kinds)


class _Desk:
    """A thread that hands photos to its decoding process, the most urgent first."""

    def __init__(self, kinds: tuple[Kind, ...], store: "_PictureStore") -> None:
        self._kinds = kinds
        self._store = store
        self._changed = threading.Condition()
        self._waiting: list[tuple[int, _Job]] = []
        self._planned: list[_Job] = []
        self._outcomes: dict[str, _Outcome] = {}
        self._order = itertools.count()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, job: _Job) -> _Outcome:
        with self._changed:
            if self._closed:
                return _ended(_Outcome())
            outcome = self._outcomes.get(job.photo)
            if outcome is None:
                outcome = self._outcomes[job.photo] = _Outcome()
                # The newest first: the person has moved on from what was asked for before.
                heapq.heappush(self._waiting, (-next(self._order), job))
            self._wake()
            return outcome

    def plan(self, jobs: list[_Job]) -> None:
        with self._changed:
            self._planned = jobs
            self._wake()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread:
            self._thread.join()

    def _wake(self) -> None:
        if self._thread is None:  # the process takes a second to start and is not always needed
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        self._changed.notify()

    def _next(self) -> tuple[_Job, _Outcome] | None:
        with self._changed:
            while not self._closed:
                if self._waiting:
                    job = heapq.heappop(self._waiting)[1]
                    return job, self._outcomes[job.photo]
                while self._planned:
                    job = self._planned.pop(0)
                    if job.photo not in self._outcomes:
                        outcome = self._outcomes[job.photo] = _Outcome()
                        return job, outcome
                self._changed.wait()
            return None

    def _work(self) -> None:
        with DecodingPool(1) as pool:
            while item := self._next():
                job, outcome = item
                try:
                    self._render(job, outcome, pool)
                except PhototriageError as error:
                    outcome.reason = str(error)
                self._finish(job, outcome)
        with self._changed:
            for outcome in self._outcomes.values():
                _ended(outcome)

    def _render(self, job: _Job, outcome: _Outcome, pool: DecodingPool) -> None:
        side = _EVERY_PIXEL if self._kinds == ("full",) else LARGE_SIDE
        steps = [encode_thumbnail if kind == "thumbnail" else encode_jpeg for kind in self._kinds]
        views, finished = [PhotoView(side)] * len(steps), [frozenset[str]()] * len(steps)
        (made,) = pool.run({job.photo: job.path}, steps, finished, views=views)
        if isinstance(made, Failure):
            outcome.reason = made.reason
            return
        if made.content_hash != job.content_hash:
            outcome.reason = "the file has changed since it was measured: start phototriage review again"
            return
        for kind, encoded in zip(self._kinds, made.arrays, strict=True):
            if encoded is None:
                outcome.reason = made.fault or "it cannot be decoded"
                return
            outcome.pictures[kind] = encoded.tobytes()
            self._store.keep(kind, made.content_hash, outcome.pictures[kind])

    def _finish(self, job: _Job, outcome: _Outcome) -> None:
        with self._changed:
            self._outcomes.pop(job.photo, None)
            outcome.finished.set()


def _ended(outcome: _Outcome) -> _Outcome:
    outcome.reason = "phototriage ends"
    outcome.finished.set()
    return outcome


class _PictureStore:
    """Pictures on disk, within bounds: <folder>/<kind>/<2 digits>/<content hash>."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # nobody else's to look at
        self._most = most_bytes
        self._lock = threading.Lock()
        self._bytes: int | None = None

    def has(self, kind: Kind, content_hash: str) -> bool:
        return self._path(kind, content_hash).exists()

    def get(self, kind: Kind, content_hash: str) -> bytes | None:
        path = self._path(kind, content_hash)
        try:
            picture = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return picture

    def keep(self, kind: Kind, content_hash: str, picture: bytes) -> None:
        """Keeps a picture if the folder can be written; otherwise it is rendered again next time."""
        with suppress(OutputError), atomic_write(self._path(kind, content_hash)) as file:
            file.write(picture)
        with self._lock:
            if self._bytes is None:
                self._bytes = sum(size for _, size, _ in self._listed())
            else:
                self._bytes += len(picture)
            if self._bytes > self._most:
                self._evict()

    def _evict(self) -> None:
        files = self._listed()
        left = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if left <= _PER_EVICTION * self._most:
                break
            with suppress(OSError):
                path.unlink()
                left -= size
        self._bytes = left

    def _listed(self) -> list[tuple[int, int, Path]]:
        """Of every picture the time of its last use, its size and its path."""
        found = []
        for path in self._folder.glob("*/*/*"):
            with suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_size, path))
        return found

    def _path(self, kind: Kind, content_hash: str) -> Path:
        return self._folder / kind / content_hash[:2] / content_hash
