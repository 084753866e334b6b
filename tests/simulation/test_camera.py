import math
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from phototriage.simulation.camera import (
    Take,
    blur_by_defocus,
    blur_by_motion,
    from_linear,
    penalty,
    photograph,
    to_linear,
)
from phototriage.simulation.scenes import draw_scene


@pytest.fixture(scope="module")
def scene() -> NDArray[np.uint8]:
    return draw_scene(1, 800, 533)


def take(scene: NDArray[np.uint8], **faults: Any) -> NDArray[np.uint8]:
    return photograph(scene, Take(**faults), np.random.default_rng(0))


def flat(level: int, side: int = 800) -> NDArray[np.uint8]:
    return np.full((side, side, 3), level, np.uint8)


def sharpness(photo: NDArray[np.uint8]) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())


def srgb_to_light(level: int) -> float:
    value = level / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def light_to_srgb(light: float) -> int:
    return round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))


def test_a_perfect_shot_is_the_scene_itself(scene: NDArray[np.uint8]) -> None:
    photo = take(scene)
    assert photo.dtype == np.uint8
    np.testing.assert_array_equal(photo, scene)


def test_a_perfect_shot_of_a_smaller_size_is_the_middle_of_the_scene(scene: NDArray[np.uint8]) -> None:
    photo = photograph(scene, Take(), np.random.default_rng(0), size=(333, 600))
    np.testing.assert_array_equal(photo, scene[100:433, 100:700])


def test_the_two_ways_of_framing_agree_where_nothing_moves(scene: NDArray[np.uint8]) -> None:
    shifted = photograph(scene, Take(shift_x=4, shift_y=-3), np.random.default_rng(0), size=(320, 800))
    np.testing.assert_array_equal(shifted[:, 4:], scene[109:429, :-4])


def test_every_level_survives_linear_light() -> None:
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(from_linear(to_linear(levels)), levels)
    np.testing.assert_allclose(to_linear(levels), [srgb_to_light(i) for i in range(256)], rtol=1e-6)


@pytest.mark.parametrize("level", [20, 60, 118, 160, 187, 200, 255])
@pytest.mark.parametrize("exposure", [-1.0, 1.0])
def test_one_ev_doubles_or_halves_the_light(level: int, exposure: float) -> None:
    expected = light_to_srgb(min(srgb_to_light(level) * 2**exposure, 1.0))
    np.testing.assert_array_equal(take(flat(level, 64), exposure=exposure), expected)


def test_a_warm_picture_gains_red_and_loses_blue_by_the_ratio_asked() -> None:
    light = to_linear(take(flat(128, 64), white_balance=0.4))[0, 0].astype(float)
    assert math.log(light[0] / light[2]) == pytest.approx(0.4, abs=0.02)
    assert light[1] == pytest.approx(srgb_to_light(128), abs=1e-6)


@pytest.mark.parametrize("radius", [0.0, 0.2, 0.5, 1.0, 2.5, 7.3])
def test_a_defocus_kernel_is_an_even_disc(radius: float) -> None:
    kernel = blur_by_defocus(radius)
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    assert (kernel >= 0).all()
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-7)
    np.testing.assert_allclose(kernel, kernel.T, atol=1e-7)
    if radius >= 2:
        # A disc has variance r²/4 along each axis; a bilinear splat of a point adds 1/6 on average.
        offset = np.arange(len(kernel)) - len(kernel) // 2
        spread = float((kernel.sum(0) * offset**2).sum())
        assert spread == pytest.approx(radius**2 / 4 + 1 / 6, rel=0.03)


@pytest.mark.parametrize("length", [0.0, 0.3, 1.0, 4.0, 9.5])
@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, 135.0])
def test_a_motion_kernel_has_the_length_and_direction_asked(length: float, angle: float) -> None:
    kernel = blur_by_motion(length, angle).astype(float)
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    assert (kernel >= 0).all()
    if length >= 4:
        y, x = np.mgrid[: len(kernel), : len(kernel)] - len(kernel) // 2
        covariance = np.array(
            [
                [(kernel * x * x).sum(), (kernel * x * -y).sum()],
                [(kernel * x * -y).sum(), (kernel * y * y).sum()],
            ]
        )
        values, vectors = np.linalg.eigh(covariance)
        # A line of length L has variance L²/12; the splat adds up to 1/4.
        assert math.sqrt(12 * values[1]) == pytest.approx(length, abs=0.6)
        assert values[0] < 0.26
        turn = math.degrees(math.atan2(vectors[1, 1], vectors[0, 1]))
        assert (turn - angle + 90) % 180 - 90 == pytest.approx(0, abs=1)


def test_motion_draws_an_impulse_out_into_a_streak() -> None:
    scene = flat(0)
    scene[400, 400] = 255
    streak = take(scene, motion_blur=10, motion_angle=0)[:, :, 1]
    rows, columns = np.nonzero(streak)
    assert set(rows) == {400}
    assert (columns.min(), columns.max()) == (395, 405)
    inner = to_linear(streak[400, 396:405])
    np.testing.assert_allclose(inner, 0.1, atol=0.01)


def test_motion_along_90_degrees_is_upright_and_45_degrees_rises_to_the_right() -> None:
    scene = flat(0)
    scene[400, 400] = 255
    assert set(np.nonzero(take(scene, motion_blur=10, motion_angle=90))[1]) == {400}
    rising = take(scene, motion_blur=10, motion_angle=45)[:, :, 1]
    assert rising[397, 403] > 0
    assert rising[403, 403] == 0


def test_blur_keeps_the_light_and_scales_with_the_picture() -> None:
    scene = flat(0)
    scene[390:410, 390:410] = 255
    before = to_linear(scene).mean(dtype=float)
    assert to_linear(take(scene, motion_blur=9, motion_angle=20, defocus=4)).mean(
        dtype=float
    ) == pytest.approx(before, rel=0.01)
    small = flat(0, 400)
    small[200, 200] = 255
    assert np.ptp(np.nonzero(take(small, motion_blur=10))[1]) == 6  # 5 px, each end shared by two pixels


def test_sharpness_falls_as_defocus_grows(scene: NDArray[np.uint8]) -> None:
    values = [sharpness(take(scene, defocus=r)) for r in (0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 6)]
    assert all(a > b for a, b in pairwise(values))
    assert values[-1] < values[0] / 20


def noise_of(level: int, noise: float) -> float:
    return float(np.std(to_linear(take(flat(level, 400), noise=noise)), dtype=float))


def test_noise_has_the_deviation_asked_at_mid_grey_and_grows_with_the_light() -> None:
    assert noise_of(118, 0.03) == pytest.approx(0.03, rel=0.02)  # level 118 is 18 % light
    assert noise_of(118, 0.01) == pytest.approx(0.01, rel=0.03)
    # Var = noise² (0.1 + 0.9 light / 0.18)
    assert noise_of(188, 0.03) == pytest.approx(0.03 * math.sqrt(0.1 + 5 * srgb_to_light(188)), rel=0.02)
    assert noise_of(60, 0.01) < noise_of(118, 0.01) < noise_of(188, 0.01)


@pytest.mark.parametrize(("x", "y"), [(12, -7), (-20, 5), (3.5, 9.25)])
@pytest.mark.parametrize("width", [800, 400])
def test_framing_moves_the_content_by_the_pixels_asked(x: float, y: float, width: int) -> None:
    # Below half the sampling rate a picture can be shifted by parts of a pixel without aliasing.
    scene = np.asarray(cv2.GaussianBlur(draw_scene(3, width, width * 2 // 3), (0, 0), 2.0), np.uint8)
    moved = take(scene, shift_x=x, shift_y=y)
    first, second = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float64) for p in (scene, moved))
    window = cv2.createHanningWindow(first.shape[::-1], cv2.CV_64F)
    (shift_x, shift_y), _ = cv2.phaseCorrelate(first, second, window)
    assert (shift_x, shift_y) == pytest.approx((x * width / 800, y * width / 800), abs=0.15)


def test_a_quarter_turn_and_a_doubling_are_exact() -> None:
    scene = draw_scene(4, 101, 101)
    np.testing.assert_array_equal(take(scene, rotation=90)[1:-1, 1:-1], np.rot90(scene)[1:-1, 1:-1])
    doubled = take(scene, zoom=2)
    np.testing.assert_array_equal(doubled[::2, ::2], scene[25:76, 25:76])


def test_the_same_generator_gives_the_same_photo(scene: NDArray[np.uint8]) -> None:
    shot = Take(noise=0.02, defocus=1)
    first, again, other = (photograph(scene, shot, np.random.default_rng(s)) for s in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("motion_blur", -1.0),
        ("defocus", -0.1),
        ("noise", -0.01),
        ("zoom", 0.0),
        ("jpeg_quality", 0),
        ("jpeg_quality", 101),
        ("jpeg_quality", 80.5),
        ("exposure", math.nan),
        ("shift_x", math.inf),
    ],
)
def test_an_impossible_shot_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=field):
        Take(**{field: value})


def test_a_scene_of_another_kind_or_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="uint8"):
        photograph(np.zeros((8, 8, 3), np.float32), Take(), np.random.default_rng(0))
    with pytest.raises(ValueError, match="does not fit"):
        photograph(flat(9, 8), Take(), np.random.default_rng(0), size=(9, 8))


def test_a_perfect_shot_costs_nothing_and_known_faults_their_price() -> None:
    assert penalty(Take()) == 0
    assert penalty(Take(defocus=math.e - 1)) == pytest.approx(1.3)
    assert penalty(Take(motion_blur=1.5)) == pytest.approx(1.1 * math.log(2))
    assert penalty(Take(exposure=1)) == pytest.approx(1.3)
    assert penalty(Take(exposure=-1)) == pytest.approx(0.9)
    assert penalty(Take(shift_x=3, shift_y=-4)) == pytest.approx(5 / 24)
    assert penalty(Take(jpeg_quality=55)) == pytest.approx(1)
    assert penalty(Take(motion_angle=77)) == 0


LIMITS = {
    "motion_blur": (0, 20),
    "motion_angle": (0, 180),
    "defocus": (0, 8),
    "exposure": (-3, 3),
    "noise": (0, 0.2),
    "white_balance": (-1, 1),
    "shift_x": (-80, 80),
    "shift_y": (-80, 80),
    "rotation": (-20, 20),
    "zoom": (0.5, 2),
}
shots = st.builds(
    Take, **{name: st.floats(*limits) for name, limits in LIMITS.items()}, jpeg_quality=st.integers(1, 100)
)


@given(shots, st.sampled_from([field.name for field in fields(Take)]), st.floats(0, 1))
def test_every_fault_brought_nearer_to_perfect_costs_no_more(shot: Take, name: str, share: float) -> None:
    perfect, value = getattr(Take(), name), getattr(shot, name)
    better = perfect + (value - perfect) * share
    nearer = replace(shot, **{name: round(better) if name == "jpeg_quality" else better})
    assert penalty(nearer) <= penalty(shot) + 1e-9
    assert penalty(shot) >= 0


def test_real_pictures_go_through_the_camera_too(shared: Path) -> None:
    bgr = np.asarray(cv2.imread(str(shared / "kodak" / "01.png")))
    real = np.ascontiguousarray(bgr[..., ::-1])
    np.testing.assert_array_equal(take(real), real)
    values = [sharpness(take(real, defocus=r)) for r in (0, 0.5, 1, 2, 4)]
    assert values == sorted(values, reverse=True)
