"""The faces of a photo for the page: what is known of them, and cut out with their eyes level."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.features.extractors.faces.softness import inside
from phototriage.photos.geometry import shrink
from phototriage.series import RankedPhoto
from phototriage.series.faces import SeenFace
from phototriage.series.faces.differences import SOFTER
from phototriage.web.errors import RequestError
from phototriage.web.renditions import Renditions, encode_jpeg
from phototriage.web.session import ReviewSession

__all__ = ["CELL", "EYES_APART", "EYES_DOWN", "FaceSheet", "faces_picture", "faces_view"]

CELL = 288
"""Side in pixels of the square that is cut out around a face."""

EYES_APART, EYES_DOWN = 0.36, 0.42
"""Distance of the eyes, and how far below the upper edge they are, as shares of that square."""

_LEAST_APART = 0.3
"""Distance of the eyes at least, as a share of the height of the face: they close up as a head turns."""

_AROUND = (60, 60, 60)
"""What lies outside of the photo."""


def faces_view(photo: RankedPhoto) -> list[dict[str, Any]] | None:
    """The faces of a photo, in the order of `faces_picture`; None if it was not searched for any."""
    if photo.faces is None:
        return None
    return [
        {
            "person": face.person,
            "main": face.main,
            "eyes": face.eyes,
            "softer": face.softer >= SOFTER,
            "x": (face.eye_centers[0] + face.eye_centers[2]) / 2,
            "y": (face.eye_centers[1] + face.eye_centers[3]) / 2,
            "height": face.height,
        }
        for face in _in_order(photo.faces)
    ]


def faces_picture(session: ReviewSession, renditions: Renditions, photo: str) -> bytes:
    """The faces of a photo, one below the other, as a JPEG file: made when it is asked for, never kept.

    Raises RequestError for an unknown photo and for one without faces, PhotoError as `Renditions.get` does.
    """
    with session.turn():
        name = session.name(photo)
        ranked = next(each for each in session.home(photo).ranked.photos if each.photo == name)
        path, content_hash = session.path(photo), session.content_hash(photo)
    faces = _in_order(ranked.faces or ())
    if not faces:
        raise RequestError(404, "there are no faces in this photo")
    main = [face.height for face in faces if face.main] or [face.height for face in faces]
    # No photo is more than twice as wide as high, but for panoramas.
    side = math.ceil(2 * CELL / min(main))
    sheet = FaceSheet(tuple((*face.eye_centers, face.height) for face in faces))
    return renditions.make(sheet, side, photo, path, content_hash)


def _in_order(faces: Sequence[SeenFace]) -> list[SeenFace]:
    """By what is the same however the photos are grouped."""
    return sorted(faces, key=lambda face: (face.left, face.top))


@dataclass(frozen=True)
class FaceSheet:
    """Cuts faces out of a photo, one below the other.

    faces: of each x, y of either eye, then the height of its box, as shares of the upright photo.
    """

    faces: tuple[tuple[float, float, float, float, float], ...]

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 RGB (h, w, 3) → a JPEG file of CELL × (n × CELL) pixels, uint8 (bytes,)."""
        return encode_jpeg(np.vstack([_cut_out(pixels, *face) for face in self.faces]))


def _cut_out(
    pixels: NDArray[np.uint8], left_x: float, left_y: float, right_x: float, right_y: float, height: float
) -> NDArray[np.uint8]:
    """(CELL, CELL, 3), the eyes level and as far apart as in every other cut; less far in turned heads."""
    size = np.array(pixels.shape[1::-1])
    # A person's left eye is at the right in the picture.
    left, right = np.array([left_x, left_y]) * size, np.array([right_x, right_y]) * size
    middle, across = (left + right) / 2, left - right
    apart = max(float(np.hypot(*across)), _LEAST_APART * height * size[1], 1e-3)
    scale = EYES_APART * CELL / apart
    half = CELL / scale
    rows, columns = (
        inside(at - half, 2 * half, side) for at, side in zip(middle[::-1], size[::-1], strict=True)
    )
    part = np.ascontiguousarray(pixels[rows, columns])
    corner = np.array([columns.start, rows.start])
    shrunk = shrink(part, tuple(max(1, round(side * min(1.0, scale))) for side in part.shape[1::-1]))
    ratio = np.array(shrunk.shape[1::-1]) / part.shape[1::-1]
    angle = math.atan2(across[1], across[0])
    turn = scale * np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    # From pixels of what was shrunk to those of the photo, and on to the cell; by centers of pixels.
    to_cell = turn / ratio
    moved = np.array([0.5, EYES_DOWN]) * CELL - turn @ (middle - corner)
    moved += to_cell @ [0.5, 0.5] - 0.5
    matrix = np.hstack([to_cell, moved[:, None]])
    cell = cv2.warpAffine(shrunk, matrix, (CELL, CELL), flags=cv2.INTER_LINEAR, borderValue=_AROUND)
    return np.asarray(cell, np.uint8)
