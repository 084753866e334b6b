from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from phototriage.errors import FeatureError
from phototriage.features import Features
from phototriage.labels import Comparisons
from phototriage.ranker.dataset import MultiFeaturePairwiseDataset


def dataset(series: list[int]) -> MultiFeaturePairwiseDataset:
    n = len(series)
    return MultiFeaturePairwiseDataset(
        np.zeros((2, 1), np.float32),
        np.zeros(n, int),
        np.ones(n, int),
        np.linspace(0, 1, n, dtype=np.float32),
        np.arange(n),
        np.array(series),
    )


def test_labels_and_features_meet_by_key(
    make_comparisons: Callable[..., Comparisons], make_features: Callable[..., Features]
) -> None:
    comparisons = make_comparisons(("t", "c", "a", 0.9), ("s", "a", "b", 0.2))
    pairs = MultiFeaturePairwiseDataset.of(
        comparisons, make_features({"unused": [9], "a": [1], "b": [2], "c": [3]})
    )
    assert pairs.matrix[pairs.row_a, 0].tolist() == [3, 1]
    assert pairs.matrix[pairs.row_b, 0].tolist() == [1, 2]
    assert len(pairs.matrix) == 3
    assert pairs.preference.tolist() == pytest.approx([0.9, 0.2])
    assert pairs.series.tolist() == [1, 0]


def test_a_photo_without_features_is_an_error(
    make_comparisons: Callable[..., Comparisons], make_features: Callable[..., Features]
) -> None:
    with pytest.raises(FeatureError, match="no features for photo 'b'"):
        MultiFeaturePairwiseDataset.of(make_comparisons(("s", "a", "b", 0.2)), make_features({"a": [1]}))


def test_an_epoch_has_every_pair_once_and_keeps_series_together() -> None:
    series = [0, 1, 2, 0, 1, 2, 0, 1, 2, 3]
    batches = list(dataset(series).batches(4, np.random.default_rng(0)))
    assert [len(batch.pairs) for batch in batches] == [4, 4, 2]
    order = np.concatenate([batch.pairs for batch in batches])
    assert sorted(order.tolist()) == list(range(10))
    changes = np.count_nonzero(np.diff(np.array(series)[order]))
    assert changes == 3


def test_epochs_differ_and_a_seed_repeats_them() -> None:
    pairs = dataset([0] * 5 + [1] * 5 + [2] * 5)
    rng, same = np.random.default_rng(7), np.random.default_rng(7)
    first, second = (np.concatenate([batch.pairs for batch in pairs.batches(4, rng)]) for _ in range(2))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, np.concatenate([batch.pairs for batch in pairs.batches(4, same)]))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(1, 12), st.integers(0, 99))
def test_whole_series_are_never_cut_and_batches_not_smaller_than_asked(
    series: list[int], batch_size: int, seed: int
) -> None:
    numbers = np.unique(series, return_inverse=True)[1].tolist()
    batches = list(dataset(numbers).batches(batch_size, np.random.default_rng(seed), whole_series=True))
    assert sorted(pair for batch in batches for pair in batch.pairs) == list(range(len(series)))
    found = [{numbers[pair] for pair in batch.pairs} for batch in batches]
    assert sum(map(len, found)) == len(set(numbers))


def test_a_batch_has_each_photo_once() -> None:
    pairs = replace(dataset([0, 0, 1]), row_a=np.array([5, 2, 7]), row_b=np.array([2, 5, 3]))
    batch = pairs.batch(np.array([0, 1]))
    assert batch.photos.tolist() == [2, 5]
    assert (batch.place_a.tolist(), batch.place_b.tolist()) == ([1, 0], [0, 1])


def test_swapped_pairs_say_the_same_the_other_way_round() -> None:
    pairs = dataset([0, 1]).with_swapped()
    assert pairs.row_a.tolist() == [0, 0, 1, 1]
    assert pairs.row_b.tolist() == [1, 1, 0, 0]
    assert pairs.preference.tolist() == [0, 1, 1, 0]
    assert pairs.votes.tolist() == [0, 1, 0, 1]
    assert pairs.series.tolist() == [0, 1, 0, 1]


def test_a_data_loader_takes_it(
    make_comparisons: Callable[..., Comparisons], make_features: Callable[..., Features]
) -> None:
    pairs: Any = MultiFeaturePairwiseDataset.of(
        make_comparisons(("s", "a", "b", 0.9), ("s", "b", "c", 0.2), ("s", "a", "c", 0.5)),
        make_features({"a": [1, 10], "b": [2, 20], "c": [3, 30]}),
    )
    (first, second) = list(DataLoader(pairs, batch_size=2))
    torch.testing.assert_close(first[0], torch.tensor([[1.0, 10], [2, 20]]))
    torch.testing.assert_close(first[1], torch.tensor([[2.0, 20], [3, 30]]))
    torch.testing.assert_close(first[2], torch.tensor([0.9, 0.2]))
    assert [part.shape for part in second] == [(1, 2), (1, 2), (1,)]
    # Rows are written to by some transforms: what the loader gives is its own.
    second[0][:] = 0
    assert pairs.matrix.min() == 1
    assert len(list(pairs)) == 3
    with pytest.raises(IndexError):
        pairs[3]
