import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.features.extractors.faces.softness import inside, softness

WHOLE = (0.0, 0.0, 96.0, 96.0)


def texture() -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).normal(0, 1, (96, 96))
    return (128 + 90 * cv2.GaussianBlur(noise, (0, 0), 1.5) / 0.2).clip(40, 215).astype(np.uint8)


def test_blur_lowers_it_step_by_step() -> None:
    sigmas = (0.5, 0.8, 1.2, 2.0, 4.0)
    blurred = [np.asarray(cv2.GaussianBlur(texture(), (0, 0), sigma), np.uint8) for sigma in sigmas]
    found = [softness(each, [WHOLE]) for each in (texture(), *blurred)]
    assert found == sorted(found, reverse=True)
    assert found[0] - found[2] > 0.5


def test_contrast_and_light_cancel() -> None:
    faint = (texture() // 2 + 30).astype(np.uint8)
    assert softness(faint, [WHOLE]) == pytest.approx(softness(texture(), [WHOLE]), abs=0.1)


def test_it_is_the_ratio_of_variances() -> None:
    grey = texture()
    edges = cv2.Laplacian(grey, cv2.CV_64F)
    expected = np.log2((edges.var() + 2**-12) / (grey.astype(float).var() + 1))
    assert softness(grey, [WHOLE]) == pytest.approx(expected, rel=1e-5)


def test_only_the_regions_count() -> None:
    grey = texture()
    grey[:, 48:] = 255
    assert softness(grey, [(50, 0, 40, 96)]) == -12
    left, both = softness(grey, [(0, 0, 40, 96)]), softness(grey, [(0, 0, 40, 96), (50, 0, 40, 96)])
    assert left == pytest.approx(both, abs=0.01)


def test_what_is_flat_is_the_softest() -> None:
    assert softness(np.full((9, 9), 200, np.uint8), [(2, 2, 5, 5)]) == -12
    assert softness(np.zeros((1, 1), np.uint8), [(0, 0, 1, 1)]) == -12


@pytest.mark.parametrize(
    ("begin", "length", "expected"),
    [(2.4, 3, (2, 5)), (-5, 7, (0, 2)), (8, 9, (8, 10)), (-9, 2, (0, 1)), (30, 4, (9, 10)), (5, 0, (5, 6))],
)
def test_a_region_is_cut_down_to_one_pixel(begin: float, length: float, expected: tuple[int, int]) -> None:
    found = inside(begin, length, 10)
    assert (found.start, found.stop) == expected
