"""Numbers and names from anywhere: lists, arrays, tensors; imports no torch."""

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import PhototriageError

__all__ = ["as_array", "as_names"]


def as_array(numbers: Any) -> NDArray[Any]:
    """An array, a list, or a tensor of torch on any device, as an array of the same shape."""
    if hasattr(numbers, "detach"):
        numbers = numbers.detach().cpu()
        if "bfloat16" in str(numbers.dtype):  # numpy has no such type
            numbers = numbers.float()
    return np.asarray(numbers)


def as_names(values: Iterable[Any], what: str, error: type[PhototriageError]) -> list[str]:
    """Text, paths and whole numbers as text. Raises `error`, with what the values are, for anything else."""
    names = []
    for place, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, str | os.PathLike | int | np.integer):
            raise error(
                f"{what} {place} is {value!r}: a name must be text, a path or a whole number; "
                "of a tensor give .tolist()"
            )
        names.append(str(value))
    return names
