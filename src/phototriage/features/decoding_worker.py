"""What a decoding process does: reads, decodes and prepares the photos that it is given."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from pickle import PicklingError
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.errors import Failure, FeatureError, PhotoError, PhotoReadError
from phototriage.features.block import CloserLook, PhotoView
from phototriage.features.decoding_memory import limit_memory
from phototriage.photos import (
    MAX_DECODED_PIXELS,
    MAX_DECODING_BYTES,
    Capture,
    Decoded,
    content_hash,
    decode,
    read_capture,
    read_photo,
    webp_bytes,
)

__all__ = ["READY", "Answer", "NeedsMemory", "Prepare", "Prepared", "Work", "prepare", "serve"]

Prepare = Callable[..., NDArray[Any]]
"""Pixels, and a `CloserLook` where its view says so → what is made of the photo."""


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
class Work:
    """What every process does with every photo of a run."""

    steps: tuple[Prepare, ...]
    finished: tuple[frozenset[str], ...]
    views: tuple[PhotoView, ...]


@dataclass(frozen=True)
class NeedsMemory:
    """A process asks for so many bytes, and waits until it is told to go on."""

    size: int


READY = "ready"

Answer = Prepared | Failure | NeedsMemory | Exception | str
"""Of a process: a photo's result, a question for memory, an error to raise, or that it is READY for work."""

_UNASKED_BYTES = 64 << 20
"""Photos that take no more are decoded without a question; most JPEGs do."""


def serve(pipe: "Connection[Answer, Work | tuple[str, Path]]", grants: "Connection[None, None]") -> None:
    """What a process does until its parent ends.

    Args:
        pipe: brings work and photos, and takes the answers.
        grants: brings something whenever the memory that was asked for is free.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    with suppress(EOFError, OSError):  # the parent has ended
        pipe.send(READY)
        work = Work((), (), ())
        while True:
            message = pipe.recv()
            if isinstance(message, Work):
                work = message
                continue
            try:
                answer: Answer = prepare(*message, work, _Reservation(pipe, grants))
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


class _Reservation:
    """The memory that one photo may take; asks for it when it is more than any photo may."""

    def __init__(
        self, pipe: "Connection[Answer, Work | tuple[str, Path]]", grants: "Connection[None, None]"
    ) -> None:
        self._pipe, self._grants = pipe, grants
        self._held = _UNASKED_BYTES
        limit_memory(self._held)

    def __call__(self, size: int) -> None:
        if size > self._held:
            self._pipe.send(NeedsMemory(size))
            self._grants.recv()
            self._held = size
            limit_memory(size)


def prepare(
    key: str, path: Path, work: Work, reserve: Callable[[int], None] = lambda size: None
) -> Prepared | Failure:
    """Does the work with one photo.

    Args:
        key, path: the photo. work: what to do.
        reserve: see `decode`. For a large file it is called with the most that any photo may take, since what
            is held for the file must not be in the way of what its pixels need.
    """
    try:
        data = read_photo(
            path, reserve=lambda size: reserve(MAX_DECODING_BYTES if size > _UNASKED_BYTES else size)
        )
    except PhotoError as error:
        return Failure(key, str(error))
    reserve(min(len(data) + webp_bytes(data), MAX_DECODING_BYTES))
    digest, capture = content_hash(data), read_capture(data)
    wanted = [digest not in finished for finished in work.finished]
    shown = [replace(view, closer=False) for view in work.views]
    needed = {view for view, unfinished in zip(shown, wanted, strict=True) if unfinished}
    try:
        decoded = {view: decode(data, view.long_side, grey=view.grey, reserve=reserve) for view in needed}
        arrays = tuple(
            step(decoded[seen].pixels, *([_closer_look(data, decoded[seen], reserve)] if view.closer else []))
            if unfinished
            else None
            for step, view, seen, unfinished in zip(work.steps, work.views, shown, wanted, strict=True)
        )
    except (PhotoReadError, MemoryError) as error:
        return Failure(key, str(error) or "there is not enough memory to measure it")
    except PhotoError as error:
        return Prepared(key, digest, capture, str(error), (), (None,) * len(work.steps))
    warnings = tuple(dict.fromkeys(warning for each in decoded.values() for warning in each.warnings))
    return Prepared(key, digest, capture, None, warnings, arrays)


def _closer_look(data: bytes, decoded: Decoded, reserve: Callable[[int], None]) -> CloserLook:
    long_side, most = max(decoded.width, decoded.height), MAX_DECODED_PIXELS
    halvings = 0
    while decoded.width * decoded.height >> 2 * halvings > most:  # only a JPEG's decoder halves it
        halvings += 1
    largest = long_side >> halvings

    def grey(side: int) -> NDArray[np.uint8]:
        return decode(data, min(side, largest), grey=True, reserve=reserve).pixels

    return CloserLook(long_side, grey)
