"""The same person in the photos of a series, by the place and the size of the face alone.

Nothing that would recognize a person elsewhere has a part in it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from phototriage.features.extractors.faces.face import Face

__all__ = ["Track", "tracks"]

Track = tuple[Face | None, ...]
"""One person's face in each photo of a series; None where it was not found."""

FARTHEST = 1.0
"""Sizes of a face by which its center moves at most, once the photos are aligned. People side by side stand
farther apart."""
LARGEST_RATIO = 1.6
"""Of the sizes of one face in two photos."""

_ALIGNED_BY = 12
"""The largest faces of a photo, by which it is aligned."""
_MOVE = 2.0
"""What a shift by the whole photo costs, in sizes of a face: faces that stay are not moved without need."""

_Floats = NDArray[np.float64]


def tracks(photos: Sequence[Sequence[Face]]) -> tuple[Track, ...]:
    """The people of a series, from left to right.

    Photo by photo, the known faces are shifted as a whole to where they fit best, and each new face is
    assigned to the known one that is nearest and most alike in size. A face that is missed in a photo stays
    known for the next ones.

    Args:
        photos: the faces of each photo, in the order in which the photos were taken.
    """
    found: list[list[Face | None]] = []
    places = np.empty((0, 4))
    for number, unsorted in enumerate(photos):
        # Where two faces fit a known one alike, the same one takes it in whatever order they come.
        faces = sorted(unsorted, key=lambda face: (face.left, face.top, face.width, face.height))
        new = _places(faces)
        shift = _shift(places, new)
        places[:, :2] += shift
        free = set(range(len(faces)))
        for person, face in _assigned(places, new):
            found[person][number] = faces[face]
            places[person] = new[face]
            free.remove(face)
        for face in sorted(free):
            track: list[Face | None] = [None] * len(photos)
            track[number] = faces[face]
            found.append(track)
            places = np.vstack([places, new[face]])
    # The last places are all of one photo, so they compare.
    return tuple(tuple(found[person]) for person in np.argsort(places[:, 0], kind="stable").tolist())


def _places(faces: Sequence[Face]) -> _Floats:
    """(n, 4) x and y of the center, width and height, in shares of the photo."""
    return np.array(
        [[face.left + face.width / 2, face.top + face.height / 2, face.width, face.height] for face in faces],
        np.float64,
    ).reshape(-1, 4)


def _costs(known: _Floats, new: _Floats) -> _Floats:
    """(known, new) distance of the centers in sizes of the face, and the log ratio of sizes; inf: no fit."""
    size = np.sqrt(known[:, None, 2:] * new[None, :, 2:])
    distance = np.hypot(*np.moveaxis((new[None, :, :2] - known[:, None, :2]) / size, -1, 0))
    ratio = np.abs(np.log(new[None, :, 3] / known[:, None, 3]))
    fits = (distance <= FARTHEST) & (ratio <= np.log(LARGEST_RATIO))
    return np.where(fits, distance + ratio, np.inf)


def _shift(known: _Floats, new: _Floats) -> _Floats:
    """(2,) by how much the photo moved, as far as its largest faces tell."""
    before, after = (each[np.argsort(-each[:, 3], kind="stable")[:_ALIGNED_BY]] for each in (known, new))
    shifts = (after[None, :, :2] - before[:, None, :2]).reshape(-1, 2)
    shifts = np.vstack([np.zeros(2), shifts])
    if not len(before) or not len(after):
        return np.zeros(2)
    moved = np.empty(len(shifts))
    for number, shift in enumerate(shifts):
        there = before.copy()
        there[:, :2] += shift
        nearest = _costs(there, after).min(axis=0)
        moved[number] = np.minimum(nearest, FARTHEST).sum() + _MOVE * np.hypot(*shift)
    return np.asarray(shifts[int(moved.argmin())])


def _assigned(known: _Floats, new: _Floats) -> list[tuple[int, int]]:
    """Pairs of a known face and a new one."""
    from scipy.optimize import linear_sum_assignment  # a quarter of a second, and few folders have faces

    costs = _costs(known, new)
    rows, columns = linear_sum_assignment(np.where(np.isfinite(costs), costs, 1e3))
    fits = np.isfinite(costs[rows, columns])
    return list(zip(rows[fits].tolist(), columns[fits].tolist(), strict=True))
