"""Runs an exported network by onnxruntime, without torch."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import FeatureError
from phototriage.features.runtime.device import usable_cores

__all__ = ["Infer", "start_onnx"]

Infer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""uint8 RGB (n, h, w, 3) → float32 (n, dim)."""

_PHOTOS_AT_ONCE = 4


def start_onnx(
    path: Path, weights: Mapping[str, NDArray[np.float32]] | None = None, *, one_by_one: bool = False
) -> Infer:
    """An onnxruntime session on the CPU, with a thread per core that takes a few photos at a time.

    Several photos each in one thread are faster than each photo in several, which wait for one another at
    every layer, and for the decoding beside them.

    weights: of a graph that is kept without them, by the names of its initializers.
    one_by_one: for 8 bits, whose inputs are scaled over all that goes through at once: a photo's numbers must
    not depend on its neighbours. For large photos too, of which several do not fit into a core's cache.
    Raises FeatureError for a file that onnxruntime cannot run; inference raises RuntimeError, as torch does.
    """
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import (
        Fail,
        InvalidArgument,
        InvalidGraph,
        InvalidProtobuf,
        NoSuchFile,
        NotImplemented,
        RuntimeException,
    )

    unusable = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoSuchFile, NotImplemented)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    values = {
        name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in (weights or {}).items()
    }
    settings.add_external_initializers(list(values), list(values.values()))
    try:
        session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    except (*unusable, RuntimeException) as error:
        raise FeatureError(f"onnxruntime cannot run {path}: remove it, or use --runtime torch") from error
    name = session.get_inputs()[0].name

    at_once = 1 if one_by_one else _PHOTOS_AT_ONCE

    # The session reads the weights where they lie and does not own them, so this function does.
    def run(photos: NDArray[np.uint8], _weights: object = values) -> NDArray[np.float32]:
        return np.asarray(session.run(None, {name: photos})[0], np.float32)

    def infer(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        try:
            return np.concatenate(_in_threads(run, _even_parts(pixels, at_once, usable_cores())))
        except (Fail, RuntimeException) as error:
            raise RuntimeError(str(error)) from error

    return infer


def _even_parts(pixels: NDArray[np.uint8], most: int, cores: int) -> list[NDArray[np.uint8]]:
    """Parts of at most `most` photos that occupy every core to the end: a few photos, or the rest of a batch
    that does not divide, else leave cores idle."""
    turns = math.ceil(len(pixels) / (most * cores))
    return np.array_split(pixels, min(len(pixels), turns * cores))


def _in_threads(
    run: Callable[[NDArray[np.uint8]], NDArray[np.float32]], parts: Sequence[NDArray[np.uint8]]
) -> list[NDArray[np.float32]]:
    """`run` of every part, in their order, with as many threads as cores; raises what one of them raised.

    The threads share no lock with this one, so that Ctrl-C can strike anywhere.
    """
    waiting: SimpleQueue[int] = SimpleQueue()
    for place in range(len(parts)):
        waiting.put(place)
    results: dict[int, NDArray[np.float32]] = {}
    errors: list[BaseException] = []

    def work() -> None:
        with suppress(Empty):
            while not errors:
                place = waiting.get_nowait()
                try:
                    results[place] = run(parts[place])
                except Exception as error:  # noqa: BLE001 - it is raised again below
                    errors.append(error)

    others = [threading.Thread(target=work, daemon=True) for _ in range(min(usable_cores(), len(parts)) - 1)]
    for thread in others:
        thread.start()
    try:
        work()
    except BaseException as error:
        errors.append(error)  # Ctrl-C: the others stop after the photos they are at
        raise
    finally:
        # A process that ends while one of them is at work is ended by the C++ library, with an error.
        for thread in others:
            thread.join()
    if errors:
        raise errors[0]
    return [results[place] for place in range(len(parts))]
