"""Numbers from anywhere, as numpy arrays: lists, arrays, tensors; imports no torch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_array"]


def as_array(numbers: Any) -> NDArray[Any]:
    """An array, a list, or a tensor of torch on any device, as an array of the same shape."""
    if hasattr(numbers, "detach"):
        numbers = numbers.detach().cpu()
        if "bfloat16" in str(numbers.dtype):  # numpy has no such type
            numbers = numbers.float()
    return np.asarray(numbers)
