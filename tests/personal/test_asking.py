"""Questions against the definition of mutual information, and against libraries made by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import entropy

from phototriage.features import Block
from phototriage.personal.asking import questions
from phototriage.personal.correction import Correction
from phototriage.personal.gate import gate_series
from phototriage.ranker import MultiFeatureConfig, TrainedRanker

DIM = 3
NONE = (np.zeros(0, np.uint32), np.zeros(0, np.uint32))
RANKER = TrainedRanker(
    {"layers.0.weight": np.array([[0.5, 0, 0]], np.float32), "layers.0.bias": np.zeros(1, np.float32)},
    MultiFeatureConfig(mlp_hidden_dims=(), input_normalization="none"),
    (Block("iqa", "print", ("a", "b", "c")),),
    1.0,
    *NONE,
)


def correction(*deviations: float) -> Correction:
    """Nothing is known but how uncertain the scale and each weight are."""
    return Correction(1.0, np.zeros(DIM), 0.5, 1.0, np.ones(DIM), np.diag(deviations).astype(float))


def library(*series: list[list[float]]) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    rows = np.array([photo for each in series for photo in each], np.float32)
    return rows, np.repeat(np.arange(len(series)), [len(each) for each in series])


def test_the_gain_is_the_mutual_information_of_pick_and_correction() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, DIM)).astype(np.float32)
    series = rng.permutation(np.repeat(np.arange(20), 3))
    known = correction(0.3, 1.0, 2.0, 0.5)
    found = questions(RANKER, known, rows, series, range(20), np.zeros(20, bool))
    draws = rng.normal(size=(40000, 4)) * np.diag(known.uncertainty) + [1, 0, 0, 0]
    seen = np.column_stack([RANKER.scores_of(rows), rows])
    information = []
    for each in range(20):
        chances = softmax(draws @ seen[series == each].T, axis=1)
        information.append(entropy(chances.mean(axis=0)) - entropy(chances, axis=1).mean())
    assert found.gain[0] == pytest.approx(information[found.series[0]], abs=0.1)
    assert information[found.series[0]] > np.sort(information)[-4]
    assert (np.diff(found.gain) <= 1e-12).all()


def test_nobody_is_asked_the_same_twice() -> None:
    """Twenty series differ in b, three in c, about which a little less is unknown."""
    rows, series = library(*[[[0.0, 0, 0], [0.0, 2, 0]]] * 20, *[[[0.0, 0, 0], [0.0, 0, 2]]] * 3)
    found = questions(RANKER, correction(0.1, 0.1, 1.5, 1.0), rows, series, range(23), np.zeros(23, bool))
    about_c = found.series >= 20
    assert not about_c[0]
    assert about_c[1]
    assert found.gain[2] < 0.8 * found.gain[1]


def test_an_answer_that_is_known_teaches_nothing() -> None:
    rows, series = library([[0.0, 0, 0], [40.0, 2, 0]], [[0.0, 0, 0], [0.0, 1, 0]])
    found = questions(RANKER, correction(0.1, 0.1, 1.0, 1.0), rows, series, range(2), np.zeros(2, bool))
    assert found.series.tolist() == [1, 0]
    assert found.gain[1] < 0.01 < found.gain[0]


def test_the_gate_has_every_fourth_question_by_lot_and_blind() -> None:
    rng = np.random.default_rng(1)
    count = 200
    rows = rng.normal(size=(2 * count + 1, DIM)).astype(np.float32)
    series = np.append(np.repeat(np.arange(count), 2), count)
    kept = gate_series([f"series {number}" for number in range(count + 1)])
    undecided = [number for number in range(count + 1) if number % 5]
    found = questions(RANKER, correction(0.1, 1, 1, 1), rows, series, undecided, kept)
    assert sorted(found.series) == [each for each in undecided if each < count]  # one photo is no question
    assert (found.blind == kept[found.series]).all()
    assert np.flatnonzero(found.blind)[:5].tolist() == [3, 7, 11, 15, 19]
    of_gate = found.series[found.blind]
    assert of_gate.tolist() != sorted(of_gate)
    assert not found.gain[found.blind].any()
    told = questions(RANKER, correction(1, 0.1, 0.1, 3), rows, series, undecided, kept)
    assert told.series[told.blind].tolist() == of_gate.tolist()


def test_nothing_to_ask() -> None:
    rows, series = library([[0.0, 0, 0]], [[0.0, 1, 0], [1.0, 0, 0]])
    assert not len(questions(RANKER, correction(1, 1, 1, 1), rows, series, [0], np.zeros(2, bool)).series)
    assert not len(questions(RANKER, correction(1, 1, 1, 1), rows, series, [], np.ones(2, bool)).series)
    only = questions(RANKER, correction(1, 1, 1, 1), rows, series, [1], np.ones(2, bool))
    assert (only.series.tolist(), only.blind.tolist()) == ([1], [True])
