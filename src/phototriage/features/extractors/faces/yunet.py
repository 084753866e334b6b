"""Finds faces by YuNet (Wu, Peng and Yu, Machine Intelligence Research 2023)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.photos.geometry import fitted_size, shrink

__all__ = ["DETECTION_SIDE", "Detection", "Heads", "decode_heads", "detect_faces", "network_input"]

DETECTION_SIDE = 640
"""Long side in pixels at which a photo is searched."""

Heads = Mapping[str, NDArray[np.float32]]
"""Outputs of the network: cls_S and obj_S (positions, 1), bbox_S (positions, 4), kps_S (positions, 10)."""

_STRIDES = (8, 16, 32)
_OVERLAP = 0.3
_MOST = 5000  # boxes that are compared with one another


@dataclass(frozen=True)
class Detection:
    """A face that was found, as shares of the photo's width and height, or in pixels.

    box: left, top, width, height. right_eye, left_eye: x, y of the person's eyes. score: in [0, 1].
    """

    box: tuple[float, float, float, float]
    right_eye: tuple[float, float]
    left_eye: tuple[float, float]
    score: float

    def scaled(self, across: float, down: float) -> "Detection":
        """With every x times `across` and every y times `down`."""
        (left, top, width, height), right_eye, left_eye = self.box, self.right_eye, self.left_eye
        return Detection(
            (left * across, top * down, width * across, height * down),
            (right_eye[0] * across, right_eye[1] * down),
            (left_eye[0] * across, left_eye[1] * down),
            self.score,
        )

    def moved(self, right: float, down: float) -> "Detection":
        """With `right` added to every x and `down` to every y."""
        (left, top, width, height), right_eye, left_eye = self.box, self.right_eye, self.left_eye
        return Detection(
            (left + right, top + down, width, height),
            (right_eye[0] + right, right_eye[1] + down),
            (left_eye[0] + right, left_eye[1] + down),
            self.score,
        )


def detect_faces(
    pixels: NDArray[np.uint8],
    infer: Callable[[NDArray[np.float32]], Heads],
    *,
    least_score: float,
    side: int = DETECTION_SIDE,
) -> list[Detection]:
    """The faces of a photo, the surest first, as shares of its width and height.

    Args:
        pixels: uint8 RGB (h, w, 3), upright. It is searched at a long side of at most `side`.
        infer: the network; see `network_input`.
        least_score: faces below it are left out.
    """
    size = fitted_size(pixels.shape[1], pixels.shape[0], side)
    given = network_input(shrink(pixels, size))
    found = decode_heads(infer(given), given.shape[3], least_score)
    return [each.scaled(1 / size[0], 1 / size[1]) for each in found]


def network_input(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 RGB (h, w, 3) → float32 BGR (1, 3, h, w) of 0 to 255, black up to multiples of 32."""
    height, width = (-(-side // _STRIDES[-1]) * _STRIDES[-1] for side in pixels.shape[:2])
    given = np.zeros((1, 3, height, width), np.float32)
    given[0, :, : pixels.shape[0], : pixels.shape[1]] = pixels[..., ::-1].transpose(2, 0, 1)
    return given


def decode_heads(heads: Heads, width: int, least_score: float) -> list[Detection]:
    """The faces in the outputs for an input `width` pixels wide, in its pixels, the surest first.

    As OpenCV's FaceDetectorYN decodes them: of boxes that overlap by more than 0.3 the surest is kept.
    """
    boxes, eyes, scores = (np.concatenate(parts) for parts in zip(*_decoded(heads, width), strict=True))
    sure = scores >= least_score
    boxes, eyes, scores = boxes[sure], eyes[sure], scores[sure]
    kept: Any = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), least_score, _OVERLAP, 1.0, _MOST)
    return [
        Detection(
            tuple(boxes[place].tolist()),
            tuple(eyes[place, :2].tolist()),
            tuple(eyes[place, 2:].tolist()),
            float(scores[place]),
        )
        for place in kept
    ]


def _decoded(heads: Heads, width: int) -> list[tuple[NDArray[Any], ...]]:
    """Boxes (n, 4), both eyes (n, 4) and scores (n,) of each stride."""
    decoded: list[tuple[NDArray[Any], ...]] = []
    for stride in _STRIDES:
        classes, objects, bbox, points = (heads[f"{name}_{stride}"] for name in ("cls", "obj", "bbox", "kps"))
        place = np.arange(len(bbox))
        corner = np.stack([place % (width // stride), place // (width // stride)], axis=1)
        center = (corner + bbox[:, :2]) * stride
        size = np.exp(bbox[:, 2:]) * stride
        eyes = (np.tile(corner, 2) + points[:, :4]) * stride
        scores = np.sqrt(classes[:, 0].clip(0, 1) * objects[:, 0].clip(0, 1))
        boxes = np.hstack([center - size / 2, size])
        decoded.append((boxes.astype(np.float32), eyes.astype(np.float32), scores.astype(np.float32)))
    return decoded
