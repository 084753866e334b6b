import numpy as np
import pytest
from scipy.special import expit

from phototriage.ranker.calibration import fit_temperature


@pytest.mark.parametrize("temperature", [0.02, 1.0, 70.0])
def test_finds_the_temperature_that_made_the_preferences(temperature: float) -> None:
    difference = np.random.default_rng(0).normal(size=500)
    preference = expit(difference / temperature)
    assert fit_temperature(difference, preference) == pytest.approx(temperature, rel=1e-4)


def test_no_other_temperature_is_likelier() -> None:
    rng = np.random.default_rng(1)
    difference, preference = rng.normal(size=300), rng.uniform(size=300)
    preference = np.where(rng.uniform(size=300) < 0.7, expit(difference), preference)

    def likelihood(temperature: float) -> float:
        probability = expit(difference / temperature)
        return float(np.mean(preference * np.log(probability) + (1 - preference) * np.log(1 - probability)))

    found = fit_temperature(difference, preference)
    assert all(likelihood(found) >= likelihood(found * factor) for factor in (0.5, 0.9, 0.99, 1.01, 1.1, 2))


def test_equal_scores_have_temperature_one() -> None:
    assert fit_temperature(np.zeros(3), np.array([0.1, 0.5, 1.0])) == 1.0
