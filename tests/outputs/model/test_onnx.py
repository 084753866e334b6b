import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import get_args

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phototriage.errors import ModelError
from phototriage.features import Block, Features
from phototriage.outputs.model import onnx as module
from phototriage.outputs.model.onnx import ranker_onnx
from phototriage.ranker import MultiFeatureConfig, TrainedRanker
from phototriage.ranker.config import InputNormalization

NORMALIZE = {"layernorm": ("weight", "bias"), "standardize": ("mean", "std"), "none": ()}


def random_ranker(
    normalization: str, hidden: tuple[int, ...], dims: tuple[int, ...], seed: int = 0
) -> TrainedRanker:
    """Weights of the size that training leaves; columns whose scales differ by up to a million."""
    rng = np.random.default_rng(seed)
    dim = sum(dims)
    weights = {}
    for name in NORMALIZE[normalization]:
        scale = 10.0 ** rng.uniform(-3, 3, dim) if normalization == "standardize" else np.ones(dim)
        values = rng.normal(size=dim)
        weights[f"normalize.{name}"] = (np.abs(values) + 0.1 if name == "std" else values) * scale
    for layer, (wide, narrow) in enumerate(pairwise([dim, *hidden, 1])):
        weights[f"layers.{layer}.weight"] = rng.normal(size=(narrow, wide)) / np.sqrt(wide)
        weights[f"layers.{layer}.bias"] = rng.normal(size=narrow)
    blocks = tuple(
        Block(f"b{place}", f"b{place}/1", tuple(f"b{place}_{column}" for column in range(width)))
        for place, width in enumerate(dims)
    )
    config = MultiFeatureConfig(mlp_hidden_dims=hidden, input_normalization=normalization)  # type: ignore[arg-type]
    none_seen = np.empty(0, np.uint32)
    return TrainedRanker(
        {name: array.astype(np.float32) for name, array in weights.items()},
        config,
        blocks,
        1.5,
        none_seen,
        none_seen,
    )


def scores_of(packed: bytes, matrix: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(packed, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["score"], {"features": matrix})[0])


@pytest.mark.parametrize("normalization", NORMALIZE)
@given(
    hidden=st.lists(st.integers(1, 40), max_size=3).map(tuple),
    dims=st.lists(st.integers(2, 30), min_size=1, max_size=3).map(tuple),
    seed=st.integers(0, 1000),
)
@settings(max_examples=25)
def test_scores_are_the_rankers(
    normalization: str, hidden: tuple[int, ...], dims: tuple[int, ...], seed: int
) -> None:
    ranker = random_ranker(normalization, hidden, dims, seed)
    matrix = np.random.default_rng(seed + 1).normal(size=(7, sum(dims))).astype(np.float32)
    if normalization == "standardize":
        matrix = matrix * ranker.weights["normalize.std"] + ranker.weights["normalize.mean"]
    expected = ranker.scores(Features(tuple("abcdefg"), matrix, ranker.blocks))
    found = scores_of(ranker_onnx(ranker, {}), matrix)
    assert (found.shape, found.dtype) == ((7,), np.float32)
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)


def test_the_specifications_size() -> None:
    ranker = random_ranker("layernorm", (512, 256), (512, 1024, 4))
    matrix = np.random.default_rng(1).normal(size=(300, 1540)).astype(np.float32)
    expected = ranker.scores(Features(tuple(map(str, range(300))), matrix, ranker.blocks))
    np.testing.assert_allclose(scores_of(ranker_onnx(ranker, {}), matrix), expected, atol=1e-5, rtol=0)


def test_the_file_says_what_it_is() -> None:
    packed = ranker_onnx(random_ranker("layernorm", (3,), (4, 2)), {"temperature": 1.5})
    model = onnx.load_from_string(packed)
    onnx.checker.check_model(model, full_check=True)
    assert {each.key: json.loads(each.value) for each in model.metadata_props} == {
        "phototriage": {"temperature": 1.5}
    }
    session = onnxruntime.InferenceSession(packed)
    assert [(each.name, each.shape, each.type) for each in session.get_inputs()] == [
        ("features", ["n", 6], "tensor(float)")
    ]
    assert [(each.name, each.shape) for each in session.get_outputs()] == [("score", ["n"])]


def test_other_scores_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ranker = random_ranker("layernorm", (3,), (4,))
    monkeypatch.setattr(module, "_LAYERNORM_EPS", 1e-3)
    with pytest.raises(ModelError, match="differ from the ranker's by"):
        ranker_onnx(ranker, {})


def test_every_normalization_has_an_onnx_form() -> None:
    assert module._NORMALIZATIONS.keys() == NORMALIZE.keys() == set(get_args(InputNormalization))


def test_not_a_number_is_refused(make_features: Callable[..., Features]) -> None:
    ranker = random_ranker("none", (3,), (4,))
    huge = {name: array * np.float32(1e30) for name, array in ranker.weights.items()}
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(ModelError, match="scores that are no numbers"),
    ):
        ranker_onnx(replace(ranker, weights=huge), {})
