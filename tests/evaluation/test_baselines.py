from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from phototriage.evaluation import baselines, ranker_scorer
from phototriage.features import Block, Features, MultiFeatureExtractor
from phototriage.ranker import load_embedded_ranker


def test_coin_single_numbers_and_the_mix() -> None:
    (iqa,) = MultiFeatureExtractor(["iqa"]).extractors
    numbers = np.array([[0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0]], np.float32)
    scorers = {scorer.name: scorer for scorer in baselines(Features(("p", "q"), numbers, (iqa.block,)))}
    assert list(scorers) == ["coin", *iqa.block.columns, "fixed mix .4/.3/.2/.1"]
    assert scorers["coin"].scores == {"p": 0, "q": 0}
    assert scorers["exposure"].scores == pytest.approx({"p": 0.2, "q": 0})
    mix = 0.4 * 0.1 + 0.3 * 0.2 + 0.2 * 0.3 + 0.1 * 0.4
    assert scorers["fixed mix .4/.3/.2/.1"].scores == pytest.approx({"p": mix, "q": 0.4})


def test_many_columns_are_not_listed(make_features: Callable[..., Features]) -> None:
    assert [scorer.name for scorer in baselines(make_features({"p": range(512)}))] == ["coin"]


def test_a_rankers_scores_are_log_odds() -> None:
    embedded = load_embedded_ranker()
    ranker = replace(embedded, temperature=3 * embedded.temperature)
    matrix = np.random.default_rng(0).uniform(size=(2, 4)).astype(np.float32)
    features = Features(("a", "b"), matrix, ranker.blocks)
    scores = ranker_scorer("mine", ranker, features).scores
    a, b = ranker.scores(features)
    assert 1 / (1 + np.exp(scores["b"] - scores["a"])) == pytest.approx(ranker.probability(a - b), rel=1e-6)
    assert scores["a"] != scores["b"]


def test_the_numbers_of_a_small_block_are_listed_beside_a_large_one() -> None:
    small, large = (
        Block("small", "small/1", ("x", "y")),
        Block("large", "large/1", tuple(map(str, range(20)))),
    )
    twin = Block("twin", "twin/1", ("y", "z"))
    matrix = np.arange(24, dtype=np.float32)[None]
    scorers = {
        each.name: each.scores["p"] for each in baselines(Features(("p",), matrix, (large, small, twin)))
    }
    assert scorers == {"coin": 0, "x": 20, "small: y": 21, "twin: y": 22, "z": 23}
