import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from phototriage.features import IQA_COLUMNS, IQA_PLUS_COLUMNS, Block, measure_iqa, measure_iqa_plus
from phototriage.ranker import MultiFeatureConfig, TrainedRanker, load_default_ranker, load_embedded_ranker
from phototriage.series import Reason
from phototriage.series.explanation import (
    Evidence,
    attributions,
    columns_of,
    quick_attributions,
    reasons_between,
)
from phototriage.series.telling import LEAST_LOG_ODDS
from phototriage.simulation import Take, draw_scene, photograph

approx: Any = pytest.approx  # stands where a number is expected

EMBEDDED = load_embedded_ranker()
LEARNED = Block("clip", "clip/test", ("clip_0", "clip_1"))
IQA_PLUS = Block("iqa_plus", "iqa_plus/test", IQA_PLUS_COLUMNS)
USUAL = dict.fromkeys(IQA_COLUMNS, 0.5)
USUAL_DETAIL = dict.fromkeys(IQA_PLUS_COLUMNS, 1.0)
USUAL_TAKE = Take(defocus=0.2)
Pixels = NDArray[np.uint8]


def linear(weights: Mapping[str, float], *blocks: Block, temperature: float = 1.0) -> TrainedRanker:
    """A ranker whose score is a weighted sum of its columns."""
    columns = [column for block in blocks for column in block.columns]
    return TrainedRanker(
        weights={
            "normalize.mean": np.zeros(len(columns), np.float32),
            "normalize.std": np.ones(len(columns), np.float32),
            "layers.0.weight": np.array([[weights.get(column, 0.0) for column in columns]], np.float32),
            "layers.0.bias": np.zeros(1, np.float32),
        },
        config=MultiFeatureConfig(mlp_hidden_dims=(), input_normalization="standardize"),
        blocks=blocks,
        temperature=temperature,
        seen_keys=np.empty(0, np.uint32),
        seen_contents=np.empty(0, np.uint32),
    )


def explain(
    ranker: TrainedRanker, of: Mapping[str, float], against: Mapping[str, float]
) -> tuple[Reason, ...]:
    """The reasons between two photos of the given numbers; the ranker sees its blocks' columns of them."""
    columns = [column for block in ranker.blocks for column in block.columns]
    rows = np.array([[photo[column] for column in columns] for photo in (of, against)], np.float32)
    measured = [name for name in of if name in (*IQA_COLUMNS, *IQA_PLUS_COLUMNS)]
    sides = ({name: np.array([side[name]], np.float64) for name in measured} for side in (of, against))
    (reasons,) = reasons_between(
        ranker,
        *(Evidence.of(ranker, row, side) for row, side in zip((rows[:1], rows[1:]), sides, strict=True)),
    )
    return reasons


def test_a_number_moved_the_verdict_by_its_weight() -> None:
    ranker = linear({"sharpness": 2, "colorfulness": 2}, *EMBEDDED.blocks, temperature=0.5)
    better = {**USUAL, "sharpness": 0.8, "colorfulness": 0.6}
    assert explain(ranker, better, USUAL) == (
        Reason("sharper", "sharpness", 0.8, 0.5, approx(1.2, abs=1e-3)),
        Reason("more colour", "colorfulness", 0.6, 0.5, approx(0.4, abs=1e-3)),
    )
    assert [(each.words, each.log_odds) for each in explain(ranker, USUAL, better)][:1] == [
        ("softer", pytest.approx(-1.2, abs=1e-3))
    ]


def test_a_fault_is_told_whatever_the_ranker_made_of_it() -> None:
    likes_soft = linear({"sharpness": -2}, *EMBEDDED.blocks)
    (softer,) = explain(likes_soft, USUAL, {**USUAL, "sharpness": 0.9})
    assert (softer.words, softer.log_odds) == ("softer", pytest.approx(0.8, abs=1e-3))


def test_what_speaks_for_the_verdict_comes_first_and_faults_before_taste() -> None:
    ranker = linear({"colorfulness": 2, "sharpness": 1, "contrast": 1.5}, *EMBEDDED.blocks)
    reasons = explain(ranker, {**USUAL, "colorfulness": 0.9, "contrast": 0.1, "sharpness": 0.8}, USUAL)
    assert [each.words for each in reasons] == ["sharper", "more colour", "less contrast"]
    assert [each.log_odds for each in reasons] == pytest.approx([0.3, 0.8, -0.6], abs=1e-3)


def test_small_differences_are_no_reasons() -> None:
    barely = linear({"sharpness": 1}, *EMBEDDED.blocks)
    assert explain(barely, {**USUAL, "sharpness": 0.51}, USUAL) == ()
    unmoved = linear({"sharpness": LEAST_LOG_ODDS}, *EMBEDDED.blocks)
    assert explain(unmoved, {**USUAL, "sharpness": 0.9}, USUAL) == (
        Reason("sharper", "sharpness", 0.9, 0.5, None),
    )


def test_what_has_no_name_is_told_where_nothing_else_explains_a_sure_verdict() -> None:
    ranker = linear({"clip_0": 1, "clip_1": -3, "colorfulness": 1}, LEARNED, *EMBEDDED.blocks)
    of, against = {**USUAL, "clip_0": 1.0, "clip_1": 0.0}, {**USUAL, "clip_0": 0.0, "clip_1": 0.5}
    assert explain(ranker, of, against) == (Reason("preferred overall", "look", None, None, 2.5),)
    assert explain(ranker, against, of) == (Reason("less preferred overall", "look", None, None, -2.5),)
    # Where a word explains it, and where the two cannot be told apart, nothing is said of it.
    assert [each.words for each in explain(ranker, {**of, "colorfulness": 0.8}, against)] == ["more colour"]
    assert explain(replace(ranker, close_below=0.95), of, against) == ()


def test_a_part_goes_to_the_difference_that_explains_it() -> None:
    ranker = linear({"smoothness": 2}, IQA_PLUS)
    against = USUAL_DETAIL

    def words(**numbers: float) -> list[tuple[str, float | None]]:
        return [
            (each.words, each.log_odds)
            for each in explain(ranker, {**against, "smoothness": 1.2, **numbers}, against)
        ]

    moved = pytest.approx(0.4, abs=1e-3)
    assert words() == []
    assert words(sharpest_half=1.5, smoothness_half=0.9, noise=1.3) == [("sharper", moved)]
    # The ranker took the noise for a merit: it is told, and does not explain the verdict.
    assert words(noise=3.0)[-1] == ("noisier", moved)


def embedded_words(
    spoilt: Take,
    seed: int,
    usual: Take = USUAL_TAKE,
    after: Callable[[Pixels], Pixels] = np.asarray,
) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """What is said of the embedded ranker's verdict on a photo and on the same photo spoilt."""
    scene = draw_scene(seed, 700, 466)
    rng = np.random.default_rng(seed)
    photos = [
        photograph(scene, replace(shot, noise=shot.noise + 0.006), rng, (400, 600))
        for shot in (usual, replace(spoilt, defocus=spoilt.defocus or 0.2))
    ]
    photos[1] = after(photos[1])
    rows = np.stack([measure_iqa(photo) for photo in photos])
    measured = np.hstack([rows, np.stack([measure_iqa_plus(photo) for photo in photos])])
    here, there = (
        dict(zip((*IQA_COLUMNS, *IQA_PLUS_COLUMNS), side.T.astype(np.float64), strict=True))
        for side in (measured, measured[::-1])
    )
    good, bad = reasons_between(
        EMBEDDED, Evidence.of(EMBEDDED, rows, here), Evidence.of(EMBEDDED, rows[::-1], there)
    )
    return good, bad


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("fault", "of_good", "of_spoilt"),
    [
        (Take(defocus=0.9), "sharper", "softer"),
        (Take(motion_blur=12, motion_angle=70), "sharper", "motion blur"),
        (Take(exposure=-1.5), "brighter", "darker"),
        (Take(noise=0.05), "less noise", "noisier"),
        (Take(white_balance=0.5), "cooler", "warmer"),
    ],
)
def test_a_fault_is_a_reason_on_both_sides(fault: Take, of_good: str, of_spoilt: str, seed: int) -> None:
    good, spoilt = embedded_words(fault, seed)
    assert of_good in {each.words.removeprefix("too ") for each in good}
    assert of_spoilt in {each.words.replace("too dark", "darker") for each in spoilt}


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_not_called_sharpness(seed: int) -> None:
    good, spoilt = embedded_words(Take(noise=0.05), seed)
    assert "sharper" not in {each.words for each in spoilt}
    assert "softer" not in {each.words for each in good}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("blur", [Take(defocus=1.2), Take(defocus=2.5), Take(motion_blur=6)])
def test_less_noise_is_not_told_of_a_blurred_photo(blur: Take, seed: int) -> None:
    good, spoilt = embedded_words(blur, seed)
    assert "less noise" not in {each.words for each in spoilt}
    assert "noisier" not in {each.words for each in good}


def compressed(quality: int) -> Callable[[Pixels], Pixels]:
    def after(photo: Pixels) -> Pixels:
        data = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])

    return after


def denoised(photo: Pixels) -> Pixels:
    return np.asarray(cv2.fastNlMeansDenoisingColored(photo, None, 4, 4, 7, 15))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("change", "after", "noise", "truth"),
    [
        *[(Take(), compressed(quality), 0.0, {"compression marks"}) for quality in (60, 30, 10)],
        (Take(), denoised, 0.03, {"less noise"}),
        *[(Take(zoom=zoom), np.asarray, 0.0, set()) for zoom in (1.02, 1.05)],
    ],
)
def test_no_false_word_of_what_only_shakes_the_numbers(
    change: Take, after: Callable[[Pixels], Pixels], noise: float, truth: set[str], seed: int
) -> None:
    change = replace(change, noise=noise)
    _, spoilt = embedded_words(change, seed, Take(defocus=0.2, noise=noise), after)
    assert {each.words for each in spoilt if each.feature != "look"} <= truth


def test_a_small_difference_in_exposure_is_not_told() -> None:
    likes_light = linear({"exposure": 50}, *EMBEDDED.blocks)
    assert [each.words for each in explain(likes_light, {**USUAL, "exposure": 0.525}, USUAL)] == [
        "preferred overall"
    ]
    (reason,) = explain(likes_light, {**USUAL, "exposure": 0.54}, USUAL)
    assert (reason.words, reason.log_odds) == ("better exposed", pytest.approx(2, abs=1e-3))


COLUMN = st.floats(0, 1, width=32)


@given(st.lists(st.tuples(*[COLUMN] * 4), min_size=2, max_size=2))
def test_reasons_agree_with_numbers_and_change_sides(photos: list[tuple[float, ...]]) -> None:
    of, against = (dict(zip(IQA_COLUMNS, photo, strict=True)) for photo in photos)
    there, back = explain(EMBEDDED, of, against), explain(EMBEDDED, against, of)
    for reason in there:
        if reason.value is None or reason.other is None:
            assert reason.feature == "look"
            continue
        assert (reason.words in {"sharper", "better exposed", "more colour", "more contrast"}) == (
            reason.value > reason.other
        )
        assert (reason.value, reason.other) == pytest.approx(
            (of[reason.feature], against[reason.feature]), abs=1e-4
        )
    assert {each.feature for each in back} == {each.feature for each in there}


Rows = NDArray[np.float32]
GROUPS = [np.array([0, 3]), np.array([1]), np.array([2])]


def rows(seed: int, count: int = 40, dim: int = 4) -> Rows:
    return np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)


def shapley(scores: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Shapley values by their definition, from the scores of all subsets by bit mask."""
    parts = np.zeros((count, scores.shape[1]))
    for group, mask in itertools.product(range(count), range(2**count)):
        if not mask >> group & 1:
            size = mask.bit_count()
            weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            parts[group] += weight * (scores[mask | 1 << group] - scores[mask])
    return parts.T


def of_all_subsets(
    score: Callable[[Rows], Rows], groups: list[NDArray[np.intp]], of: Rows, against: Rows
) -> NDArray[np.float64]:
    mixed = []
    for mask in range(2 ** len(groups)):
        row = against.copy()
        for place, columns in enumerate(groups):
            if mask >> place & 1:
                row[:, columns] = of[:, columns]
        mixed.append(score(row))
    return np.array(mixed, np.float64)


def test_parts_of_a_sum_are_its_terms() -> None:
    weights = np.array([2, -1, 0.5, 3], np.float32)
    of, against = rows(0), rows(1)
    terms = (of - against) * weights
    expected = np.stack([terms[:, columns].sum(axis=1) for columns in GROUPS], axis=1)
    assert attributions(lambda row: row @ weights, GROUPS, of, against) == pytest.approx(expected, abs=1e-5)


def test_equals_shapley_values_where_groups_act_two_by_two() -> None:
    def score(row: Rows) -> Rows:
        return np.asarray(
            row[:, 0] * row[:, 1] - 2 * row[:, 1] * row[:, 2] + row[:, 3] * row[:, 2] + row[:, 0] ** 2
        )

    of, against = rows(2), rows(3)
    expected = shapley(of_all_subsets(score, GROUPS, of, against), len(GROUPS))
    assert attributions(score, GROUPS, of, against) == pytest.approx(expected, abs=1e-4)


def test_is_close_to_shapley_values_of_the_embedded_ranker() -> None:
    ranker = EMBEDDED
    groups = [np.array([column]) for column in range(4)]
    of = np.random.default_rng(4).uniform(0.2, 0.8, (500, 4)).astype(np.float32)
    against = (of + np.random.default_rng(5).normal(0, 0.1, of.shape)).clip(0, 1).astype(np.float32)
    expected = shapley(of_all_subsets(ranker.scores_of, groups, of, against), 4)
    error = np.abs(attributions(ranker.scores_of, groups, of, against) - expected)
    assert error.mean() < 0.02 * np.abs(expected).mean()


def test_parts_add_up_and_change_sign_with_the_photos() -> None:
    ranker = EMBEDDED
    groups = [np.array([2]), np.array([0, 1]), np.array([3])]
    of, against = rows(6), rows(7)
    parts = attributions(ranker.scores_of, groups, of, against)
    assert parts.sum(axis=1) == pytest.approx(ranker.scores_of(of) - ranker.scores_of(against), abs=1e-4)
    assert attributions(ranker.scores_of, groups, against, of) == pytest.approx(-parts, abs=1e-9)


@pytest.mark.parametrize("ranker", [load_default_ranker(), EMBEDDED], ids=["default", "embedded"])
def test_the_quick_way_finds_the_same_parts(ranker: TrainedRanker) -> None:
    dim = sum(block.dim for block in ranker.blocks)
    assert ranker.adds_up
    of, against = np.random.default_rng(10).random((2, 300, dim), np.float32)
    groups = list(columns_of(ranker.blocks).values())
    assert sorted(np.concatenate(groups)) == list(range(dim))
    parts = quick_attributions(ranker, *(Evidence.of(ranker, each, {}) for each in (of, against)))
    np.testing.assert_allclose(parts, attributions(ranker.scores_of, groups, of, against), atol=1e-6)


def test_one_group_has_the_whole_difference() -> None:
    of, against = rows(8), rows(9)
    parts = attributions(lambda row: row[:, 0], [np.arange(4)], of, against)
    assert parts[:, 0] == pytest.approx(of[:, 0] - against[:, 0])
