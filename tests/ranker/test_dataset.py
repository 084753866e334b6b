from collections.abc import Callable

import numpy as np
import pytest

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
    assert [len(batch) for batch in batches] == [4, 4, 2]
    order = np.concatenate(batches)
    assert sorted(order.tolist()) == list(range(10))
    changes = np.count_nonzero(np.diff(np.array(series)[order]))
    assert changes == 3


def test_epochs_differ_and_a_seed_repeats_them() -> None:
    pairs = dataset([0] * 5 + [1] * 5 + [2] * 5)
    rng, same = np.random.default_rng(7), np.random.default_rng(7)
    first, second = (np.concatenate(list(pairs.batches(4, rng))) for _ in range(2))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, np.concatenate(list(pairs.batches(4, same))))
