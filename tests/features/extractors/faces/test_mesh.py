import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.features.extractors.faces.measuring import find_faces
from phototriage.features.extractors.faces.mesh import MESH_SIDE, Reading, Square, read_face, square_around
from phototriage.features.extractors.faces.networks import Networks

Kodak = Callable[[int], NDArray[np.uint8]]


def test_a_square_is_the_corners_of_what_the_mesh_sees() -> None:
    square = Square(100, 50, 40, math.radians(90))
    corners = np.array([[0, 0, 1], [MESH_SIDE, 0, 1], [MESH_SIDE, MESH_SIDE, 1]])
    assert corners @ square.to_picture.T == pytest.approx(np.array([[120, 30], [120, 70], [80, 70]]))


@pytest.mark.parametrize("degrees", [0, 30, 90, 180, -135])
def test_a_square_turns_with_its_points(degrees: float) -> None:
    upright = np.array([[0.0, 0], [20, 0], [20, 30], [0, 30]])
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    points = upright @ turn.T + [7, -3]
    square = square_around(points, points[0], points[1])
    assert (square.x, square.y) == pytest.approx(tuple(turn @ [10, 15] + [7, -3]))
    assert square.side == pytest.approx(1.25 * 30)
    assert math.cos(square.angle - angle) == pytest.approx(1)


def reading_of(pixels: NDArray[np.uint8], networks: Networks) -> Reading:
    height, width = pixels.shape[:2]
    (found,) = find_faces(pixels, networks)
    left, top, wide, high = found.scaled(width, height).box
    corners = np.array([[x, y] for x in (left, left + wide) for y in (top, top + high)])
    eyes = np.array([found.right_eye, found.left_eye]) * (width, height)
    return read_face(pixels[..., 1].copy(), square_around(corners, *eyes), networks)


def test_a_mirrored_face_has_its_sides_exchanged(kodak: Kodak, networks: Networks) -> None:
    pixels = kodak(4)
    one, other = reading_of(pixels, networks), reading_of(pixels[:, ::-1].copy(), networks)
    width = pixels.shape[1]
    assert one.yaw == pytest.approx(-other.yaw, abs=4)
    assert one.yaw > 10  # she looks to the right of the photo
    assert one.left_eye[0] > one.right_eye[0]
    assert one.left_eye == pytest.approx((width - other.right_eye[0], other.right_eye[1]), abs=4)
    assert one.smile == pytest.approx(other.smile, abs=0.15)
    assert min(one.presence, other.presence) > 0.9


def test_left_and_right_are_the_persons_own(kodak: Kodak, networks: Networks) -> None:
    pixels = kodak(15)
    before = reading_of(pixels, networks)
    x, y = (round(each) for each in before.left_eye)
    size = round(0.3 * math.dist(before.left_eye, before.right_eye))
    skin = pixels[y + size : y + 2 * size, x - size : x + size].mean((0, 1)).tolist()
    shut = np.asarray(cv2.ellipse(pixels.copy(), (x, y), (size, size // 2), 0, 0, 360, skin, -1), np.uint8)
    after = reading_of(shut, networks)
    assert after.blink_left - before.blink_left > 0.05 + (after.blink_right - before.blink_right)


def test_a_tilted_head_reads_the_same(kodak: Kodak, networks: Networks) -> None:
    pixels = kodak(4)
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 20, 1)
    tilted = np.asarray(
        cv2.warpAffine(pixels, turn, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8
    )
    one, other = reading_of(pixels, networks), reading_of(tilted, networks)
    assert other.yaw == pytest.approx(one.yaw, abs=6)
    for name in ("blink_left", "blink_right", "smile"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), abs=0.15)
