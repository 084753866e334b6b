import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from phototriage.ranker.calibration import fit_temperature


@pytest.mark.parametrize("temperature", [0.2, 1.0, 70.0])
def test_many_pairs_give_the_temperature_that_made_the_preferences(temperature: float) -> None:
    difference = np.random.default_rng(0).normal(size=5000)
    preference = expit(difference / temperature)
    assert fit_temperature(difference, preference) == pytest.approx(temperature, rel=1e-2)


@pytest.mark.parametrize("pairs", [2, 30, 300])
def test_the_likelihood_of_the_pairs_and_four_more_is_highest(pairs: int) -> None:
    rng = np.random.default_rng(1)
    difference, preference = 3 * rng.normal(size=pairs), rng.uniform(size=pairs)
    preference = np.where(rng.uniform(size=pairs) < 0.7, expit(difference), preference)
    typical = np.sqrt(np.mean(difference**2))
    differences = np.concatenate([difference, [typical, typical, typical, typical]])
    preferences = np.concatenate([preference, [1, 1, 0, 0]])

    def minus_likelihood(inverse: np.ndarray) -> float:
        right, wrong = np.log(expit(differences * inverse)), np.log(expit(-differences * inverse))
        return -float(np.sum(preferences * right + (1 - preferences) * wrong))

    optimum = minimize(
        minus_likelihood, [0.1], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14}
    )
    assert fit_temperature(difference, preference) == pytest.approx(1 / optimum.x[0], rel=1e-5)


@pytest.mark.parametrize(("pairs", "right"), [(1, 1), (2, 2), (3, 3), (3, 2), (40, 30)])
def test_pairs_equally_far_apart_are_as_sure_as_their_share_with_two_more_on_either_side(
    pairs: int, right: int
) -> None:
    preference = (np.arange(pairs) < right).astype(float)
    temperature = fit_temperature(np.full(pairs, 0.3), preference)
    assert expit(0.3 / temperature) == pytest.approx((right + 2) / (pairs + 4), abs=1e-6)


def test_equal_scores_have_temperature_one() -> None:
    assert fit_temperature(np.zeros(3), np.array([0.1, 0.5, 1.0])) == 1.0
