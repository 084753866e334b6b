from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from phototriage.features import IQA_COLUMNS, IQA_PLUS_COLUMNS, measure_iqa, measure_iqa_plus
from phototriage.series.differences import DIFFERENCES, Numbers, differences
from phototriage.simulation import Take, draw_scene, photograph

Pixels = NDArray[np.uint8]
COLUMNS = (*IQA_COLUMNS, *IQA_PLUS_COLUMNS)
PERFECT = Take()
SEEDS = (0, 1, 2, 3)
"""One of each kind of scene."""


@cache
def scene(seed: int) -> Pixels:
    return draw_scene(seed, 700, 466)


def taken(seed: int, shot: Take = PERFECT, take: int = 0) -> Pixels:
    """A photo by a camera with a little noise and a little blur."""
    rng = np.random.default_rng([seed, take])
    usual = replace(
        shot,
        noise=shot.noise + 0.006,
        defocus=shot.defocus or 0.2,
        shift_x=float(rng.normal(0, 2)),
        shift_y=float(rng.normal(0, 2)),
    )
    return photograph(scene(seed), usual, rng, (400, 600))


def numbers(*photos: Pixels) -> Numbers:
    matrix = np.array([[*measure_iqa(photo), *measure_iqa_plus(photo)] for photo in photos], np.float64)
    return dict(zip(COLUMNS, matrix.T, strict=True))


def said(of: Pixels, against: Pixels) -> set[str]:
    """What is told of one photo beside another."""
    told = differences(numbers(of), numbers(against))
    return {
        DIFFERENCES[name].more if value[0] > 0 else DIFFERENCES[name].less
        for name, value in told.items()
        if abs(value[0]) >= 1
    }


def compressed(photo: Pixels) -> Pixels:
    data = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]


def flattened(photo: Pixels) -> Pixels:
    return np.asarray(photo.mean() + (photo - photo.mean()) * 0.6, np.uint8)


def greyed(photo: Pixels) -> Pixels:
    return np.asarray(
        Image.blend(Image.fromarray(photo).convert("L").convert("RGB"), Image.fromarray(photo), 0.4)
    )


def unchanged(photo: Pixels) -> Pixels:
    return photo


COLOURS = {"more colour", "less colour"}
SPOILT: dict[str, tuple[Take, Callable[[Pixels], Pixels], set[str], set[str]]] = {
    # What is told, and what may follow from it.
    "defocus": (Take(defocus=2.5), unchanged, {"softer"}, {"less contrast"}),
    "motion": (
        Take(motion_blur=12, motion_angle=20),
        unchanged,
        {"softer", "motion blur"},
        {"less contrast"},
    ),
    "dark": (
        Take(exposure=-1),
        unchanged,
        {"darker"},
        {"shadows blocked", "highlights kept", "more contrast", "noisier"},
    ),
    "bright": (
        Take(exposure=1),
        unchanged,
        {"brighter"},
        {"highlights clipped", "shadows open", "less contrast", "less colour"},
    ),
    "noise": (Take(noise=0.04), unchanged, {"noisier"}, {"more colour", "shadows blocked"}),
    "warm": (Take(white_balance=0.4), unchanged, {"warmer"}, COLOURS),
    "cool": (Take(white_balance=-0.4), unchanged, {"cooler"}, COLOURS),
    "flat": (Take(), flattened, {"less contrast", "less colour"}, set()),
    "grey": (Take(), greyed, {"less colour"}, set()),
    "compressed": (Take(), compressed, {"compression marks"}, set()),
}
OPPOSITE = {each.more: each.less for each in DIFFERENCES.values()}
OPPOSITE |= {less: more for more, less in OPPOSITE.items()}


@pytest.mark.parametrize("fault", SPOILT)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_fault_is_told_and_nothing_else(fault: str, seed: int) -> None:
    shot, after, told, follows = SPOILT[fault]
    good, spoilt = taken(seed), after(taken(seed, shot, take=1))
    assert told <= said(spoilt, good) <= told | follows
    assert {OPPOSITE[word] for word in told} <= said(good, spoilt)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_told_of_photos_alike(seed: int) -> None:
    assert said(taken(seed), taken(seed, take=1)) == set()


def test_clipped_highlights_are_told_where_there_were_highlights() -> None:
    assert "highlights clipped" in said(taken(0, Take(exposure=1.2), take=1), taken(0))
    assert "highlights kept" in said(taken(0), taken(0, Take(exposure=1.2), take=1))


@pytest.mark.parametrize("fault", SPOILT)
def test_faults_are_told_of_most_real_photos_and_never_their_opposite(fault: str, shared: Path) -> None:
    shot, after, told, _ = SPOILT[fault]
    found = []
    for path in sorted((shared / "kodak").glob("*.png"))[::4]:
        photo = np.asarray(Image.open(path).convert("RGB"))
        found.append(said(after(photograph(photo, shot, np.random.default_rng(0))), photo))
    assert not any({OPPOSITE[word] for word in told} & words for words in found)
    assert sum(told <= words for words in found) >= len(found) - 2


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_other_way_round_all_is_the_opposite(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = ({name: rng.normal(size=7) ** 2 for name in COLUMNS} for _ in range(2))
    there, back = differences(one, other), differences(other, one)
    for name in DIFFERENCES:
        assert there[name] == pytest.approx(-back[name]), name


def test_without_a_block_its_differences_are_not_told() -> None:
    photo = numbers(taken(0))
    iqa = {name: photo[name] for name in IQA_COLUMNS}
    plus = {name: photo[name] for name in IQA_PLUS_COLUMNS}
    assert set(differences(iqa, iqa)) == {"contrast"}
    assert set(differences(plus, plus)) == set(DIFFERENCES) - {"contrast"}
    assert differences({"table_0": photo["noise"]}, {"table_0": photo["noise"]}) == {}
