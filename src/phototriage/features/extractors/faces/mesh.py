"""Reads a face by MediaPipe's mesh of 478 points and its blendshapes; none of the points is kept."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.features.extractors.faces.networks import Networks

__all__ = ["MESH_FACE", "MESH_SIDE", "Reading", "Square", "read_face", "square_around"]

MESH_SIDE = 256
"""Side in pixels of what the mesh is given."""

_MARGIN = 1.25
"""Side of the square that the mesh is given, over the long side of the face."""

MESH_FACE = MESH_SIDE / _MARGIN
"""Height in pixels of a face that fills it."""

_RIGHT_EYE, _LEFT_EYE = (33, 133), (263, 362)
"""Corners of the person's eyes, the outer one first."""

_RIGHT_CHEEK, _LEFT_CHEEK = 234, 454
_BLINK, _SMILE = (9, 10), (44, 45)
"""Places among the blendshapes: eyeBlinkLeft and -Right, mouthSmileLeft and -Right."""

# MediaPipe, face_blendshapes_graph.cc: the points that the blendshapes are made of.
_POINTS = (
    *(0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54),
    *(55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105),
    *(107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160),
    *(161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269),
    *(270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318),
    *(321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382),
    *(384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471),
    *(472, 473, 474, 475, 476, 477),
)


@dataclass(frozen=True)
class Reading:
    """What the mesh says of a face; eyes are the person's own.

    presence, blink_left, blink_right, smile: in [0, 1]. yaw: degrees, over 0 to the right of the picture.
    left_eye, right_eye: centers x, y in pixels of the picture.
    """

    presence: float
    blink_left: float
    blink_right: float
    smile: float
    yaw: float
    left_eye: tuple[float, float]
    right_eye: tuple[float, float]


@dataclass(frozen=True)
class Square:
    """A turned square in a picture: its center x, y and side in pixels; angle of its upper edge, radians."""

    x: float
    y: float
    side: float
    angle: float

    @property
    def to_picture(self) -> NDArray[np.float64]:
        """(2, 3) affine map from pixels of MESH_SIDE to those of the picture."""
        scale = self.side / MESH_SIDE
        cos, sin = scale * math.cos(self.angle), scale * math.sin(self.angle)
        turn = np.array([[cos, -sin], [sin, cos]])
        middle = np.array([self.x, self.y]) - turn @ np.full(2, MESH_SIDE / 2)
        return np.hstack([turn, middle[:, None]])


def square_around(points: NDArray[Any], left: NDArray[Any], right: NDArray[Any]) -> Square:
    """The square around points (n, 2), upright where the line from `left` to `right`, both (2,), is level."""
    across = right - left
    angle = math.atan2(across[1], across[0])
    cos, sin = math.cos(angle), math.sin(angle)
    level = points @ np.array([[cos, -sin], [sin, cos]])
    low, high = level.min(axis=0), level.max(axis=0)
    x, y = (low + high) / 2
    return Square(x * cos - y * sin, x * sin + y * cos, _MARGIN * float((high - low).max()), angle)


def read_face(picture: NDArray[np.uint8], square: Square, networks: Networks) -> Reading:
    """Finds the points in `square`, again in the square around them, and reads those.

    Args:
        picture: luma, uint8 (h, w); the mesh reads it as well as color (docs/lab-log.md).
        square: around the face, its eyes level.
    """
    points, _ = _points(picture, square, networks)
    flat = points[:, :2]
    square = square_around(flat, flat[_RIGHT_EYE[0]], flat[_LEFT_EYE[0]])
    points, presence = _points(picture, square, networks)
    shapes = networks.blendshapes(points[None, _POINTS, :2]).ravel()
    across = _turned(points[_LEFT_CHEEK] - points[_RIGHT_CHEEK], -square.angle)
    right_eye, left_eye = (points[corners, :2].mean(axis=0).tolist() for corners in (_RIGHT_EYE, _LEFT_EYE))
    return Reading(
        presence,
        blink_left=float(shapes[_BLINK[0]]),
        blink_right=float(shapes[_BLINK[1]]),
        smile=float(shapes[list(_SMILE)].mean()),
        yaw=math.degrees(math.atan2(across[2], across[0])),
        left_eye=tuple(left_eye),
        right_eye=tuple(right_eye),
    )


def _points(
    picture: NDArray[np.uint8], square: Square, networks: Networks
) -> tuple[NDArray[np.float32], float]:
    """(478, 3) x, y and z in pixels of the picture, and the presence of a face."""
    to_picture = square.to_picture
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(picture, to_picture, (MESH_SIDE, MESH_SIDE), flags=flags)
    points, logit = networks.mesh(np.repeat(crop[None, ..., None].astype(np.float32) / 255, 3, axis=-1))
    points = points.reshape(-1, 3).astype(np.float64)
    flat = points[:, :2] @ to_picture[:, :2].T + to_picture[:, 2]
    depth = points[:, 2:] * (square.side / MESH_SIDE)
    return np.hstack([flat, depth]).astype(np.float32), 1 / (1 + math.exp(-logit))


def _turned(vector: NDArray[Any], angle: float) -> NDArray[Any]:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([vector[0] * cos - vector[1] * sin, vector[0] * sin + vector[1] * cos, vector[2]])
