"""A face of a photo, and the row of numbers that holds all faces of a photo."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "COLUMNS",
    "EYES_CLOSED",
    "LEAST_PIXELS",
    "MOST_FACES",
    "Face",
    "face_count",
    "faces_of",
    "to_vector",
]

MOST_FACES = 16
"""Faces of a photo that are kept, the tallest ones; all of them are counted."""

EYES_CLOSED = 0.40
"""Blink from which eyes count as closed, for the share of faces with open eyes."""

LEAST_PIXELS = 40
"""Height of a face in pixels of the full-size photo below which its blink is noise."""

_MAIN = 0.5
"""Height of a main face at least, as a share of the tallest face's."""

_ABSENT = -1.0
"""In place of a share in [0, 1] that there is not."""


@dataclass(frozen=True)
class Face:
    """What is kept of one face; nothing by which a person could be recognised.

    Left and right in the names of eyes are the person's own.

    left, top, width, height: its box, as shares of the width and height of the upright photo, in [0, 1].
    pixels: height of the box in pixels of the full-size photo.
    score: of the detector, in [0, 1]. presence: that the mesh has found a face there, in [0, 1].
    blink_left, blink_right: how closed each eye is, in [0, 1].
    smile: in [0, 1].
    yaw: degrees by which the face is turned, over 0 towards the right of the photo.
    softness: log₂ of the variance of the Laplacian over that of grey, in the middle of the box; the lower,
    the softer. eye_softness: the same, around the eyes.
    eyes: x, y of the centers of the left and the right eye, as shares of the photo.
    """

    left: float
    top: float
    width: float
    height: float
    pixels: float
    score: float
    presence: float
    blink_left: float
    blink_right: float
    smile: float
    yaw: float
    softness: float
    eye_softness: float
    eyes: tuple[float, float, float, float]

    @property
    def blink(self) -> float:
        """The mean of both eyes."""
        return (self.blink_left + self.blink_right) / 2


_SUMMARY = ("faces", "judged", "worst_blink", "open_share", "softness", "smile")
_FACE = (
    *("left", "top", "width", "height", "pixels", "score", "presence", "blink_left", "blink_right", "smile"),
    *("yaw", "softness", "eye_softness", "left_eye_x", "left_eye_y", "right_eye_x", "right_eye_y"),
)

COLUMNS = (*_SUMMARY, *(f"face{place:02d}_{name}" for place in range(MOST_FACES) for name in _FACE))
"""The numbers of a photo.

faces: how many there are. judged: how many of them are main faces, at least half as tall as the tallest, of
LEAST_PIXELS or more, so that their eyes tell something. worst_blink: the largest blink of those. open_share:
the share of those whose blink is under EYES_CLOSED. softness: of the tallest face. smile: mean of the main
faces.

Where there is no face, or none to judge, `worst_blink`, `open_share` and `smile` are −1, which no face has,
and `softness` is 0. Then come MOST_FACES faces, the tallest first; where there are fewer, zeros, which no
face has as its score.
"""


def to_vector(faces: Sequence[Face], count: int | None = None) -> NDArray[np.float32]:
    """float32 (len(COLUMNS),), finite, of faces in any order.

    count: how many there are, where more were found than are given.
    """
    tallest = sorted(faces, key=lambda face: -face.pixels)[:MOST_FACES]
    main = [face for face in tallest if face.pixels >= _MAIN * tallest[0].pixels]
    blinks = [face.blink for face in main if face.pixels >= LEAST_PIXELS]
    vector = np.zeros(len(COLUMNS), np.float32)
    vector[: len(_SUMMARY)] = (
        len(faces) if count is None else count,
        len(blinks),
        max(blinks, default=_ABSENT),
        np.mean([blink < EYES_CLOSED for blink in blinks]) if blinks else _ABSENT,
        tallest[0].softness if tallest else 0.0,
        np.mean([face.smile for face in main]) if main else _ABSENT,
    )
    rows = vector[len(_SUMMARY) :].reshape(MOST_FACES, len(_FACE))
    for row, face in zip(rows, tallest, strict=False):
        *numbers, eyes = astuple(face)
        row[:] = (*numbers, *eyes)
    return vector


def face_count(vector: NDArray[np.float32]) -> int:
    """How many faces the photo of a row of the block has; `faces_of` gives the tallest ones."""
    return int(vector[0])


def faces_of(vector: NDArray[np.float32]) -> tuple[Face, ...]:
    """The faces in a row of the block, float32 (len(COLUMNS),): the tallest first, MOST_FACES at most."""
    rows = vector[len(_SUMMARY) :].reshape(MOST_FACES, len(_FACE))
    kept: list[list[float]] = rows[: min(face_count(vector), MOST_FACES)].tolist()
    return tuple(
        Face(**dict(zip(_FACE[:-4], row, strict=False)), eyes=(row[-4], row[-3], row[-2], row[-1]))
        for row in kept
    )
