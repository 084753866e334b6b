"""Plain faults of a photo that nothing is compared with."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from phototriage.features import Features

__all__ = ["faults_of", "faults_of_numbers"]

_NUMBERS = ("sharpest", "brightness", "clipped_highlights")

# Each flags 1 in 100 of the sound photos of `benchmarks/single_faults.py`.
_BLURRED = 5.17
_DARK = 4.15
_BRIGHT = -2.04


def faults_of(photos: Sequence[str], features: Features) -> Mapping[str, tuple[str, ...]]:
    """Photo → what is plainly wrong with it: blurred, too dark, too bright; only photos with a fault.

    Without a photo of the same scene beside it, a photo shows only the worst of faults.

    Args:
        photos: all have features.
        features: with the `iqa_plus` block.
    """
    place = {name: column for column, name in enumerate(features.columns)}
    numbers = features.matrix[features.rows(photos)]
    found = faults_of_numbers({name: numbers[:, place[name]] for name in _NUMBERS})
    faults = {
        photo: tuple(words for words, holds in found.items() if holds[row])
        for row, photo in enumerate(photos)
    }
    return {photo: words for photo, words in faults.items() if words}


def faults_of_numbers(numbers: Mapping[str, NDArray[np.floating]]) -> dict[str, NDArray[np.bool_]]:
    """Fault → (n,) whether n photos have it, by their numbers of the `iqa_plus` block, (n,) each."""
    dark = numbers["brightness"] < _DARK
    return {
        "blurred": (numbers["sharpest"] < _BLURRED) & ~dark,  # the dark hides detail
        "too dark": dark,
        "too bright": numbers["clipped_highlights"] > _BRIGHT,
    }
