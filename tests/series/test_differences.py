from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from phototriage.features import IQA_COLUMNS, IQA_PLUS_COLUMNS, measure_iqa, measure_iqa_plus
from phototriage.series.differences import Numbers, differences
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


PLAIN = {"out of focus": "softer", "too dark": "darker", "too bright": "brighter"}
"""Stronger words of the same."""


def said(of: Pixels, against: Pixels) -> set[str]:
    """What is told of one photo beside another."""
    told = differences(numbers(of), numbers(against))
    return {
        PLAIN.get(str(each.words[0]), str(each.words[0]))
        for each in told.values()
        if abs(each.strength[0]) >= 1
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
    "soft": (Take(defocus=1.2), unchanged, {"softer"}, {"less contrast"}),
    "motion": (
        Take(motion_blur=12, motion_angle=20),
        unchanged,
        {"motion blur"},
        {"less contrast"},
    ),
    "dark": (
        Take(exposure=-1),
        unchanged,
        {"darker"},
        {"shadows blocked", "highlights kept", "more contrast"},
    ),
    "bright": (
        Take(exposure=1),
        unchanged,
        {"brighter"},
        {"highlights blown", "shadows open", "less contrast", "less colour"},
    ),
    "noise": (Take(noise=0.04), unchanged, {"noisier"}, {"more colour", "shadows blocked"}),
    "warm": (Take(white_balance=0.4), unchanged, {"warmer"}, COLOURS),
    "cool": (Take(white_balance=-0.4), unchanged, {"cooler"}, COLOURS),
    "flat": (Take(), flattened, {"less contrast", "less colour"}, set()),
    "grey": (Take(), greyed, {"less colour"}, set()),
    "compressed": (Take(), compressed, {"compression marks"}, set()),
}
OPPOSITE = {
    **dict.fromkeys(("softer", "motion blur"), "sharper"),
    "darker": "brighter",
    "brighter": "darker",
    "noisier": "less noise",
    "warmer": "cooler",
    "cooler": "warmer",
    "less contrast": "more contrast",
    "less colour": "more colour",
    "compression marks": "fewer compression marks",
}


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
    assert "highlights blown" in said(taken(0, Take(exposure=1.2), take=1), taken(0))
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


@given(st.integers(0, 2**32 - 1))
def test_the_other_way_round_all_is_the_opposite(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = ({name: rng.normal(size=7) ** 2 for name in COLUMNS} for _ in range(2))
    there, back = differences(one, other), differences(other, one)
    for name, difference in there.items():
        assert difference.strength == pytest.approx(-back[name].strength), name


@given(st.integers(0, 2**32 - 1))
def test_no_number_contradicts_its_words(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = ({name: rng.normal(size=50) ** 2 for name in COLUMNS} for _ in range(2))
    less_is_more = {"sharper", "less noise", "highlights kept", "shadows open", "fewer compression marks"}
    less_is_more |= {"darker", "too dark", "cooler", "less colour", "less contrast"}
    for difference in differences(one, other).values():
        for row in np.flatnonzero(np.abs(difference.strength) >= 1):
            number = difference.feature[row]
            more = one[number][row] > other[number][row]
            assert more != (difference.words[row] in less_is_more), (difference.words[row], number)


def test_without_a_block_its_differences_are_not_told() -> None:
    photo = numbers(taken(0))
    iqa = {name: photo[name] for name in IQA_COLUMNS}
    plus = {name: photo[name] for name in IQA_PLUS_COLUMNS}
    assert set(differences(iqa, iqa)) == {"sharpness", "exposure", "colour", "contrast"}
    assert set(differences(plus, plus)) == set(differences(photo, photo)) - {"contrast"}
    assert differences({"table_0": photo["noise"]}, {"table_0": photo["noise"]}) == {}


FRAMED: dict[str, tuple[Take, Callable[[Pixels], Pixels]]] = {
    "shifted": (Take(shift_x=18, shift_y=6), unchanged),
    "zoomed": (Take(zoom=1.05), unchanged),
    "cropped": (Take(zoom=1.05, shift_x=20, shift_y=13), unchanged),
    "brighter": (Take(exposure=0.1), unchanged),
    "darker": (Take(exposure=-0.1), unchanged),
}


@pytest.mark.parametrize("change", FRAMED)
def test_nothing_is_told_of_real_photos_that_are_only_framed_anew(change: str, shared: Path) -> None:
    shot, after = FRAMED[change]
    found = []
    for path in sorted((shared / "kodak").glob("*.png"))[1::2]:
        photo = np.asarray(Image.open(path).convert("RGB"))
        size = (round(0.86 * photo.shape[0]), round(0.86 * photo.shape[1]))
        one, other = (photograph(photo, each, np.random.default_rng(0), size) for each in (PERFECT, shot))
        found.append(said(after(other), one))
    assert sum(map(bool, found)) <= 1, found


@pytest.mark.parametrize(
    ("shot", "words"),
    [
        (Take(defocus=3), "out of focus"),
        (Take(defocus=1), "softer"),
        (Take(motion_blur=9, motion_angle=60), "motion blur"),
    ],
)
def test_blur_is_named_by_its_kind(shot: Take, words: str) -> None:
    told = differences(numbers(taken(1, shot, take=1)), numbers(taken(1)))["sharpness"]
    assert (told.words[0], told.strength[0] <= -1) == (words, True)


def test_too_dark_and_too_bright_are_far_off_themselves() -> None:
    levels = {"dark": 60.0, "medium": 118.0, "bright": 190.0}
    photos = {
        name: {**numbers(taken(0)), "brightness": np.log([level + 8])} for name, level in levels.items()
    }
    light = {
        (a, b): differences(photos[a], photos[b])["light"].words[0] for a in levels for b in levels if a != b
    }
    assert light["dark", "medium"] == light["dark", "bright"] == "too dark"
    assert light["bright", "medium"] == light["bright", "dark"] == "too bright"
    assert (light["medium", "dark"], light["medium", "bright"]) == ("brighter", "darker")


FULL_SIZE = ("noise", "acutance", "blur", "motion_length")


def at_full_size(
    change: tuple[float, ...], *, measured: bool = True, light: float = 0.0, acutance: float = 1.0
) -> dict[str, tuple[str, str]]:
    """What is told, difference → (words, feature), of a photo that differs by these from an equal one."""
    plain = numbers(taken(0))
    base = dict(plain) | {f"full_{name}": np.array([2.0]) for name in FULL_SIZE}
    base["full_acutance"] = np.array([acutance])
    of = dict(base)
    for name, step in zip(FULL_SIZE, change, strict=True):
        of[f"full_{name}"] = base[f"full_{name}"] + (step if measured else np.nan)
    of["brightness"] = of["brightness"] + light
    told = differences(of, base)
    return {
        name: (str(each.words[0]), str(each.feature[0]))
        for name, each in told.items()
        if abs(each.strength[0]) >= 1
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((0, 0, 0, 0), {}),
        ((0.79, -0.09, 0.5, 3), {}),
        ((0.81, 0, 0, 0), {"noise": ("noisier", "full_noise")}),
        ((-0.81, 0, 0, 0), {"noise": ("less noise", "full_noise")}),
        ((0, 0.11, 0, 0), {"sharpness": ("sharper", "full_acutance")}),
        ((0, -0.11, 0.9, 0), {"sharpness": ("softer", "full_acutance")}),
        ((0, -0.6, 1.2, 4), {"sharpness": ("out of focus", "full_acutance")}),
        ((0, -0.2, 0.3, 2.1), {"sharpness": ("motion blur", "full_motion_length")}),
        ((0, -0.2, 0.3, 1.9), {"sharpness": ("softer", "full_acutance")}),
        ((0, -0.2, 0.6, 2.1), {"sharpness": ("softer", "full_acutance")}),
        # Blur takes noise away, and that is no merit.
        ((-3, -0.5, 0.9, 0), {"sharpness": ("softer", "full_acutance")}),
        ((3, -0.5, 0.9, 0), {"sharpness": ("softer", "full_acutance"), "noise": ("noisier", "full_noise")}),
    ],
)
def test_noise_and_blur_are_those_of_full_size(
    change: tuple[float, ...], told: dict[str, tuple[str, str]]
) -> None:
    assert at_full_size(change) == told


def test_photos_that_were_not_measured_at_full_size_are_compared_without() -> None:
    assert at_full_size((3, -0.5, 0.9, 0), measured=False) == {}


def test_photos_that_are_both_crisp_are_not_called_soft() -> None:
    assert "sharpness" in at_full_size((0, -0.3, 0, 5), acutance=1.69)
    assert at_full_size((0, -0.3, 0, 5), acutance=1.71) == {}
    assert at_full_size((0, 0.3, 0, 0), acutance=1.41) == {}


def test_light_is_no_sharpness_at_full_size() -> None:
    assert "sharpness" in at_full_size((0, 0.3, 0, 0))
    assert "sharpness" not in at_full_size((0, 0.3, 0, 0), light=0.2)
    assert "sharpness" in at_full_size((0, -0.3, 0.5, 0), light=0.2)
