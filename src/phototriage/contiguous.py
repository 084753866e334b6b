"""Rows that follow one another, which numpy takes without a copy."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["in_one_piece"]


def in_one_piece(places: NDArray[np.intp]) -> NDArray[np.intp] | slice:
    """Places that follow one another as a slice, which copies nothing; others as they are."""
    if len(places) and np.array_equal(places, np.arange(places[0], places[0] + len(places))):
        return slice(int(places[0]), int(places[-1]) + 1)
    return places
