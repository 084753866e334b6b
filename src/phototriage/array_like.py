"""Numbers from anywhere, as numpy arrays: lists, arrays, tensors; imports no torch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_array", "in_one_piece"]


def as_array(numbers: Any) -> NDArray[Any]:
    """An array, a list, or a tensor of torch on any device, as an array of the same shape."""
    if hasattr(numbers, "detach"):
        numbers = numbers.detach().cpu()
        if "bfloat16" in str(numbers.dtype):  # numpy has no such type
            numbers = numbers.float()
    return np.asarray(numbers)


def in_one_piece(places: NDArray[np.intp]) -> NDArray[np.intp] | slice:
    """Places that follow one another as a slice, which copies nothing; others as they are."""
    if len(places) and np.array_equal(places, np.arange(places[0], places[0] + len(places))):
        return slice(int(places[0]), int(places[-1]) + 1)
    return places
