from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from phototriage.labels.bradley_terry import fit


def win_tables(least: int = 2, most: int = 6) -> st.SearchStrategy[NDArray[np.float64]]:
    sizes = st.integers(least, most)
    return sizes.flatmap(lambda n: hnp.arrays(float, (n, n), elements=st.integers(0, 12).map(float)))


def test_two_players_have_a_closed_form() -> None:
    strengths = fit(np.array([[0.0, 4.0], [1.0, 0.0]]), ridge=0.1)
    assert expit(strengths[0] - strengths[1]) == pytest.approx(4.1 / 5.2, abs=1e-12)


@pytest.mark.parametrize("ridge", [0.001, 0.1, 2.0])
@pytest.mark.parametrize("players", [2, 3, 8])
def test_it_maximises_the_penalised_likelihood(players: int, ridge: float) -> None:
    wins = np.random.default_rng(players).integers(0, 9, (players, players)) * 1.0
    off_diagonal = ~np.eye(players, dtype=bool)

    def loss(strengths: NDArray[np.float64]) -> float:
        logs = log_expit(strengths[:, None] - strengths[None, :])
        return -((wins + ridge) * logs)[off_diagonal].sum()

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 10**6, "maxfev": 10**6, "adaptive": True}
    found = minimize(loss, np.zeros(players), method="Nelder-Mead", options=options).x
    np.testing.assert_allclose(fit(wins, ridge), found - found.mean(), atol=1e-4)


@given(win_tables(), st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_permuted_players_get_permuted_strengths_of_mean_zero(
    wins: NDArray[np.float64], random: Random
) -> None:
    order = random.sample(range(len(wins)), len(wins))
    strengths = fit(wins)
    assert strengths.dtype == np.float64
    assert strengths.mean() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(fit(wins[np.ix_(order, order)]), strengths[order], atol=1e-8)


@given(win_tables())
@settings(max_examples=50)
def test_losses_instead_of_wins_turn_the_strengths_round(wins: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(fit(wins.T), -fit(wins), atol=1e-8)


@given(win_tables(least=3))
@settings(max_examples=50)
def test_another_win_raises_the_winner_and_lowers_the_loser(wins: NDArray[np.float64]) -> None:
    before = fit(wins)
    wins[0, 1] += 1
    after = fit(wins)
    assert after[0] > before[0]
    assert after[1] < before[1]


def test_stacked_problems_are_solved_one_by_one() -> None:
    stack = np.random.default_rng(0).integers(0, 7, (2, 3, 4, 4))
    strengths = fit(stack)
    assert strengths.shape == (2, 3, 4)
    np.testing.assert_allclose(strengths[1, 2], fit(stack[1, 2]), atol=1e-10)


def test_hopeless_odds_converge() -> None:
    ladder = np.triu(np.full((8, 8), 1e6), 1)
    strengths = fit(ladder, ridge=1e-3)
    assert (np.diff(strengths) < 0).all()
    reached = expit(strengths[:, None] - strengths[None, :])
    games = ladder + ladder.T + 2e-3
    np.fill_diagonal(games, 0)
    np.testing.assert_allclose((games * reached).sum(1), ladder.sum(1) + 7e-3, rtol=1e-8, atol=1e-6)


def test_nobody_and_one_player() -> None:
    assert fit(np.zeros((0, 0))).shape == (0,)
    assert fit(np.zeros((1, 1))).tolist() == [0.0]


@pytest.mark.parametrize(
    ("wins", "ridge", "says"),
    [
        (np.zeros((2, 3)), 0.1, "square"),
        (np.full((2, 2), np.nan), 0.1, "finite"),
        (-np.ones((2, 2)), 0.1, "not negative"),
        (np.ones((2, 2)), 0.0, "ridge"),
    ],
)
def test_what_is_no_table_of_wins_is_refused(wins: NDArray[np.float64], ridge: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        fit(wins, ridge)
