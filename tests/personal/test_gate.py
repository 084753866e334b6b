"""The gate against a general score test and hand-made people."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import ttest_1samp

from phototriage.personal.gate import Gate, gate_series, judge
from phototriage.personal.pairs import Pairs


def of_two(count: int, preference: NDArray[np.float64]) -> Pairs:
    """One pair in each series: photo 2 i and photo 2 i + 1."""
    return Pairs(np.arange(count), 2 * np.arange(count), 2 * np.arange(count) + 1, preference, np.ones(count))


def log_odds(leads: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([leads, np.zeros_like(leads)], axis=1).ravel()


def test_a_fourth_of_the_series_is_kept_always_the_same() -> None:
    names = [f"series {number}" for number in range(4000)]
    kept = gate_series(names)
    assert 0.23 < kept.mean() < 0.27
    assert gate_series(names[::-1]).tolist() == kept.tolist()[::-1]
    assert gate_series(["é", "\udcff"]).shape == (2,)


def test_figures_of_the_gate() -> None:
    rng = np.random.default_rng(0)
    preference = (rng.uniform(size=40) < 0.8).astype(float)
    default, personal = rng.normal(size=40), 2 * (2 * preference - 1) + rng.normal(size=40)
    gate = judge(log_odds(default), log_odds(personal), of_two(40, preference), 160)
    right = 2 * preference - 1
    assert gate.series == 40
    assert gate.default == pytest.approx(np.mean(default * right > 0))
    assert gate.personal == pytest.approx(np.mean(personal * right > 0))
    assert gate.lead == pytest.approx(gate.personal - gate.default)
    assert gate.low < gate.lead < gate.high
    assert gate.is_open
    assert gate.more is None


def test_the_test_is_of_what_no_scale_of_the_default_explains() -> None:
    """The same scores by least squares: regress the correction on the default where choices are doubtful."""
    rng = np.random.default_rng(7)
    default, correction = rng.normal(size=(2, 60))
    preference = (rng.uniform(size=60) < expit(1.5 * default + correction)).astype(float)

    def loss(scale: float) -> float:
        log_odds = scale * default
        return float((np.logaddexp(0, log_odds) - preference * log_odds).sum() + (scale - 1) ** 2 / 2)

    scale = minimize_scalar(loss).x
    doubt = np.sqrt(expit(scale * default) * expit(-scale * default))
    fit = np.linalg.lstsq((doubt * default)[:, None], doubt * correction)[0][0]
    scores = (preference - expit(scale * default)) * (correction - fit * default)
    expected = ttest_1samp(scores, 0, alternative="greater").pvalue
    gate = judge(log_odds(default), log_odds(default + correction), of_two(60, preference), 240)
    assert gate.p_value == pytest.approx(expected, rel=1e-4)
    smaller = judge(
        log_odds(default), log_odds(1.1 * default + 0.01 * correction), of_two(60, preference), 240
    )
    assert smaller.p_value == pytest.approx(expected, rel=1e-4)


def test_agreement_is_with_the_default_as_it_ranks_and_the_test_begins_at_its_scale() -> None:
    rng = np.random.default_rng(5)
    scaled, correction = rng.normal(size=(2, 60))
    preference = (rng.uniform(size=60) < expit(scaled + correction)).astype(float)
    personal = log_odds(scaled + correction)
    pairs = of_two(60, preference)
    gate = judge(log_odds(2 * preference - 1), personal, pairs, 240, log_odds(scaled))
    test_alone = judge(log_odds(scaled), personal, pairs, 240)
    assert gate.p_value == test_alone.p_value
    assert (gate.default, gate.personal) == (1, test_alone.personal)
    assert gate.lead < 0
    assert not gate.is_open


def test_a_person_against_whom_the_default_is_always_wrong() -> None:
    gate = judge(log_odds(np.full(40, -1.0)), log_odds(np.arange(1.0, 41)), of_two(40, np.ones(40)), 160)
    assert gate.is_open


def test_a_correction_in_the_wrong_direction_never_opens_it() -> None:
    rng = np.random.default_rng(8)
    default, correction = rng.normal(size=(2, 400))
    preference = (rng.uniform(size=400) < expit(default - correction)).astype(float)
    gate = judge(log_odds(default), log_odds(default + correction), of_two(400, preference), 1600)
    assert gate.p_value > 0.99
    assert not gate.is_open


def test_series_count_once_and_ties_half() -> None:
    pairs = Pairs(
        series=np.array([0, 0, 0, 1]),
        a=np.array([0, 0, 0, 4]),
        b=np.array([1, 2, 3, 5]),
        preference=np.array([1.0, 1.0, 0.5, 0.0]),
        weight=np.ones(4),
    )
    gate = judge(np.array([1.0, 1, 0, 0, 0, 0]), np.array([1.0, 0, 0, 0, 0, 1]), pairs, 2)
    assert gate.default == pytest.approx(np.mean([0.75, 0.5]))
    assert gate.personal == pytest.approx(1)


def test_few_series_never_open_it() -> None:
    gate = judge(log_odds(np.full(7, -1.0)), log_odds(np.arange(1.0, 8)), of_two(7, np.ones(7)), 28)
    assert (gate.default, gate.personal) == (0, 1)
    assert not gate.is_open
    assert gate.more == 10


def test_nothing_decided() -> None:
    gate = judge(np.zeros(4), np.zeros(4), of_two(2, np.full(2, 0.5)), 0)
    assert not gate.is_open
    assert gate.lead == 0
    assert gate.more is None
    assert judge(np.zeros(0), np.zeros(0), of_two(0, np.zeros(0)), 0).series == 0


def test_a_better_scale_alone_does_not_open_it() -> None:
    rng = np.random.default_rng(1)
    leads = rng.normal(size=400)
    preference = (rng.uniform(size=400) < expit(leads)).astype(float)
    gate = judge(log_odds(leads), log_odds(4 * leads), of_two(400, preference), 1600)
    assert gate.lead == 0
    assert not gate.is_open


def test_more_choices_are_asked_for_in_proportion() -> None:
    rng = np.random.default_rng(3)
    preference = np.ones(60)
    default = rng.normal(size=60)
    personal = default + 0.2 + 0.9 * rng.normal(size=60)
    gate = judge(log_odds(default), log_odds(personal), of_two(60, preference), 240)
    assert not gate.is_open
    assert gate.lead > 0
    assert gate.more is not None
    assert gate.more % 10 == 0
    assert 10 <= gate.more < 5000


def test_the_verdict_in_words() -> None:
    better = Gate(40, 0.63, 0.71, 0.08, 0.02, 0.14, 0.001, None)
    told = (
        "on 40 of your series that taught nothing, the default ranker agrees with you in 63 %, yours in 71 %"
    )
    assert better.verdict == f"{told} (+8, 2 to 14): from now on rank and review use it"
    doubtful = replace(better, low=-0.02, p_value=0.2, more=120)
    assert doubtful.verdict == (
        f"{told} (+8, -2 to 14): not better beyond doubt; about 120 more series would show it; "
        "rank and review use the default ranker"
    )
    assert "about" not in replace(doubtful, more=None).verdict
    assert replace(doubtful, series=5).verdict.startswith("too few to judge: 5 of your series taught nothing")
