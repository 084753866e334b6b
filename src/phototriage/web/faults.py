"""Plain faults of a photo that nothing is compared with."""

from collections.abc import Mapping, Sequence

import numpy as np

from phototriage.features import Features

__all__ = ["faults_of"]

_BLURRED = 0.9
_DARK, _BRIGHT = np.log(30 + 8), np.log(225 + 8)
_CLIPPED = np.log(0.35 + 0.001)


def faults_of(photos: Sequence[str], features: Features) -> Mapping[str, tuple[str, ...]]:
    """Photo → what is plainly wrong with it: blurred, too dark, too bright; only photos with a fault.

    Without a photo of the same scene beside it, a photo shows only the worst of faults.

    Args:
        photos: all have features.
        features: with the `iqa_plus` block.
    """
    place = {name: column for column, name in enumerate(features.columns)}
    numbers = features.matrix[features.rows(photos)]
    column = {
        name: numbers[:, place[name]] for name in ("smoothness_half", "brightness", "clipped_highlights")
    }
    found = {
        "blurred": column["smoothness_half"] > _BLURRED,
        "too dark": column["brightness"] < _DARK,
        "too bright": (column["brightness"] > _BRIGHT) | (column["clipped_highlights"] > _CLIPPED),
    }
    faults = {
        photo: tuple(words for words, holds in found.items() if holds[row])
        for row, photo in enumerate(photos)
    }
    return {photo: words for photo, words in faults.items() if words}
