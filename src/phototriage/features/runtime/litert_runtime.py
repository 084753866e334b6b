"""Runs a TFLite network by ai-edge-litert."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import FeatureError
from phototriage.extras import extra
from phototriage.photos import captured_stderr

__all__ = ["start_litert"]


def start_litert(model: bytes, name: str) -> Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], ...]]:
    """A network of one input, on one thread: float32, of the input's shape → its outputs, in their order.

    name: of the network, for messages. For one thread at a time, of a process that captures nothing else of
    standard error meanwhile. Raises MissingExtraError, and FeatureError where the runtime cannot load it.
    """
    with extra("faces"):
        from ai_edge_litert.interpreter import Interpreter

    try:
        with captured_stderr():  # it tells which kernels it chose
            interpreter = Interpreter(model_content=model, num_threads=1)
            interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise FeatureError(f"ai-edge-litert cannot run the network {name}: {error}") from error
    (given,) = interpreter.get_input_details()
    places = [each["index"] for each in interpreter.get_output_details()]

    # The interpreter reads the model where it lies and does not own it, so this function does.
    def infer(values: NDArray[np.float32], _model: bytes = model) -> tuple[NDArray[np.float32], ...]:
        interpreter.set_tensor(given["index"], values)
        interpreter.invoke()
        return tuple(interpreter.get_tensor(place) for place in places)

    return infer
