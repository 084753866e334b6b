from typing import Any

import numpy as np
import pytest

from phototriage.evaluation import resampling
from phototriage.evaluation.resampling import REPLICATES, Estimate, estimates, resampled_sums

approx: Any = pytest.approx  # stands where a number is expected


def test_every_sample_draws_as_many_series_as_there_are() -> None:
    rng = np.random.default_rng(0)
    columns = np.column_stack([np.ones(40), rng.normal(size=40)])
    sums = resampled_sums(columns, 0)
    assert sums.shape == (REPLICATES, 2)
    assert (sums[:, 0] == 40).all()
    assert sums[:, 1].mean() == pytest.approx(columns[:, 1].sum(), abs=0.5)
    assert sums[:, 1].std() == pytest.approx(columns[:, 1].std() * np.sqrt(40), rel=0.05)


def test_the_same_seed_draws_the_same_series_whatever_is_summed() -> None:
    columns = np.random.default_rng(0).normal(size=(40, 3))
    whole = resampled_sums(columns, 7)
    assert resampled_sums(columns[:, 1:2], 7) == pytest.approx(whole[:, 1:2])
    assert not np.allclose(resampled_sums(columns, 8), whole)


def test_many_series_are_drawn_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "_BLOCK", 30 * 7)
    sums = resampled_sums(np.ones((30, 1)), 0)
    assert (sums == 30).all()


def test_intervals_are_percentiles_of_the_samples_that_have_a_figure() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(REPLICATES, 3))
    samples[::3, 1] = np.nan
    found = estimates(np.array([0.1, 0.2, np.nan]), samples)
    for column in (0, 1):
        low, high = np.nanpercentile(samples[:, column], [2.5, 97.5])
        assert found[column] == Estimate(approx((0.1, 0.2)[column]), approx(low), approx(high))
    assert found[2] is None
