from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phototriage.features import Block, Features
from phototriage.ranker import MultiFeatureConfig, TrainedRanker
from phototriage.series import rank_series

BLOCK = Block("block", "block/1", ("number",))
# Its score is the number itself.
IDENTITY = TrainedRanker(
    weights={
        "normalize.mean": np.zeros(1, np.float32),
        "normalize.std": np.ones(1, np.float32),
        "layers.0.weight": np.ones((1, 1), np.float32),
        "layers.0.bias": np.zeros(1, np.float32),
    },
    config=MultiFeatureConfig(mlp_hidden_dims=(), input_normalization="standardize"),
    blocks=(BLOCK,),
    temperature=2.0,
    seen_keys=np.empty(0, np.uint32),
    seen_contents=np.empty(0, np.uint32),
)


def features(numbers: dict[str, float]) -> Features:
    return Features(tuple(numbers), np.array(list(numbers.values()), np.float32)[:, None], (BLOCK,))


def test_best_first_and_ties_share_a_rank_in_the_order_given() -> None:
    (series,) = rank_series(
        {"s": ["a", "b", "c", "d"]}, features({"a": 1, "b": 5, "c": 5, "d": -1}), IDENTITY
    )
    assert [(each.photo, each.rank, each.score) for each in series.photos] == [
        ("b", 1, 5),
        ("c", 1, 5),
        ("a", 3, 1),
        ("d", 4, -1),
    ]


def test_between_two_photos_p_best_is_the_rankers_preference() -> None:
    (series,) = rank_series({"s": ["a", "b"]}, features({"a": 0, "b": 3}), IDENTITY)
    assert series.photos[0].probability_best == pytest.approx(IDENTITY.probability(np.array([3.0]))[0])


@given(st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=9))
def test_p_best_adds_up_to_one_and_follows_the_order(numbers: list[float]) -> None:
    named = {str(place): number for place, number in enumerate(numbers)}
    (series,) = rank_series({"s": list(named)}, features(named), IDENTITY)
    chances = [each.probability_best for each in series.photos]
    assert sum(chances) == pytest.approx(1)
    assert chances == sorted(chances, reverse=True)


def test_photos_and_series_without_features_have_no_place() -> None:
    ranked = rank_series({"s": ["a", "broken"], "t": ["gone"]}, features({"a": 0}), IDENTITY)
    assert [(series.name, [each.photo for each in series.photos]) for series in ranked] == [("s", ["a"])]
    assert ranked[0].photos[0].probability_best == 1


def test_a_higher_temperature_is_less_sure() -> None:
    numbers = features({"a": 0, "b": 3})
    (sure,) = rank_series({"s": ["a", "b"]}, numbers, IDENTITY)
    (unsure,) = rank_series({"s": ["a", "b"]}, numbers, replace(IDENTITY, temperature=20.0))
    assert 0.5 < unsure.photos[0].probability_best < sure.photos[0].probability_best
