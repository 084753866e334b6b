"""A correction against closed forms, scipy's optimizer, and people whose taste is known."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from phototriage.features import Block
from phototriage.personal.correction import _Fit, _fit, corrected, learn_correction
from phototriage.personal.pairs import Pairs
from phototriage.ranker import MultiFeatureConfig, TrainedRanker

NONE = (np.zeros(0, np.uint32), np.zeros(0, np.uint32))
BLOCKS = (Block("iqa", "print", ("a", "b", "c")), Block("lite", "print", tuple(f"e{n}" for n in range(9))))
DIM = 12


def ranker(hidden: tuple[int, ...], normalization: str = "standardize", seed: int = 0) -> TrainedRanker:
    rng = np.random.default_rng(seed)
    widths = [DIM, *hidden, 1]
    weights = {}
    for layer, (wide, narrow) in enumerate(pairwise(widths)):
        weights[f"layers.{layer}.weight"] = rng.normal(size=(narrow, wide)).astype(np.float32)
        weights[f"layers.{layer}.bias"] = rng.normal(size=narrow).astype(np.float32)
    extra = {"standardize": ("mean", "std"), "layernorm": ("weight", "bias"), "none": ()}[normalization]
    weights |= {f"normalize.{name}": rng.uniform(0.5, 1.5, DIM).astype(np.float32) for name in extra}
    config = MultiFeatureConfig(mlp_hidden_dims=hidden, input_normalization=normalization)  # type: ignore[arg-type]
    return TrainedRanker(weights, config, BLOCKS, 1.7, *NONE)


def library(series: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Photos in series of four."""
    rows = np.random.default_rng(seed).normal(size=(4 * series, DIM)).astype(np.float32)
    return rows, np.repeat(np.arange(series), 4)


def picks(utility: NDArray[np.float64], series: NDArray[np.intp], rng: np.random.Generator) -> Pairs:
    """The choice of one photo of each series, by a person with that utility in log-odds."""
    chosen = utility + rng.gumbel(size=len(utility))
    parts = []
    for each in np.unique(series):
        rows = np.flatnonzero(series == each)
        best = rows[chosen[rows].argmax()]
        parts += [(each, best, row, 1.0, 0.5) for row in rows if row != best]
    table = np.array(parts)
    number, a, b = table[:, :3].astype(np.intp).T
    return Pairs(number, a, b, table[:, 3], table[:, 4])


@pytest.mark.parametrize("hidden", [(), (5,), (6, 4), (4, 3, 2)])
@pytest.mark.parametrize("normalization", ["standardize", "layernorm", "none"])
def test_a_corrected_ranker_scores_as_ranker_and_correction(
    hidden: tuple[int, ...], normalization: str
) -> None:
    base = ranker(hidden, normalization)
    rows, series = library(30)
    pairs = picks(4 * rows[:, 1].astype(float), series, np.random.default_rng(1))
    correction = learn_correction(base, rows, series, pairs)
    assert np.abs(correction.weights).max() > 0.1
    own = corrected(base, correction, NONE)
    expected = (
        correction.scale * base.scores_of(rows) / base.temperature + base.inputs_of(rows) @ correction.weights
    )
    found = own.scores_of(rows) / own.temperature
    assert found - found[0] == pytest.approx(expected - expected[0], abs=2e-4)


def test_no_choice_changes_nothing() -> None:
    base = ranker((5,))
    rows, series = library(10)
    nothing = Pairs(*(np.zeros(0, np.intp),) * 3, np.zeros(0), np.zeros(0))
    correction = learn_correction(base, rows, series, nothing)
    assert correction.scale == pytest.approx(1)
    assert not correction.weights.any()
    assert correction.no_taste == pytest.approx(0.8)
    own = corrected(base, correction, NONE)
    assert own.scores_of(rows) == pytest.approx(base.scores_of(rows), abs=1e-5)
    assert own.temperature == pytest.approx(base.temperature)


def test_a_fit_is_the_mode_that_a_general_optimizer_finds() -> None:
    rng = np.random.default_rng(5)
    lead, groups = rng.normal(size=80), [rng.normal(size=(80, 3)), rng.normal(size=(80, 2))]
    fixed = rng.normal(size=80)
    pairs = Pairs(
        np.arange(80), np.arange(80), np.arange(80), rng.uniform(size=80), rng.uniform(0.2, 1.5, size=80)
    )

    def loss(values: NDArray[np.float64]) -> float:
        log_odds = fixed + lead * values[0] + groups[0] @ values[1:4] + groups[1] @ values[4:]
        likelihood = pairs.preference * np.log(expit(log_odds)) + (1 - pairs.preference) * np.log(
            expit(-log_odds)
        )
        prior = (values[0] - 1) ** 2 + (values[1:4] ** 2).sum() / 0.5**2 + (values[4:] ** 2).sum() / 2.0**2
        return float(prior / 2 - pairs.weight @ likelihood)

    found = _fit(lead, fixed, groups, (0.5, 2.0), pairs)
    expected = minimize(loss, np.zeros(6), tol=1e-12).x
    assert found.coefficients == pytest.approx(expected, abs=1e-4)
    step = 1e-3 * np.eye(6)
    curved = [
        [
            (
                loss(expected + i + j)
                - loss(expected + i - j)
                - loss(expected - i + j)
                + loss(expected - i - j)
            )
            for j in step
        ]
        for i in step
    ]
    assert found.covariance == pytest.approx(np.linalg.inv(np.array(curved) / 4e-6), rel=1e-2, abs=1e-4)
    again = _fit(lead, fixed, groups, (0.5, 2.0), pairs, _fit(lead, fixed, groups, (0.0, 4.0), pairs))
    assert again.coefficients == pytest.approx(found.coefficients, abs=1e-4)


def test_the_evidence_is_laplaces_approximation() -> None:
    """One coefficient, the scale: the integral can be done on a grid."""
    rng = np.random.default_rng(6)
    lead = rng.normal(size=200)
    pairs = Pairs(
        *(np.arange(200),) * 3, (rng.uniform(size=200) < expit(1.3 * lead)).astype(float), np.ones(200)
    )
    found: _Fit = _fit(lead, np.zeros(200), [], (), pairs)
    grid = np.linspace(-1, 4, 20001)
    log_odds = grid[:, None] * lead
    likelihood = (pairs.preference * log_odds - np.logaddexp(0, log_odds)).sum(axis=1)
    prior = -((grid - 1) ** 2) / 2 - np.log(2 * np.pi) / 2
    expected = np.log(np.trapezoid(np.exp(likelihood + prior - 0), grid))
    assert found.evidence == pytest.approx(expected, abs=0.02)


def test_a_taste_is_learned_and_none_is_not_made_up() -> None:
    base = ranker((5,))
    rows, series = library(200)
    own_log_odds = base.scores_of(rows).astype(float) / base.temperature
    taste = 3.0 * rows[:, 2].astype(float)
    with_taste = learn_correction(base, rows, series, picks(taste, series, np.random.default_rng(2)))
    moved = with_taste.weights * with_taste.spread
    assert moved.argmax() == 2
    assert moved[2] > 3 * np.abs(np.delete(moved, 2)).max()
    assert with_taste.no_taste < 0.01
    without = learn_correction(base, rows, series, picks(own_log_odds, series, np.random.default_rng(3)))
    assert without.no_taste > 0.7
    assert without.scale == pytest.approx(1, abs=0.3)


def test_the_ranker_remembers_what_taught_its_correction() -> None:
    base = ranker((5,))
    rows, series = library(10)
    correction = learn_correction(
        base, rows, series, picks(rows[:, 0].astype(float), series, np.random.default_rng(4))
    )
    seen = (np.array([7, 3], np.uint32), np.array([9], np.uint32))
    own = corrected(base, correction, seen)
    assert own.seen_keys.tolist() == [3, 7]
    assert own.seen_contents.tolist() == [9]
    assert own.seen_keys.dtype == own.seen_contents.dtype == np.uint32


def test_of_many_photos_some_whole_series_tell_how_numbers_vary(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, series = library(200)
    pairs = picks(3 * rows[:, 1].astype(float), series, np.random.default_rng(1))
    by_all = learn_correction(ranker((5,), "standardize"), rows, series, pairs)
    monkeypatch.setattr("phototriage.personal.correction._MOST_ROWS", len(rows) // 3)
    by_some = learn_correction(ranker((5,), "standardize"), rows, series, pairs)
    assert (by_some.spread != by_all.spread).any()
    assert by_some.spread == pytest.approx(by_all.spread, rel=0.3)
    assert np.corrcoef(by_some.weights, by_all.weights)[0, 1] > 0.98
