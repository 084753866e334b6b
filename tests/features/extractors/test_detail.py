from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from phototriage.features import DETAIL_COLUMNS, measure_detail
from phototriage.features.extractors.detail import DETAIL, DETAIL_SIDE, NOISE_PER_SIGMA

Pixels = NDArray[np.uint8]


def measure(grey: Pixels) -> dict[str, float]:
    return dict(zip(DETAIL_COLUMNS, measure_detail(grey).tolist(), strict=True))


@cache
def polygons(seed: int = 0) -> Pixels:
    """Sharp edges in all directions, uint8 (1600, 2400)."""
    rng = np.random.default_rng(seed)
    large = np.full((3200, 4800), 128, np.uint8)
    for _ in range(400):
        corners = (rng.integers(0, (4800, 3200)) + rng.normal(0, 90, (4, 2))).astype(np.int32)
        cv2.fillConvexPoly(large, cv2.convexHull(corners), int(rng.integers(20, 235)))
    return np.asarray(cv2.resize(large, (2400, 1600), interpolation=cv2.INTER_AREA), np.uint8)


def noisy(grey: Pixels, sigma: float) -> Pixels:
    noise = np.random.default_rng(1).standard_normal(grey.shape) * sigma
    return (grey + noise).round().clip(0, 255).astype(np.uint8)


def shaken(grey: Pixels, length: float, degrees: float) -> Pixels:
    """Moved along a straight line, `degrees` anticlockwise from the x axis."""
    side, fine = 2 * int(length) + 1, 16
    along = np.linspace(-length / 2, length / 2, 2000)
    x, y = along * np.cos(np.deg2rad(degrees)), -along * np.sin(np.deg2rad(degrees))
    path = np.zeros((side * fine, side * fine), np.float32)
    np.add.at(path, tuple(((each + side / 2) * fine).astype(int) for each in (y, x)), 1)
    kernel = cv2.resize(path, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.filter2D(grey, -1, kernel / kernel.sum()), np.uint8)


def blurred(grey: Pixels, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma), np.uint8)


@pytest.mark.parametrize("sigma", [1, 2, 7.65, 14])
@pytest.mark.parametrize("textured", [False, True])
def test_noise_is_that_of_where_there_is_no_detail(sigma: float, textured: bool) -> None:
    grey = polygons() if textured else np.full((900, 1200), 128, np.uint8)
    assert measure(noisy(grey, sigma))["noise"] == pytest.approx(NOISE_PER_SIGMA * sigma, rel=0.05)


def test_noise_agrees_with_the_median_over_a_flat_photo() -> None:
    grey = noisy(np.full((640, 640), 100, np.uint8), 20)
    a, b, c, d = (grey[y::2, x::2].astype(float) for y in (0, 1) for x in (0, 1))
    assert measure(grey)["noise"] == pytest.approx(np.median(np.abs(a - b - c + d)) / 2, rel=0.03)


def test_clipped_sky_does_not_hide_noise() -> None:
    grey = noisy(np.full((640, 960), 120, np.uint8), 8)
    grey[:400] = 255
    assert measure(grey)["noise"] == pytest.approx(NOISE_PER_SIGMA * 8, rel=0.05)


def test_a_photo_without_noise_reads_the_least() -> None:
    assert measure(polygons())["noise"] == 0.125


@pytest.mark.parametrize("sigma", [1, 1.3, 2, 3])
def test_blur_is_recovered(sigma: float) -> None:
    own = measure(polygons())["blur"]
    assert measure(blurred(polygons(), sigma))["blur"] == pytest.approx(np.hypot(sigma, own), rel=0.15)


def test_noise_is_not_taken_for_sharpness() -> None:
    soft = blurred(polygons(), 1.3)
    clean, grainy = measure(soft), measure(noisy(soft, 14))
    assert grainy["acutance"] == pytest.approx(clean["acutance"], abs=0.02)
    assert grainy["blur"] == pytest.approx(clean["blur"], abs=0.05)


def test_acutance_falls_with_blur_and_not_with_contrast() -> None:
    takes = [polygons(), *(blurred(polygons(), sigma) for sigma in (0.7, 1.3, 2, 3))]
    acutances = [measure(each)["acutance"] for each in takes]
    assert acutances == sorted(set(acutances), reverse=True)
    flat = (polygons() // 2 + 60).astype(np.uint8)
    assert measure(flat)["acutance"] == pytest.approx(measure(polygons())["acutance"], abs=0.02)


@pytest.mark.parametrize("length", [3, 5, 8])
@pytest.mark.parametrize("degrees", [0, 30, 90, 120])
def test_motion_is_recovered(length: float, degrees: float) -> None:
    found = measure(noisy(shaken(polygons(), length, degrees), 5))
    assert found["motion_length"] == pytest.approx(length, rel=0.15)
    assert abs((found["motion_angle"] - degrees + 90) % 180 - 90) <= 5


def test_blur_that_is_the_same_everywhere_is_no_motion() -> None:
    assert measure(blurred(polygons(), 1.3))["motion_length"] < 2


@pytest.mark.parametrize(
    ("turned", "angle"),
    [
        (lambda grey: grey[:, ::-1], lambda degrees: 180 - degrees),
        (lambda grey: grey[::-1, ::-1], lambda degrees: degrees),
        (lambda grey: grey.T, lambda degrees: (90 - degrees) % 180),
    ],
)
def test_mirroring_and_turning_change_the_angle_alone(
    turned: Callable[[Pixels], Pixels], angle: Callable[[float], float]
) -> None:
    grey = shaken(polygons()[:, :1600], 5, 30)
    numbers = measure(grey)
    expected = {**numbers, "motion_angle": angle(numbers["motion_angle"])}
    assert measure(np.ascontiguousarray(turned(grey))) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_lengths_are_those_of_a_photo_of_2400_pixels() -> None:
    part = np.ascontiguousarray(blurred(polygons(), 2)[:800, :1200])
    whole = np.tile(part, (2, 2))
    assert measure(part)["blur"] == pytest.approx(2 * measure(whole)["blur"], rel=0.1)


def test_clipped_highlights_are_a_share_of_the_pixels() -> None:
    grey = np.full((200, 300), 250, np.uint8)
    grey[:50, :30] = 251
    assert measure(grey)["clipped_highlights"] == pytest.approx(1500 / 60000)


@settings(max_examples=30)
@given(arrays(np.uint8, st.tuples(st.integers(1, 130), st.integers(1, 130))))
def test_any_photo_has_finite_numbers(grey: Pixels) -> None:
    numbers = measure(grey)
    assert np.isfinite(list(numbers.values())).all()
    assert min(numbers[each] for each in numbers if each != "acutance") >= 0
    assert 0 <= numbers["motion_angle"] < 180


def test_the_block_is_measured_at_2400_pixels_in_grey() -> None:
    assert (DETAIL.view.long_side, DETAIL.view.grey) == (DETAIL_SIDE, True) == (2400, True)
    assert DETAIL.block.fingerprint.startswith("detail-2/area2400-grey/decoding-")
    assert "arithmetic" not in DETAIL.block.fingerprint
