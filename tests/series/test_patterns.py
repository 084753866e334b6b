from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.features.extractors.look import (
    LOOK_BRIGHTNESS,
    LOOK_COLUMNS,
    LOOK_DETAIL,
    LOOK_LAYOUT,
    measure_look,
)
from phototriage.photos import Capture, CaptureTime
from phototriage.series.patterns import brackets, focus_stacks, seen_brackets, sweeps
from phototriage.series.shot import Shot
from phototriage.series.timeline import Timeline, lay_out
from phototriage.simulation.scenes import draw_scene

NOON = datetime(2024, 6, 1, 12)
PLAIN = Capture(
    model="A", exposure_time=1 / 250, f_number=4.0, iso=200.0, exposure_bias=0.0, focal_length=35.0
)
WHOLE = slice(None)


def line_of(captures: Sequence[Capture], pause: float = 0.5) -> Timeline:
    """A timeline of shots in the order given, `pause` seconds apart."""
    timed = [
        capture._replace(time=CaptureTime(NOON + timedelta(seconds=pause * place), None))
        for place, capture in enumerate(captures)
    ]
    return lay_out([Shot(f"{place}.jpg", (f"{place}.jpg",)) for place in range(len(timed))], timed)


def looks_of(brightness: Sequence[float]) -> np.ndarray:
    """Looks of one scene, each as bright as said, in EV."""
    looks = np.zeros((len(brightness), len(LOOK_COLUMNS)), np.float32)
    looks[:, 0] = 1
    looks[:, LOOK_BRIGHTNESS] = np.log(2) * np.array(brightness)
    return looks


def found(
    captures: Sequence[Capture], brightness: Sequence[float], gap: float = 30, pause: float = 0.5
) -> list[Any]:
    return list(brackets(line_of(captures, pause), looks_of(brightness), gap))


def by_bias(*biases: float, bracketed: bool = False) -> list[Capture]:
    return [PLAIN._replace(exposure_bias=bias, bracketed=bracketed) for bias in biases]


@pytest.mark.parametrize("order", list(permutations([-2.0, 0.0, 2.0])))
def test_brackets_in_every_order(order: tuple[float, ...]) -> None:
    assert found(by_bias(*order), order) == [(0, 3)]
    assert found(by_bias(*order, bracketed=True), [0, 0, 0]) == [(0, 3)]


@pytest.mark.parametrize(
    "ladder", [(0, -0.7, 0.7), (0, -1, 1, -2, 2), (-3, -2, -1, 0, 1, 2, 3), (0, -0.3, 0.3)]
)
def test_brackets_of_every_length_and_step(ladder: tuple[float, ...]) -> None:
    assert found(by_bias(*ladder), ladder) == [(0, len(ladder))]


def test_a_bracket_taken_several_times_is_several() -> None:
    once = (0.0, -1.0, 1.0)
    assert found(by_bias(*once * 4), once * 4) == [(0, 3), (3, 6), (6, 9), (9, 12)]


def test_shots_around_a_bracket_are_none_of_it() -> None:
    assert found(by_bias(0, 0, 0, -2, 2, 0, 0), (0, 0, 0, -2, 2, 0, 0)) == [(2, 5)]


def test_exposures_set_by_hand() -> None:
    hand = [PLAIN._replace(exposure_time=seconds, manual=True) for seconds in (1 / 250, 1 / 60, 1 / 1000)]
    assert found(hand, (0, 2, -2)) == [(0, 3)]
    by_iso = [PLAIN._replace(iso=iso, manual=True) for iso in (200.0, 100.0, 400.0)]
    assert found(by_iso, (0, -1, 1)) == [(0, 3)]


def test_a_burst_whose_metering_wavers_is_no_bracket() -> None:
    wavers = [PLAIN._replace(exposure_time=2.0**ev) for ev in (-8, -8.33, -7.67)]
    assert found(wavers, (0, -0.33, 0.33)) == []
    jumps = [PLAIN._replace(exposure_time=2.0**ev) for ev in (-8, -9, -7)]
    assert found(jumps, (0, 0.01, 0.02)) == []
    assert found(jumps, (0, -1, 1)) == [(0, 3)]


@pytest.mark.parametrize(
    ("change", "brightness", "pause"),
    [
        ({"focal_length": 70.0}, (0, -1, 1), 0.5),
        ({"f_number": 8.0}, (0, -1, 1), 0.5),
        ({}, (0, 1, -1), 0.5),
        ({}, (0, 0, 0), 0.5),
        ({}, (0, -1, 1), 31.0),
        ({"exposure_bias": 2.0}, (0, -1, 2), 0.5),
    ],
    ids=["zoomed", "other aperture", "wrong way", "not brighter", "too late", "uneven"],
)
def test_what_only_looks_like_a_bracket(
    change: dict[str, Any], brightness: tuple[float, ...], pause: float
) -> None:
    captures = by_bias(0, -1, 1)
    captures[2] = captures[2]._replace(**change)
    assert found(captures, brightness, pause=pause) == []


def test_a_bracket_of_two_must_be_said() -> None:
    assert found(by_bias(0, -1), (0, -1)) == []
    assert found(by_bias(0, -1, bracketed=True), (0, -1)) == [(0, 2)]


def test_another_scene_in_between_is_no_bracket_unless_said() -> None:
    looks = looks_of((0, -1, 1))
    looks[1, :2] = 0, 1
    assert list(brackets(line_of(by_bias(0, -1, 1)), looks, 30)) == []
    assert list(brackets(line_of(by_bias(0, -1, 1, bracketed=True)), looks, 30)) == [(0, 3)]


def test_long_exposures_may_be_longer_than_the_gap() -> None:
    night = [PLAIN._replace(exposure_time=seconds, manual=True) for seconds in (10.0, 2.5, 40.0)]
    assert found(night, (0, -2, 2), gap=10, pause=12) == [(0, 3)]
    assert found(night, (0, -2, 2), gap=9, pause=12) == []


def test_a_phones_hdr_picture_and_the_plain_one() -> None:
    pair = [PLAIN._replace(rendered=rendered) for rendered in (4, 3, None, 4, 4)]
    assert found(pair, [0] * 5) == [(0, 2)]
    assert found(pair, [0] * 5, pause=3) == []


def seen(*brightness: float, looks: np.ndarray | None = None) -> list[tuple[int, int]]:
    """Spans among shots whose files say nothing, as bright as said, in EV."""
    line = lay_out(
        [Shot(f"{place}.jpg", (f"{place}.jpg",)) for place in range(len(brightness))],
        [Capture()] * len(brightness),
    )
    return list(seen_brackets(line, looks_of(brightness) if looks is None else looks, 30))


@pytest.mark.parametrize(
    "ladder",
    [
        (-3, -2, -1),
        (-1, -2, -3),
        (-2, -3, -1),
        (-2, -1, -3),
        (-2, -2.6, -1.5, -3.1, -1.1),
        (-2, -1.5, -2.6, -1.1, -3.1),
        (-2, -3, -2.5, -1.5, -1),
        (-4.4, -3.6, -2.8, -1.9, -1.0, -0.4, -0.1),
        tuple(np.arange(-7, -2.5, 0.5)),
    ],
)
def test_brackets_without_exif_in_the_orders_of_cameras(ladder: tuple[float, ...]) -> None:
    assert seen(*ladder) == [(0, len(ladder))]
    assert seen(*ladder, *ladder) == [(0, len(ladder)), (len(ladder), 2 * len(ladder))]
    assert seen(-9, *ladder, -9.0) == [(1, 1 + len(ladder))]


@pytest.mark.parametrize(
    "brightness",
    [
        (-3, -1, -2),  # no camera's order
        (-1, -3, -2),
        (-2, -3.1, -1.5, -2.6, -1.1),
        (-2, -2.4, -1.6),  # too small a mean step
        (-2, -2.15, -1.1),  # too small a step
        (-2, -2.4, -1.0),  # too uneven
        (-2, -3),
        (-3, -2, -1, 0),
        (-2, -2, -2),
    ],
)
def test_what_is_no_bracket_without_exif(brightness: tuple[float, ...]) -> None:
    assert [span for span in seen(*brightness) if span[1] - span[0] == len(brightness)] == []


def test_a_bracket_without_exif_shows_one_scene() -> None:
    looks = looks_of([-2, -3, -1])
    looks[2, :2] = 0.79, np.sqrt(1 - 0.79**2)
    assert seen(-2, -3, -1, looks=looks) == []
    looks[2, :2] = 0.81, np.sqrt(1 - 0.81**2)
    assert seen(-2, -3, -1, looks=looks) == [(0, 3)]


def test_what_files_say_comes_before_what_pictures_show() -> None:
    line = line_of([PLAIN] * 3)
    assert list(seen_brackets(line, looks_of([-2, -3, -1]), 30)) == []
    untimed = lay_out([Shot(f"{place}.jpg", (f"{place}.jpg",)) for place in range(3)], [PLAIN] * 3)
    assert list(seen_brackets(untimed, looks_of([-2, -3, -1]), 30)) == []


@cache
def wide_scene(seed: int) -> np.ndarray:
    return draw_scene(seed, 1000, 240)


def views(seed: int, lefts: Sequence[int], width: int = 300) -> np.ndarray:
    scene = wide_scene(seed)
    return np.stack(
        [measure_look(np.ascontiguousarray(scene[20:220, left : left + width])) for left in lefts]
    )


@pytest.mark.parametrize("seed", range(8))
def test_sweeps_to_either_side(seed: int) -> None:
    lefts = [0, 150, 310, 460]
    assert list(sweeps(line_of([PLAIN] * 4, 2), views(seed, lefts), 30)) == [(0, 4)]
    assert list(sweeps(line_of([PLAIN] * 4, 2), views(seed, lefts[::-1]), 30)) == [(0, 4)]


def test_two_sweeps_are_two() -> None:
    looks = np.concatenate([views(0, [0, 150, 300]), views(1, [300, 150, 0])])
    assert list(sweeps(line_of([PLAIN] * 6, 2), looks, 30)) == [(0, 3), (3, 6)]


@pytest.mark.parametrize("lefts", [[0, 0, 0, 0], [0, 20, 40, 60], [0, 150, 0, 150], [0, 150]])
def test_what_is_no_sweep(lefts: list[int]) -> None:
    for seed in range(4):
        assert list(sweeps(line_of([PLAIN] * len(lefts), 2), views(seed, lefts), 30)) == []


def test_a_sweep_has_one_focal_length_and_no_long_pauses() -> None:
    looks = views(0, [0, 150, 300])
    zoomed = [PLAIN, PLAIN, PLAIN._replace(focal_length=50.0)]
    assert list(sweeps(line_of(zoomed, 2), looks, 30)) == []
    assert list(sweeps(line_of([PLAIN] * 3, 11), looks, 30)) == []
    assert list(sweeps(line_of([PLAIN] * 3, 2), looks, 1)) == []


def test_few_scenes_in_a_row_make_a_sweep() -> None:
    looks = np.stack([measure_look(draw_scene(seed, 300, 200)) for seed in range(30)])
    swept = sum(end - first for first, end in sweeps(line_of([PLAIN] * 30, 2), looks, 30))
    assert swept <= 3


def stack(sharpest: Sequence[float] | NDArray[Any], shots: int = 7) -> np.ndarray:
    """Looks of shots that stand still; each of sixteen parts is at its sharpest in the shot said."""
    looks = looks_of([0] * shots)
    distance = np.abs(np.arange(shots)[:, None] - np.array(sharpest))
    looks[:, LOOK_DETAIL] = 6 - 0.5 * distance
    return looks


ROWS_IN_TURN = np.repeat([0, 2, 4, 6], 4)


def is_focus_stack(line: Timeline, looks: NDArray[np.float32]) -> bool:
    (found,) = focus_stacks(line, looks, [np.arange(len(line))])
    return found


def test_parts_that_are_sharp_one_after_the_other_are_a_focus_stack() -> None:
    assert is_focus_stack(line_of([PLAIN] * 7), stack(ROWS_IN_TURN))
    assert is_focus_stack(line_of([Capture()] * 7), stack(ROWS_IN_TURN))


def test_distances_that_only_grow_are_a_focus_stack() -> None:
    looks = looks_of([0] * 5)
    nearer = [PLAIN._replace(focus_distance=metres) for metres in (5.0, 3.0, 2.0, 1.5, 1.2)]
    assert is_focus_stack(line_of(nearer), looks)
    assert is_focus_stack(line_of(nearer[::-1]), looks)
    assert not is_focus_stack(line_of([*nearer[:4], PLAIN._replace(focus_distance=4.0)]), looks)
    assert not is_focus_stack(line_of([PLAIN._replace(focus_distance=float("inf"))] * 5), looks)


def test_what_is_no_focus_stack() -> None:
    line = line_of([PLAIN] * 7)
    assert not is_focus_stack(line, stack([3.0] * 16))  # all parts at once: one shot is sharp
    assert not is_focus_stack(line, looks_of([0] * 7))  # nothing changes
    restless = stack(ROWS_IN_TURN)
    restless[::2, LOOK_DETAIL] -= 1.0
    assert not is_focus_stack(line, restless)
    moved = stack(ROWS_IN_TURN)
    moved[3, LOOK_LAYOUT] = 0
    moved[3, :2] = 0.9, np.sqrt(1 - 0.81)
    assert not is_focus_stack(line, moved)
    assert not is_focus_stack(line_of([PLAIN] * 4), stack(ROWS_IN_TURN / 2, 4))
    darker = [PLAIN] * 6 + [PLAIN._replace(exposure_time=1 / 1000)]
    assert not is_focus_stack(line_of(darker), stack(ROWS_IN_TURN))


def test_focus_stacks_are_found_wherever_they_lie_among_series() -> None:
    stacks, still = stack(ROWS_IN_TURN), looks_of([0] * 7)
    line, looks = line_of([PLAIN] * 28), np.concatenate([stacks, still, still, stacks])
    series = [np.arange(21, 28), np.arange(7, 10), np.arange(7), np.arange(10, 21)]
    assert focus_stacks(line, looks, series) == [True, False, True, False]
    assert focus_stacks(line, looks, []) == []


@pytest.mark.parametrize(("apart", "same"), [(0.14, True), (0.16, False)])
def test_a_focus_stack_is_of_one_exposure(apart: float, same: bool) -> None:
    assert PLAIN.exposure_time is not None
    brighter = PLAIN._replace(exposure_time=PLAIN.exposure_time * 2**apart)
    compensated = PLAIN._replace(exposure_bias=(PLAIN.exposure_bias or 0) + apart)
    for other in (brighter, compensated):
        assert is_focus_stack(line_of([*[PLAIN] * 6, other]), stack(ROWS_IN_TURN)) == same
