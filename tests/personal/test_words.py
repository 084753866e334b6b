"""Words of people whose taste is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.features import Block
from phototriage.personal.correction import Correction
from phototriage.personal.words import learned_words
from phototriage.ranker import MultiFeatureConfig, TrainedRanker

NONE = (np.zeros(0, np.uint32), np.zeros(0, np.uint32))
BLOCKS = (
    Block("iqa", "print", ("sharpness", "contrast")),
    Block("iqa_plus", "print", ("noise", "brightness")),
    Block("lite", "print", ("e0", "e1")),
)
SHARP, CONTRAST, NOISE, BRIGHT, E0 = range(5)
RANKER = TrainedRanker(
    {"layers.0.weight": np.zeros((1, 6), np.float32), "layers.0.bias": np.zeros(1, np.float32)},
    MultiFeatureConfig(mlp_hidden_dims=(), input_normalization="none"),
    BLOCKS,
    1.0,
    *NONE,
)
SERIES = np.repeat(np.arange(200), 4)


def rows() -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(800, 6)).astype(np.float32)


def correction(weights: dict[int, float], deviation: float = 0.02, no_taste: float = 0.0) -> Correction:
    values = np.zeros(6)
    values[list(weights)] = list(weights.values())
    uncertainty = deviation * np.eye(7)
    return Correction(1.0, values, no_taste, 1.0, np.ones(6), uncertainty)


def test_effects_are_named_by_sign_and_size() -> None:
    numbers = rows()
    within = (numbers.reshape(200, 4, 6) - numbers.reshape(200, 4, 6).mean(axis=1, keepdims=True)).reshape(
        -1, 6
    )
    typical = np.sqrt(2 * np.square(within.astype(float)).mean(axis=0))
    found = learned_words(RANKER, correction({BRIGHT: 0.5, NOISE: 0.9}), numbers, SERIES)
    assert [each.partition(":")[0] for each in found] == [
        "you mind noise less than others",
        "you prefer brighter frames",
    ]
    share = round(100 / (1 + np.exp(-0.9 * abs(typical[NOISE]))))
    assert found[0].endswith(
        f": a usual difference turns an even choice into {share} to {100 - share} (99.9 % sure)"
    )
    assert "darker" in learned_words(RANKER, correction({BRIGHT: -0.5}), numbers, SERIES)[0]


@pytest.mark.parametrize(
    ("weights", "deviation", "no_taste"),
    [({}, 0.02, 0.0), ({BRIGHT: 0.5}, 0.02, 0.2), ({BRIGHT: 0.5}, 0.4, 0.0), ({BRIGHT: 0.1}, 0.001, 0.0)],
)
def test_nothing_is_said_of_what_is_absent_doubtful_or_small(
    weights: dict[int, float], deviation: float, no_taste: float
) -> None:
    assert learned_words(RANKER, correction(weights, deviation, no_taste), rows(), SERIES) == ()


def test_a_taste_learned_by_the_weights_of_an_embedding_is_named() -> None:
    numbers = rows()
    numbers[:, E0] = numbers[:, BRIGHT] + 0.1 * numbers[:, E0]
    (found,) = learned_words(RANKER, correction({E0: 0.5}), numbers, SERIES)
    assert found.startswith("you prefer brighter frames")


def test_numbers_that_vary_with_the_taste_are_not_named() -> None:
    numbers = rows()
    numbers[:, CONTRAST] = 0.7 * numbers[:, SHARP] + 0.7 * numbers[:, CONTRAST]
    (found,) = learned_words(RANKER, correction({SHARP: 0.8}), numbers, SERIES)
    assert found.startswith("you prefer sharper frames")


def test_of_two_that_cannot_be_told_apart_neither_is_named() -> None:
    numbers = rows()
    numbers[:, NOISE] = numbers[:, SHARP] + 0.1 * numbers[:, NOISE]
    assert learned_words(RANKER, correction({SHARP: 0.8}), numbers, SERIES) == ()
