from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau
from sklearn.metrics import log_loss

from phototriage.evaluation.metrics import (
    calibration,
    calibration_error,
    kendall_tau,
    log_likelihood,
    top1_credit,
)

Pairs = list[tuple[float, float]]
PAIRS = st.lists(st.tuples(st.floats(0.001, 0.999), st.floats(0, 1)), min_size=1, max_size=50)
SCORES = st.lists(st.integers(0, 4), min_size=2, max_size=8)


def expected_calibration_error(probability: np.ndarray, preference: np.ndarray) -> float:
    return float(calibration_error(calibration(probability, preference).sum(axis=0)))


@given(PAIRS)
def test_log_likelihood_is_scikit_learns_log_loss_on_soft_labels(pairs: Pairs) -> None:
    probability, preference = np.array(pairs).T
    outcomes = np.repeat([1, 0], len(pairs))
    weights = np.concatenate([preference, 1 - preference])
    expected = -log_loss(outcomes, np.tile(probability, 2), sample_weight=weights, labels=[0, 1])
    assert log_likelihood(probability, preference).mean() == pytest.approx(expected)


def test_log_likelihood_of_a_coin_and_of_certainty() -> None:
    assert log_likelihood(np.array([0.5]), np.array([0.3])) == pytest.approx(-np.log(2))
    assert log_likelihood(np.array([1.0]), np.array([1.0])) == pytest.approx(0)
    assert np.isfinite(log_likelihood(np.array([0.0]), np.array([1.0])))


def test_calibration_by_hand() -> None:
    # Confidences .92, .92 and .63; the shares of people on their sides are .7, .8 and .5.
    probability, preference = np.array([0.92, 0.08, 0.63]), np.array([0.7, 0.2, 0.5])
    assert expected_calibration_error(probability, preference) == pytest.approx((0.34 + 0.13) / 3)
    confidence, share, pairs = calibration(probability, preference).sum(axis=0)
    assert confidence[[2, 8]] == pytest.approx([0.63, 1.84])
    assert share[[2, 8]] == pytest.approx([0.5, 1.5])
    assert pairs.tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 2, 0]


def test_errors_within_a_bin_cancel_and_across_bins_do_not() -> None:
    assert expected_calibration_error(np.array([0.82, 0.82]), np.array([0.72, 0.92])) == pytest.approx(0)
    assert expected_calibration_error(np.array([0.82, 0.62]), np.array([0.72, 0.72])) == pytest.approx(0.1)


@given(PAIRS)
def test_perfect_probabilities_have_no_calibration_error(pairs: Pairs) -> None:
    probability = np.array(pairs)[:, 0]
    assert expected_calibration_error(probability, probability) == pytest.approx(0, abs=1e-12)


@given(PAIRS)
def test_the_order_of_a_pair_does_not_matter(pairs: Pairs) -> None:
    probability, preference = np.array(pairs).T
    forth = expected_calibration_error(probability, preference)
    assert expected_calibration_error(1 - probability, 1 - preference) == pytest.approx(forth, abs=0.02)
    assert log_likelihood(1 - probability, 1 - preference) == pytest.approx(
        log_likelihood(probability, preference)
    )


TOPS = [
    ([1, 2, 3], [False, False, True], 1),
    ([1, 2, 3], [True, False, False], 0),
    ([3, 3, 1], [True, False, False], 0.5),
    ([0, 0, 0], [True, True, False], 2 / 3),
    ([3, 1, 1], [True, True, False], 1),
    ([-2, -1], [False, True], 1),
]


def test_top1_shares_ties() -> None:
    scores, is_best = (np.concatenate([top[column] for top in TOPS]) for column in (0, 1))
    starts = np.cumsum([0, *(len(top[0]) for top in TOPS)])[:-1]
    assert top1_credit(scores, is_best, starts).tolist() == [top[2] for top in TOPS]


@given(st.lists(st.tuples(SCORES, st.randoms(use_true_random=False)), min_size=1, max_size=5))
def test_kendall_tau_is_scipys_where_all_pairs_are_compared(series: list[tuple[list[int], Random]]) -> None:
    differences: list[int] = []
    preferences: list[float] = []
    starts: list[int] = []
    expected: list[float] = []
    for scores, random in series:
        wanted = [random.randint(0, 4) for _ in scores]
        starts.append(len(differences))
        for a in range(len(scores)):
            for b in range(a):
                differences.append(scores[a] - scores[b])
                preferences.append(0.5 + 0.1 * (wanted[a] - wanted[b]))
        tau = kendalltau(scores, wanted).statistic
        if len(set(wanted)) == 1:
            expected.append(np.nan)
        else:
            # Scores that are all equal say nothing of the order: scipy has no value there, we have 0.
            expected.append(0 if len(set(scores)) == 1 else tau)
    found = kendall_tau(np.array(differences, float), np.array(preferences), np.array(starts))
    assert found == pytest.approx(np.array(expected), nan_ok=True)
