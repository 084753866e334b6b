"""Pictures of photos for the page, rendered from their files, cached, and prepared ahead."""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.errors import Failure, PhotoError, PhototriageError
from phototriage.features.block import PhotoView
from phototriage.features.decoding_pool import DecodingPool
from phototriage.features.runtime.device import usable_cores
from phototriage.outputs.report.thumbnails import encode_thumbnail
from phototriage.printable import printable
from phototriage.web.picture_store import Kind, PictureStore

__all__ = ["LARGE_SIDE", "MEDIA_TYPES", "PREVIEW_SIDE", "Encoder", "Renditions", "encode_jpeg"]

LARGE_SIDE = 2048
"""Long side of the large view in pixels."""

PREVIEW_SIDE = 750
"""Long side of what stands there until the large view does, in pixels.

A JPEG of 24 megapixels is decoded at a quarter of its size for it, in a fifth of the time of the large view.
"""

MEDIA_TYPES = {
    "thumbnail": "image/webp",
    "preview": "image/jpeg",
    "large": "image/jpeg",
    "full": "image/jpeg",
}

_log = logging.getLogger(__name__)

_EVERY_PIXEL = 1 << 20
_QUALITY = 92
_PREVIEW_QUALITY = 85
_VERSION = 1
_MOST_BYTES = 2 << 30
_MOST_RENDERERS = 4  # each holds the pixels of a photo, which may be hundreds of megabytes


def encode_jpeg(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Encodes pixels, uint8 RGB (h, w, 3), as JPEG without subsampled colors: uint8 (n,)."""
    return _jpeg(pixels, _QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)


def _encode_preview(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return _jpeg(pixels, _PREVIEW_QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420)


def _jpeg(pixels: NDArray[np.uint8], quality: int, sampling: int) -> NDArray[np.uint8]:
    options = [*(cv2.IMWRITE_JPEG_QUALITY, quality), *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling)]
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise PhotoError("it cannot be encoded as JPEG")
    return np.asarray(encoded, np.uint8)


Encoder = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""Pixels, uint8 RGB (h, w, 3) → the bytes of a picture file, uint8 (n,); it pickles."""


@dataclass(frozen=True)
class _Decode:
    """What one decode of a photo, at a long side of at most `side` pixels, is made into; None is not kept."""

    side: int
    encoders: tuple[tuple[Kind | None, Encoder], ...]


_DECODES = (
    _Decode(PREVIEW_SIDE, (("preview", _encode_preview), ("thumbnail", encode_thumbnail))),
    _Decode(LARGE_SIDE, (("large", encode_jpeg),)),
    _Decode(_EVERY_PIXEL, (("full", encode_jpeg),)),
)
_DECODE_OF = {kind: decode for decode in _DECODES for kind, _ in decode.encoders}


@dataclass(frozen=True)
class _Job:
    """A file to decode. photo: names it. content_hash: what its file is expected to hold."""

    decode: _Decode
    photo: str
    path: Path
    content_hash: str


@dataclass(eq=False)
class _Outcome:
    """What becomes of a job. pictures: kind → the bytes of a picture file."""

    finished: threading.Event = field(default_factory=threading.Event)
    pictures: dict[Kind | None, bytes] = field(default_factory=dict)
    reason: str = ""


class Renditions:
    """Renders photos in processes of their own, the most urgent first.

    Pictures are kept in <cache_dir>/renditions by the content hash of their photo, up to `most_bytes`, those
    that were asked for longest ago going first.

    Args:
        renderers: processes at most; by default one per core, up to four.
    """

    def __init__(self, cache_dir: Path, most_bytes: int = _MOST_BYTES, renderers: int | None = None) -> None:
        self._store = PictureStore(cache_dir / "renditions" / f"{_VERSION}", most_bytes)
        self._most = renderers or min(usable_cores(), _MOST_RENDERERS)
        self._changed = threading.Condition()
        self._waiting: list[tuple[int, _Job]] = []
        self._planned: list[_Job] = []
        self._outcomes: dict[tuple[_Decode, str], _Outcome] = {}
        self._order = itertools.count()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._closed = False

    def get(self, kind: Kind, photo: str, path: Path, content_hash: str) -> bytes:
        """A picture of a photo. Raises PhotoError, in one line without the path, if it cannot be rendered."""
        if kept := self._store.get(kind, content_hash):
            return kept
        return self._made(kind, _Job(_DECODE_OF[kind], photo, path, content_hash))

    def make(self, encode: Encoder, side: int, photo: str, path: Path, content_hash: str) -> bytes:
        """What `encode` makes of a photo at a long side of at most `side` pixels; it is not kept on disk.

        Raises PhotoError as `get` does.
        """
        return self._made(None, _Job(_Decode(side, ((None, encode),)), photo, path, content_hash))

    def prepare(self, wanted: Iterable[tuple[Kind, str, Path, str]]) -> None:
        """Renders pictures when nothing more urgent is waiting, in place of what was to be prepared before.

        wanted: of each picture the kind, and the id, the file and the content hash of its photo, in the order
        of urgency.
        """
        missing = [
            _Job(_DECODE_OF[kind], photo, path, content_hash)
            for kind, photo, path, content_hash in wanted
            if not self._store.has(kind, content_hash)
        ]
        with self._changed:
            self._planned = missing
            self._wake()

    def close(self) -> None:
        """Ends the processes; whoever waits for a picture, and whoever asks for one later, gets none."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        with self._changed:
            for outcome in self._outcomes.values():
                _ended(outcome)

    def _made(self, kind: Kind | None, job: _Job) -> bytes:
        outcome = self._ask(job)
        outcome.finished.wait()
        if kind not in outcome.pictures:
            raise PhotoError(outcome.reason)
        return outcome.pictures[kind]

    def _ask(self, job: _Job) -> _Outcome:
        with self._changed:
            if self._closed:
                return _ended(_Outcome())
            outcome = self._outcomes.get((job.decode, job.photo))
            if outcome is None:
                outcome = self._outcomes[job.decode, job.photo] = _Outcome()
                # The newest first: the person has moved on from what was asked for before.
                heapq.heappush(self._waiting, (-next(self._order), job))
            self._wake()
            return outcome

    def _wake(self) -> None:
        work = len(self._waiting) + len(self._planned)
        if not self._closed and work > self._idle and len(self._threads) < self._most:
            # Not before there is something to do: a process takes a second to start.
            self._threads.append(threading.Thread(target=self._work, daemon=True))
            self._threads[-1].start()
        self._changed.notify_all()

    def _next(self) -> tuple[_Job, _Outcome] | None:
        with self._changed:
            while not self._closed:
                if self._waiting:
                    job = heapq.heappop(self._waiting)[1]
                    return job, self._outcomes[job.decode, job.photo]
                while self._planned:
                    job = self._planned.pop(0)
                    if (job.decode, job.photo) not in self._outcomes:
                        outcome = self._outcomes[job.decode, job.photo] = _Outcome()
                        return job, outcome
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
            return None

    def _work(self) -> None:
        while item := self._next():
            with DecodingPool(1) as pool:
                while item and self._ends(*item, pool):
                    item = self._next()

    def _ends(self, job: _Job, outcome: _Outcome, pool: DecodingPool) -> bool:
        """Ends a job; returns whether the pool may be used for another."""
        try:
            self._render(job, outcome, pool)
        except PhototriageError as error:
            outcome.reason = str(error)
        except Exception as error:  # noqa: BLE001 - a thread that ended would leave others waiting
            _log.exception("%s cannot be rendered", job.path)
            outcome.reason = f"it cannot be rendered ({printable(f'{type(error).__name__}: {error}')})"
            return False
        finally:
            with self._changed:
                self._outcomes.pop((job.decode, job.photo), None)
                outcome.finished.set()
        return True

    def _render(self, job: _Job, outcome: _Outcome, pool: DecodingPool) -> None:
        kinds = [kind for kind, _ in job.decode.encoders]
        steps = [encode for _, encode in job.decode.encoders]
        views, finished = [PhotoView(job.decode.side)] * len(steps), [frozenset[str]()] * len(steps)
        (made,) = pool.run({job.photo: job.path}, steps, finished, views=views)
        if isinstance(made, Failure):
            outcome.reason = made.reason
            return
        if made.content_hash != job.content_hash:
            outcome.reason = "the file has changed since it was measured: start phototriage review again"
            return
        for kind, encoded in zip(kinds, made.arrays, strict=True):
            if encoded is None:
                outcome.reason = made.fault or "it cannot be decoded"
                return
            outcome.pictures[kind] = encoded.tobytes()
            if kind:
                self._store.keep(kind, made.content_hash, outcome.pictures[kind])


def _ended(outcome: _Outcome) -> _Outcome:
    outcome.reason = "phototriage ends"
    outcome.finished.set()
    return outcome
