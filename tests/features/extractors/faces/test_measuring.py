from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.features.block import LONG_SIDE, CloserLook
from phototriage.features.extractors.faces.face import EYES_CLOSED, MOST_FACES, Face
from phototriage.features.extractors.faces.measuring import FACE_PIXELS, find_faces, measure_faces
from phototriage.features.extractors.faces.networks import Networks
from phototriage.photos.geometry import fitted_size, shrink

Pixels = NDArray[np.uint8]
Kodak = Callable[[int], Pixels]


class File:
    """A photo as a decoding process has it; `asked` has the long sides at which it was decoded again."""

    def __init__(self, pixels: Pixels, most: int | None = None) -> None:
        self.pixels, self.most = pixels, most
        self.asked: list[int] = []

    def grey(self, side: int) -> Pixels:
        self.asked.append(side)
        grey = np.asarray(cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        return shrink(grey, fitted_size(grey.shape[1], grey.shape[0], min(side, self.most or side)))

    def faces(self, networks: Networks) -> tuple[list[Face], int]:
        height, width = self.pixels.shape[:2]
        seen = shrink(self.pixels, fitted_size(width, height, LONG_SIDE))
        return measure_faces(seen, CloserLook(max(height, width), self.grey), networks)


def placed(portrait: Pixels, height: int, size: tuple[int, int], at: tuple[int, int]) -> Pixels:
    """A portrait of so many pixels in height, at x, y of a plain photo of (width, height)."""
    width = round(portrait.shape[1] * height / portrait.shape[0])
    how = cv2.INTER_AREA if height < portrait.shape[0] else cv2.INTER_CUBIC
    photo = np.full((size[1], size[0], 3), 120, np.uint8)
    photo[at[1] : at[1] + height, at[0] : at[0] + width] = cv2.resize(
        portrait, (width, height), interpolation=how
    )
    return photo


def test_a_face_is_found_where_it_is(kodak: Kodak, networks: Networks) -> None:
    file = File(placed(kodak(4), 768, (3000, 2000), (1200, 600)))
    (face,), count = file.faces(networks)
    assert count == 1
    assert file.asked == [3000]
    assert face.pixels == pytest.approx(377, rel=0.05)  # as tall as in the portrait itself
    assert face.height * 2000 == pytest.approx(face.pixels)
    (alone,), _ = File(kodak(4)).faces(networks)
    eyes = [(1200 + 512 * x) / 3000 for x in alone.eyes[::2]] + [
        (600 + 768 * y) / 2000 for y in alone.eyes[1::2]
    ]
    assert (*face.eyes[::2], *face.eyes[1::2]) == pytest.approx(eyes, abs=0.003)
    assert face.blink == pytest.approx(alone.blink, abs=0.1)
    assert face.blink < EYES_CLOSED
    assert face.softness == pytest.approx(alone.softness, abs=0.5)


def test_a_photo_without_faces_is_looked_at_once(kodak: Kodak, networks: Networks) -> None:
    file = File(np.asarray(cv2.resize(kodak(1), (2400, 1600)), np.uint8))
    assert file.faces(networks) == ([], 0)
    assert file.asked == []


def test_no_more_is_decoded_than_the_smallest_face_needs(kodak: Kodak, networks: Networks) -> None:
    file = File(placed(kodak(4), 3600, (4000, 4000), (200, 200)))
    (face,), _ = file.faces(networks)
    assert face.pixels > 3 * FACE_PIXELS
    assert file.asked == pytest.approx([2 * 4000 * FACE_PIXELS / face.pixels], rel=0.05)
    small = File(kodak(4))
    small.faces(networks)
    assert small.asked == []  # all of it was seen


def test_height_is_counted_in_pixels_that_there_are(kodak: Kodak, networks: Networks) -> None:
    photo = placed(kodak(4), 768, (3000, 2000), (1200, 600))
    (whole,), _ = File(photo).faces(networks)
    (half,), _ = File(photo, most=1500).faces(networks)  # as the preview in a RAW file
    assert half.pixels == pytest.approx(whole.pixels / 2, rel=0.01)


def test_a_blurred_face_reads_softer(kodak: Kodak, networks: Networks) -> None:
    photo = placed(kodak(4), 500, (1600, 1200), (300, 300))
    blurred = np.asarray(cv2.GaussianBlur(photo, (0, 0), 0.8), np.uint8)
    (sharp,), _ = File(photo).faces(networks)
    (soft,), _ = File(blurred).faces(networks)
    assert soft.softness < sharp.softness - 0.5
    assert soft.eye_softness < sharp.eye_softness - 0.5
    assert soft.blink == pytest.approx(sharp.blink, abs=0.1)


def test_a_face_that_fills_the_frame_is_found(kodak: Kodak, networks: Networks) -> None:
    (face,), _ = File(kodak(4)).faces(networks)
    left, top, width, height = (round(512 * face.left), round(768 * face.top), 282, 376)
    close = kodak(4)[top + 20 : top + height - 20, left + 20 : left + width - 20]
    close = np.asarray(cv2.resize(close, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    (found,), count = File(close).faces(networks)
    assert count == 1
    assert found.height > 0.8
    assert 0 <= found.left <= found.left + found.width <= 1


def test_a_crowd_is_counted_and_the_tallest_are_kept(kodak: Kodak, networks: Networks) -> None:
    crowd = np.full((720, 800, 3), 120, np.uint8)
    for place in range(24):
        row, column = divmod(place, 6)
        height = 110 + 2 * place
        crowd[180 * row : 180 * row + height] = np.where(
            np.arange(800)[None, :, None] // 133 == column,
            placed(kodak(4), height, (800, height), (133 * column, 0)),
            crowd[180 * row : 180 * row + height],
        )
    found = find_faces(crowd, networks)
    faces, count = File(crowd).faces(networks)
    assert len(found) == 24
    assert len(faces) == MOST_FACES
    assert count == 24
    assert min(face.height for face in faces) > sorted(each.box[3] for each in found)[5]


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (31, 33)])
def test_any_size_of_photo_has_no_face(size: tuple[int, int], networks: Networks) -> None:
    assert File(np.full((*size, 3), 90, np.uint8)).faces(networks) == ([], 0)
