from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.features.extractors.faces.networks import FaceModels, Networks
from phototriage.features.extractors.faces.yunet import (
    Detection,
    decode_heads,
    detect_faces,
    network_input,
)

Kodak = Callable[[int], NDArray[np.uint8]]


def empty_heads(width: int, height: int) -> dict[str, NDArray[np.float32]]:
    counts = {stride: (width // stride) * (height // stride) for stride in (8, 16, 32)}
    dims = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    return {
        f"{name}_{stride}": np.zeros((count, dim), np.float32)
        for stride, count in counts.items()
        for name, dim in dims.items()
    }


def test_a_position_becomes_a_box_and_eyes_in_pixels() -> None:
    heads = empty_heads(96, 64)
    place = 1 * 6 + 2  # row 1, column 2 of stride 16
    heads["cls_16"][place], heads["obj_16"][place] = 0.81, 1.2  # over 1 counts as 1
    heads["bbox_16"][place] = [0.5, 0.25, np.log(2), np.log(3)]
    heads["kps_16"][place, :4] = [0.25, 0, 0.75, 0.125]
    (found,) = decode_heads(heads, 96, 0.7)
    assert found.score == pytest.approx(0.9)
    assert found.box == pytest.approx((40 - 16, 20 - 24, 32, 48))
    assert (*found.right_eye, *found.left_eye) == pytest.approx((36, 16, 44, 18))
    assert decode_heads(heads, 96, 0.95) == []


def test_of_boxes_that_overlap_the_surest_is_kept() -> None:
    heads = empty_heads(64, 64)
    for place, score in ((0, 0.8), (1, 0.9), (7, 0.75)):
        heads["cls_8"][place] = heads["obj_8"][place] = score
        heads["bbox_8"][place, 2:] = np.log(3)
    assert [each.score for each in decode_heads(heads, 64, 0.7)] == pytest.approx([0.9, 0.75])


def test_the_input_is_bgr_and_black_up_to_multiples_of_32() -> None:
    pixels = np.full((33, 64, 3), (10, 20, 30), np.uint8)
    given = network_input(pixels)
    assert given.shape == (1, 3, 64, 64)
    assert given[0, :, 32, 63].tolist() == [30, 20, 10]
    assert not given[0, :, 33:].any()


@pytest.mark.parametrize("number", [4, 14, 15])
def test_decodes_as_opencv_does(
    number: int, kodak: Kodak, networks: Networks, models: FaceModels, capfd: pytest.CaptureFixture[str]
) -> None:
    pixels = kodak(number)
    height, width = pixels.shape[:2]
    oracle = cv2.FaceDetectorYN.create(str(models.detector.path), "", (width, height), 0.5, 0.3, 5000)
    _, rows = oracle.detect(np.ascontiguousarray(pixels[..., ::-1]))
    theirs: Any = sorted(rows.tolist(), key=lambda row: -row[14])
    given = network_input(pixels)
    found = decode_heads(networks.detect(given), given.shape[3], 0.5)
    assert len(found) == len(theirs) > 0
    for ours, row in zip(found, theirs, strict=True):
        assert (*ours.box, *ours.right_eye, *ours.left_eye) == pytest.approx(row[:8], abs=0.01)
        assert ours.score == pytest.approx(row[14], abs=1e-4)
    capfd.readouterr()  # OpenCV says that its new engine cannot choose where it runs


def test_shares_do_not_depend_on_the_size_of_the_photo(kodak: Kodak, networks: Networks) -> None:
    small = kodak(4)
    large = np.asarray(cv2.resize(small, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    (one,), (other,) = (
        detect_faces(each, networks.detect, least_score=0.7, side=512) for each in (small, large)
    )
    assert one.box == pytest.approx(other.box, abs=0.01)


def test_scaling_and_moving_takes_eyes_along() -> None:
    found = Detection((1, 2, 3, 4), (5, 6), (7, 8), 0.5)
    assert found.scaled(2, 10) == Detection((2, 20, 6, 40), (10, 60), (14, 80), 0.5)
    assert found.moved(1, -1) == Detection((2, 1, 3, 4), (6, 5), (8, 7), 0.5)
