from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta

from phototriage.evaluation import Scorer, evaluate_scorers
from phototriage.evaluation.ceiling import Ceiling, ceiling
from phototriage.evaluation.kinds import threshold_kinds
from phototriage.labels import read_labels


def of_votes(votes_a: np.ndarray, votes: np.ndarray, pairs_per_series: int = 1) -> Ceiling | None:
    """The ceiling where each preference is the share of the votes."""
    preference = np.where(votes > 0, votes_a / np.maximum(votes, 1), 0.5)
    return ceiling(
        preference,
        votes_a,
        votes - votes_a,
        np.full(len(votes), pairs_per_series + 1),
        np.arange(0, len(votes), pairs_per_series),
        threshold_kinds(preference, ()),
        seed=0,
    )


@pytest.mark.parametrize(("alpha", "per_pair"), [(0.5, 3), (1.3, 8), (4.0, 6)])
def test_known_truth_is_found_again(alpha: float, per_pair: int) -> None:
    rng = np.random.default_rng(1)
    truth = rng.beta(alpha, alpha, 20_000)
    votes = rng.integers(2, per_pair + 1, len(truth))
    votes_a = rng.binomial(votes, truth)
    found = of_votes(votes_a, votes, pairs_per_series=4)
    assert found is not None
    assert found.concentration == pytest.approx(alpha, rel=0.1)
    share = votes_a / votes
    for name, mask in threshold_kinds(share, ()).items():
        if not mask.any():
            continue
        oracle = ((truth > 0.5) == (share > 0.5))[mask].mean()
        rater = np.where(share > 0.5, truth, 1 - truth)[mask].mean()
        assert found.oracle[name].value == pytest.approx(oracle, abs=0.012), name
        assert found.single_rater[name].value == pytest.approx(rater, abs=0.012), name
        assert found.oracle[name].low < found.oracle[name].value < found.oracle[name].high


def test_one_cell_by_hand() -> None:
    """Half of the pairs 2 to 0, half 1 to 1: as only a very large α has it."""
    even = of_votes(np.array([2, 1] * 100), np.full(200, 2))
    assert even is not None
    alpha = even.concentration
    assert alpha == 200
    assert even.single_rater["accuracy"].value == pytest.approx((alpha + 2) / (2 * alpha + 2))
    assert even.oracle["accuracy"].value == pytest.approx(beta(alpha + 2, alpha).sf(0.5))
    agreed = of_votes(np.array([4, 0] * 50), np.full(100, 4))
    assert agreed is not None
    assert agreed.oracle["accuracy"].value > 0.999
    assert agreed.oracle["accuracy_weak"] is None


def test_where_the_votes_do_not_tell_there_is_none() -> None:
    assert of_votes(np.zeros(5, int), np.zeros(5, int)) is None
    assert of_votes(np.array([1, 0, 1]), np.ones(3, int)) is None
    assert of_votes(np.array([1, 2, 3]), np.array([2, 4, 6])) is None
    assert of_votes(np.array([4, 0] * 49), np.full(98, 4)) is None


def test_labels_of_larger_series_that_are_no_shares_of_votes_do_not_count() -> None:
    votes_a = np.tile([4, 1, 3, 4, 4], 100)
    votes = np.full(500, 4)
    # The second of each five and its last two are not the share.
    preference = np.tile([1, 0.3, 0.75, 0.9, 0.9], 100)
    sizes = np.tile([3, 3, 2, 2, 2], 100)
    found = ceiling(
        preference,
        votes_a,
        votes - votes_a,
        sizes,
        (5 * np.arange(100)[:, None] + np.array([0, 2, 3, 4])).ravel(),
        threshold_kinds(preference, ()),
        0,
    )
    assert found is not None
    assert (found.pairs, found.votes) == (300, 4)


def test_phototriages_ceiling(shared: Path) -> None:
    """About 86 and 95 % for an oracle, 70 and 77 % for a single rater, as others have measured."""
    comparisons = read_labels(shared / "phototriage").comparisons
    found = evaluate_scorers(comparisons, [Scorer("coin", dict.fromkeys(comparisons.photos, 0.0))]).ceiling
    assert found is not None
    assert found.oracle["accuracy"].value == pytest.approx(0.86, abs=0.01)
    assert found.oracle["accuracy_clear"].value == pytest.approx(0.955, abs=0.01)
    assert found.single_rater["accuracy"].value == pytest.approx(0.70, abs=0.005)
    assert found.single_rater["accuracy_clear"].value == pytest.approx(0.775, abs=0.01)
