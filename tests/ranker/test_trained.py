from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import expit

from phototriage.errors import FeatureError, ModelError
from phototriage.features import Block, Features
from phototriage.ranker import MultiFeatureConfig, TrainedRanker
from phototriage.ranker.config import InputNormalization
from phototriage.ranker.network import MultiFeaturePairwiseRanker

CLIP = Block("clip", "clip/1", tuple(f"clip_{place}" for place in range(1536)))
IQA = Block("iqa", "iqa/1", ("sharpness", "exposure", "colorfulness", "contrast"))


def features(n: int = 40) -> Features:
    rng = np.random.default_rng(3)
    matrix = np.hstack([rng.normal(size=(n, 1536)) / 30, rng.uniform(size=(n, 4))]).astype(np.float32)
    return Features(tuple(map(str, range(n))), matrix, (CLIP, IQA))


def of_network(
    network: MultiFeaturePairwiseRanker, config: MultiFeatureConfig, *blocks: Block
) -> TrainedRanker:
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    return TrainedRanker(
        weights,
        config,
        blocks,
        temperature=2.0,
        seen_keys=TrainedRanker.digests(["3"]),
        seen_contents=TrainedRanker.digests([]),
    )


@pytest.mark.parametrize("normalization", ["layernorm", "standardize", "none"])
@pytest.mark.parametrize("hidden_dims", [(), (16,), (512, 256)])
def test_scores_equal_the_networks(normalization: InputNormalization, hidden_dims: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    network = MultiFeaturePairwiseRanker(1540, hidden_dims, input_normalization=normalization).eval()
    photos = features()
    network.fit_normalization(torch.from_numpy(photos.matrix))
    config = MultiFeatureConfig(mlp_hidden_dims=hidden_dims, input_normalization=normalization)
    ranker = of_network(network, config, CLIP, IQA)
    with torch.no_grad():
        expected = network(torch.from_numpy(photos.matrix)).numpy()
    np.testing.assert_allclose(ranker.scores(photos), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("count", [3, 17, 999, 5001])
def test_equal_photos_tie_wherever_they_stand(count: int) -> None:
    torch.manual_seed(0)
    ranker = of_network(MultiFeaturePairwiseRanker(1540, (512, 256)), MultiFeatureConfig(), CLIP, IQA)
    rows = np.random.default_rng(0).normal(size=(count, 1540)).astype(np.float32)
    rows[::2] = rows[0]
    scores = ranker.scores_of(rows)
    assert set(scores[::2].tolist()) == set(ranker.scores_of(rows[:1]).tolist())
    assert len(set(scores[1::2].tolist())) == count // 2


def small() -> TrainedRanker:
    config = MultiFeatureConfig(mlp_hidden_dims=(), input_normalization="standardize")
    return of_network(MultiFeaturePairwiseRanker(4, (), input_normalization="standardize"), config, IQA)


def small_weights(std: NDArray[Any]) -> dict[str, NDArray[Any]]:
    return {**small().weights, "normalize.std": std}


def test_takes_its_blocks_out_of_more() -> None:
    both = features()
    alone = Features(both.photos, both.matrix[:, 1536:].copy(), (IQA,))
    ranker = small()
    np.testing.assert_array_equal(ranker.scores(both), ranker.scores(alone))


def test_refuses_features_made_another_way() -> None:
    other = replace(features(), blocks=(CLIP, Block("iqa", "iqa/2", IQA.columns)))
    with pytest.raises(
        FeatureError, match="trained on 'iqa' features made as iqa/1, these are made as iqa/2"
    ):
        small().scores(other)


def test_probability_is_logistic_in_units_of_temperature() -> None:
    assert small().probability(np.array([0.0, 3.0])).tolist() == pytest.approx([0.5, expit(1.5)], abs=1e-15)


def test_has_seen_by_key() -> None:
    assert small().has_seen(["2", "3", "4"], features()).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": MultiFeatureConfig(mlp_hidden_dims=(3,))}, "do not fit the model's config: see layers.0"),
        ({"blocks": (IQA, CLIP)}, "do not fit"),
        ({"temperature": 0.0}, "not sound"),
        ({"temperature": float("nan")}, "not sound"),
        ({"weights": small_weights(std=np.array([1, 1, 0, 1], np.float32))}, "not sound"),
        ({"weights": small_weights(std=np.array([1, -1, 1, 1], np.float32))}, "not sound"),
        ({"weights": small_weights(std=np.ones(4))}, "the weights are not float32"),
        ({"weights": small_weights(std=np.ones(4, np.int32))}, "the weights are not float32"),
        ({"seen_keys": np.zeros(3)}, "digests of the photos seen are not uint32"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        replace(small(), **change)  # type: ignore[arg-type]
