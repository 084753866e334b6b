from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phototriage.features.block import fixed_picture
from phototriage.features.extractors.look import (
    LOOK,
    LOOK_BRIGHTNESS,
    LOOK_COLUMNS,
    LOOK_DETAIL,
    LOOK_GRID,
    LOOK_LAYOUT,
    measure_look,
)
from phototriage.simulation.camera import Take, photograph
from phototriage.simulation.scenes import draw_scene

SCENES = [draw_scene(seed, 360, 240) for seed in range(4)]


def taken(scene: np.ndarray, **faults: Any) -> np.ndarray:
    return measure_look(photograph(scene, Take(**faults), np.random.default_rng(0), (206, 310)))


def alike(a: np.ndarray, b: np.ndarray) -> float:
    return float(a[LOOK_LAYOUT] @ b[LOOK_LAYOUT])


def test_the_numbers_have_names_and_are_those_of_the_fixed_picture() -> None:
    assert len(LOOK_COLUMNS) == len(set(LOOK_COLUMNS)) == 107
    np.testing.assert_allclose(measure_look(fixed_picture()), LOOK.of_fixed_picture, 1e-3, 1e-4)
    assert LOOK.block.fingerprint.startswith("look-1/area800/decoding-")
    assert (LOOK.block.dim, LOOK.block.name) == (107, "look")


@pytest.mark.parametrize(
    "faults",
    [
        {"exposure": 1.0},
        {"exposure": -2.0},
        {"motion_blur": 15.0},
        {"defocus": 5.0},
        {"noise": 0.05},
        {"white_balance": 0.3},
        {"shift_x": 15.0, "shift_y": 10.0},
        {"rotation": 2.0},
        {"zoom": 1.1},
    ],
)
@pytest.mark.parametrize("number", range(4))
def test_takes_of_one_scene_look_more_alike_than_scenes(number: int, faults: dict[str, float]) -> None:
    take, best = taken(SCENES[number], **faults), taken(SCENES[number])
    assert alike(take, best) > 0.87
    assert all(alike(take, taken(other)) < 0.7 for place, other in enumerate(SCENES) if place != number)


def test_more_light_is_more_brightness_in_logarithms() -> None:
    dark = np.full((60, 90, 3), 90, np.uint8)
    light = np.full((60, 90, 3), 180, np.uint8)
    step = measure_look(light)[LOOK_BRIGHTNESS] - measure_look(dark)[LOOK_BRIGHTNESS]
    expected = np.log(((180 / 255) ** 2.2 + 0.02) / ((90 / 255) ** 2.2 + 0.02))
    assert step == pytest.approx(expected, abs=1e-4)


def test_detail_stands_where_it_is() -> None:
    pixels = np.full((160, 160, 3), 128, np.uint8)
    pixels[40:80, 120:160] = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    detail = measure_look(pixels)[LOOK_DETAIL].reshape(4, 4)
    assert np.unravel_index(detail.argmax(), (4, 4)) == (1, 3)
    assert np.sort(detail, axis=None)[-2] < detail.max() / 4


def test_light_stands_where_it_is() -> None:
    pixels = np.zeros((60, 120, 3), np.uint8)
    pixels[:, 60:] = 255
    light = measure_look(pixels)[: LOOK_GRID[0] * LOOK_GRID[1]].reshape(LOOK_GRID)
    assert (light[:, :5] < -0.05).all()
    assert (light[:, 7:] > 0.05).all()


def test_colour_alone_tells_photos_apart() -> None:
    pattern = np.random.default_rng(0).integers(60, 200, (6, 12, 1), np.uint8).repeat(10, 0).repeat(10, 1)
    red, blue = (np.concatenate([pattern // part for part in parts], 2) for parts in ((1, 4, 4), (4, 4, 1)))
    assert alike(measure_look(red), measure_look(blue)) < 0.8
    assert alike(measure_look(red), measure_look(red)) == pytest.approx(1)


def test_even_photos_are_like_no_other() -> None:
    black, grey = (measure_look(np.full((80, 120, 3), level, np.uint8)) for level in (0, 128))
    assert np.linalg.norm(black[LOOK_LAYOUT]) < 0.01
    assert abs(alike(black, black)) < 0.01
    assert abs(alike(grey, taken(SCENES[0]))) < 0.1


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_every_photo_has_finite_numbers(height: int, width: int, seed: int) -> None:
    look = measure_look(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))
    assert look.shape == (107,)
    assert look.dtype == np.float32
    assert np.isfinite(look).all()
    assert np.linalg.norm(look[LOOK_LAYOUT]) <= 1 + 1e-5
