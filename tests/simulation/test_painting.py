import numpy as np
import pytest
from scipy.ndimage import sobel

from phototriage.simulation.painting import (
    blend,
    box,
    fractal_noise,
    gradient,
    lathe,
    pick,
    polygon,
    relief,
    ridge,
    smoothstep,
    sphere,
    strokes,
    vary,
)

Grey = (0.5, 0.5, 0.5)


def canvas(level: float = 0.0) -> np.ndarray:
    return np.full((40, 60, 3), level, np.float32)


def test_noise_fills_zero_to_one_and_is_its_generator() -> None:
    noise = fractal_noise(np.random.default_rng(1), 70, 90, 4)
    assert (noise.shape, noise.dtype) == ((70, 90), np.float32)
    assert (noise.min(), noise.max()) == pytest.approx((0, 1))
    np.testing.assert_array_equal(noise, fractal_noise(np.random.default_rng(1), 70, 90, 4))


def test_stretched_noise_changes_faster_upright() -> None:
    noise = fractal_noise(np.random.default_rng(2), 200, 200, 4, stretch=8)
    assert np.abs(sobel(noise, 0)).mean() > 3 * np.abs(sobel(noise, 1)).mean()


def test_rougher_gain_gives_more_fine_detail() -> None:
    smooth, rough = (fractal_noise(np.random.default_rng(3), 200, 200, 4, gain=g) for g in (0.3, 0.9))
    assert np.abs(np.diff(rough)).mean() > 2 * np.abs(np.diff(smooth)).mean()


def test_a_ridge_spans_zero_to_nearly_one_and_is_one_line() -> None:
    line = ridge(np.random.default_rng(0), 120, 3)
    assert line.shape == (120,)
    assert 0 <= line.min() < line.max() <= 1


def test_smoothstep_values() -> None:
    values = smoothstep(1, 3, np.array([0, 1, 1.5, 2, 3, 9], np.float32))
    np.testing.assert_allclose(values, [0, 0, 0.15625, 0.5, 1, 1])


def test_relief_leaves_the_flat_alone_and_lights_the_slope_that_faces_up_left() -> None:
    np.testing.assert_array_equal(relief(np.full((5, 5), 0.3, np.float32), 0.5), 1)
    hill = -np.hypot(*(np.mgrid[:21, :21] - 10.0)).astype(np.float32)
    lit = relief(hill, 0.5)
    assert lit[4, 4] > 1.2
    assert lit[16, 16] < 0.8


def test_gradient_and_blend() -> None:
    picture = canvas()
    gradient(picture, (1, 0, 0), (0, 0, 1))
    np.testing.assert_allclose(picture[[0, -1], 7], [(1, 0, 0), (0, 0, 1)])
    blend(picture, (0, 1, 0), np.full((40, 60), 0.5, np.float32))
    np.testing.assert_allclose(picture[0, 0], (0.5, 0.5, 0))


def test_a_polygon_covers_its_inside_only_even_across_the_edge() -> None:
    picture = canvas()
    polygon(picture, box(-5, 10, 20, 30), (1, 1, 1))
    assert (picture[12:28, :18] == 1).all()
    assert (picture[:8] == 0).all()
    assert (picture[:, 23:] == 0).all()
    before = picture.copy()
    polygon(picture, box(100, 100, 120, 130), (1, 0, 0))
    np.testing.assert_array_equal(picture, before)


def test_a_polygon_takes_a_function_of_position() -> None:
    picture = canvas()
    polygon(picture, box(10, 10, 30, 30), lambda x, y: np.stack([x / 60, y / 40, 0 * x], -1))
    np.testing.assert_allclose(picture[20, 15], (15 / 60, 20 / 40, 0))


def test_a_ball_is_round_and_lit_from_the_upper_left() -> None:
    picture = canvas()
    sphere(picture, 30, 20, 10, (0.8, 0.8, 0.8), 0.0)
    assert (picture[..., 0] > 0).sum() == pytest.approx(np.pi * 100, rel=0.12)
    assert picture[14, 25, 0] > picture[26, 35, 0] > 0


def test_a_turned_body_is_as_wide_as_its_radii() -> None:
    picture = canvas()
    lathe(picture, 30, 5, np.full(20, 8.0), (0.8, 0.4, 0.4), 0.0)
    assert (picture[15, :, 0] > 0).sum() in (16, 17)
    assert (picture[:5] == 0).all()


def test_strokes_draw_lines_in_their_colour() -> None:
    picture = canvas()
    strokes(picture, [([(5, 20), (50, 20)], (1, 0.5, 0))])
    np.testing.assert_allclose(picture[20, 25], (1, 0.5, 0), atol=0.1)  # OpenCV softens thin lines
    assert (picture[:15] == 0).all()


def test_vary_stays_a_colour_and_pick_takes_every_one() -> None:
    rng = np.random.default_rng(0)
    tones = np.array([vary(rng, (0.9, 0.5, 0.1), 0.3) for _ in range(200)])
    assert tones.min() >= 0
    assert tones.max() <= 1
    assert tones.std(0).min() > 0.01
    assert vary(rng, Grey, 0.0) == Grey
    assert {pick(rng, "abc") for _ in range(50)} == set("abc")
