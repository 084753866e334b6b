import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from phototriage.evaluation.metrics import calibration_columns, log_likelihood, top1_credit

Pairs = list[tuple[float, float]]
PAIRS = st.lists(st.tuples(st.floats(0.001, 0.999), st.floats(0, 1)), min_size=1, max_size=50)


def expected_calibration_error(probability: np.ndarray, preference: np.ndarray) -> float:
    return float(np.abs(calibration_columns(probability, preference).sum(axis=0)).sum() / len(probability))


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
    # Confidences .9, .9 and .6; the shares of people on their sides are .7, .8 and .5.
    probability, preference = np.array([0.9, 0.1, 0.6]), np.array([0.7, 0.2, 0.5])
    assert expected_calibration_error(probability, preference) == pytest.approx((0.3 + 0.1) / 3)


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


@pytest.mark.parametrize(
    ("scores", "is_best", "credit"),
    [
        ([1, 2, 3], [False, False, True], 1),
        ([1, 2, 3], [True, False, False], 0),
        ([3, 3, 1], [True, False, False], 0.5),
        ([0, 0, 0], [True, True, False], 2 / 3),
        ([3, 1, 1], [True, True, False], 1),
    ],
)
def test_top1_shares_ties(scores: list[float], is_best: list[bool], credit: float) -> None:
    assert top1_credit(np.array(scores), np.array(is_best)) == pytest.approx(credit)
