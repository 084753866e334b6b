"""Finds the faces of a photo, and looks at each of them at full resolution."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.features.block import CloserLook
from phototriage.features.extractors.faces.face import MOST_FACES, Face
from phototriage.features.extractors.faces.mesh import MESH_FACE, read_face, square_around
from phototriage.features.extractors.faces.networks import Networks
from phototriage.features.extractors.faces.softness import Region, inside, softness
from phototriage.features.extractors.faces.yunet import Detection, detect_faces
from phototriage.photos.geometry import shrink

__all__ = ["FACE_PIXELS", "SMALL_SIDE", "find_faces", "measure_faces"]

SMALL_SIDE = 160
"""Long side in pixels at which faces are searched that fill the frame: YuNet knows none of more than 300."""

FACE_PIXELS = 512
"""Height at which the softness of a face is measured, at most: what is finer is noise and pores."""

_LEAST_SCORE, _LEAST_PRESENCE = 0.7, 0.5

_LARGE = 0.4
"""Height of a face that is searched at SMALL_SIDE at least, over the long side of the photo."""

_OVERLAP = 0.3

_AROUND = 1.1
"""Half the side of what is cut out around a face, over the long side of its box: turned, it still fits."""

_MIDDLE = 0.5
"""Share of both sides of a box that is its middle."""

_EYE = 0.2
"""Side of what is measured around each eye, over the height of the box: half the distance of the eyes."""


def measure_faces(
    pixels: NDArray[np.uint8], closer: CloserLook, networks: Networks
) -> tuple[list[Face], int]:
    """The tallest faces of a photo, MOST_FACES at most, and how many there are in all.

    Args:
        pixels: uint8 RGB (h, w, 3), upright, with a long side of at most LONG_SIDE.
        closer: the way to the pixels of the whole photo, which are decoded where a face needs them.
    """
    found = sorted(find_faces(pixels, networks), key=lambda each: -each.box[3])
    tallest = found[:MOST_FACES]
    if not tallest:
        return [], 0
    grey, long_side = _close_enough(pixels, closer, tallest[-1].box[3])
    faces = [face for each in tallest if (face := _measured(grey, each, long_side, networks))]
    return faces, len(faces) + len(found) - len(tallest)


def find_faces(pixels: NDArray[np.uint8], networks: Networks) -> list[Detection]:
    """Faces of uint8 RGB (h, w, 3), as shares of its width and height: the surest first, then large ones."""
    found = detect_faces(pixels, networks.detect, least_score=_LEAST_SCORE)
    large = detect_faces(pixels, networks.detect, least_score=_LEAST_SCORE, side=SMALL_SIDE)
    least = _LARGE * max(pixels.shape[:2]) / pixels.shape[0]
    return found + [
        each
        for each in large
        if each.box[3] >= least and all(_overlap(each, other) < _OVERLAP for other in found)
    ]


def _overlap(one: Detection, other: Detection) -> float:
    """Intersection over union of the boxes."""
    sides = [
        max(0.0, min(a + length, b + wide) - max(a, b))
        for a, length, b, wide in zip(one.box[:2], one.box[2:], other.box[:2], other.box[2:], strict=True)
    ]
    both = sides[0] * sides[1]
    return both / (one.box[2] * one.box[3] + other.box[2] * other.box[3] - both)


def _close_enough(
    pixels: NDArray[np.uint8], closer: CloserLook, smallest: float
) -> tuple[NDArray[np.uint8], int]:
    """The photo in luma, with the pixels that its smallest face needs, and the long side of the whole photo.

    smallest: height of that face, as a share of the photo's.
    """
    seen = max(pixels.shape[:2])
    wanted = seen * FACE_PIXELS / (smallest * pixels.shape[0])
    if seen >= min(wanted, closer.long_side):
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8), closer.long_side
    # Twice as many, since a decoder that halves a JPEG smooths more than averages do.
    asked = min(round(2 * wanted), closer.long_side)
    grey = closer.grey(asked)
    # A RAW file has fewer pixels in its preview, and one that is too large for the memory was halved.
    long_side = closer.long_side if max(grey.shape) >= asked else max(grey.shape)
    return grey, long_side


def _measured(grey: NDArray[np.uint8], found: Detection, long_side: int, networks: Networks) -> Face | None:
    """What is kept of a face; None where the mesh finds none.

    long_side: of the whole photo, in pixels.
    """
    height, width = grey.shape
    patch = _cut_out(grey, found.scaled(width, height))
    picture = patch.shrunk(MESH_FACE)
    left, top, wide, high = picture.face.box
    corners = np.array([[x, y] for x in (left, left + wide) for y in (top, top + high)])
    eyes = np.array([picture.face.right_eye, picture.face.left_eye])
    reading = read_face(picture.grey, square_around(corners, *eyes), networks)
    if reading.presence < _LEAST_PRESENCE:
        return None
    eyes = np.array([reading.left_eye, reading.right_eye]) * (patch.scale / picture.scale)
    side = _EYE * patch.face.box[3]
    around_eyes: list[Region] = [(x - side / 2, y - side / 2, side, side) for x, y in eyes]
    left, top, wide, high = patch.face.box
    off = (1 - _MIDDLE) / 2
    middle = (left + off * wide, top + off * high, _MIDDLE * wide, _MIDDLE * high)
    left_eye, right_eye = (eyes / patch.scale + (patch.left, patch.top)) / (width, height)
    left, top, wide, high = found.box
    (left, right), (top, bottom) = np.clip([[left, left + wide], [top, top + high]], 0, 1).tolist()
    return Face(
        left,
        top,
        right - left,
        bottom - top,
        pixels=(bottom - top) * height * long_side / max(height, width),
        score=found.score,
        presence=reading.presence,
        blink_left=reading.blink_left,
        blink_right=reading.blink_right,
        smile=reading.smile,
        yaw=reading.yaw,
        softness=softness(patch.grey, [middle]),
        eye_softness=softness(patch.grey, around_eyes),
        eyes=(*left_eye.tolist(), *right_eye.tolist()),
    )


@dataclass(frozen=True)
class _Patch:
    """A face and what is around it.

    grey: uint8 (h, w). face: in pixels of it. left, top: where it begins in the photo, in the photo's pixels.
    scale: pixels of it per pixel of the photo.
    """

    grey: NDArray[np.uint8]
    face: Detection
    left: int
    top: int
    scale: float = 1.0

    def shrunk(self, most: float) -> "_Patch":
        """The same with a face at most as high."""
        scale = min(1.0, most / self.face.box[3])
        height, width = self.grey.shape
        size = max(1, round(width * scale)), max(1, round(height * scale))
        face = self.face.scaled(size[0] / width, size[1] / height)
        return _Patch(shrink(self.grey, size), face, self.left, self.top, self.scale * scale)


def _cut_out(grey: NDArray[np.uint8], found: Detection) -> _Patch:
    """found: in pixels of grey."""
    left, top, wide, high = found.box
    half = _AROUND * max(wide, high)
    x, y = left + wide / 2, top + high / 2
    rows, columns = inside(y - half, 2 * half, grey.shape[0]), inside(x - half, 2 * half, grey.shape[1])
    face = found.moved(-columns.start, -rows.start)
    part = np.ascontiguousarray(grey[rows, columns])
    return _Patch(part, face, columns.start, rows.start).shrunk(FACE_PIXELS)
