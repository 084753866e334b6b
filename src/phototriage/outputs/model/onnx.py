"""A ranker as ONNX, for programs without phototriage."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from phototriage.errors import ModelError
from phototriage.extras import extra
from phototriage.features import Features
from phototriage.ranker import TrainedRanker
from phototriage.ranker.config import InputNormalization

with extra("hub"):
    import onnx
    from onnx import NodeProto, TensorProto, helper, numpy_helper

__all__ = ["MAX_DIFFERENCE", "ranker_onnx"]

MAX_DIFFERENCE = 1e-5
"""Largest difference between a score of the ONNX file and the ranker's; relative for scores over 1."""

_OPSET, _IR = 17, 8  # the oldest with LayerNormalization, so that old runtimes can read it
_LAYERNORM_EPS = 1e-5  # torch.nn.LayerNorm's
_CHECKED_ROWS = 256


def ranker_onnx(ranker: TrainedRanker, about: Mapping[str, Any]) -> bytes:
    """The ranker's normalization and network as an ONNX file, checked against its scores on random photos.

    Input `features`: float32 (n, numbers per photo), the blocks concatenated in the ranker's order. Output
    `score`: float32 (n,). `about` becomes the file's metadata `phototriage`, as JSON.

    Raises ModelError if a score differs by more than MAX_DIFFERENCE.
    """
    nodes = [_NORMALIZATIONS[ranker.config.input_normalization]()]
    last = len(ranker.config.mlp_hidden_dims)
    hidden = "normalized"
    for layer in range(last + 1):
        inputs = [hidden, f"layers.{layer}.weight", f"layers.{layer}.bias"]
        hidden = f"linear_{layer}"
        nodes.append([helper.make_node("Gemm", inputs, [hidden], transB=1)])
        if layer < last:
            nodes.append([helper.make_node("Relu", [hidden], [f"hidden_{layer}"])])
            hidden = f"hidden_{layer}"
    nodes.append([helper.make_node("Squeeze", [hidden, "axis"], ["score"])])
    constants: dict[str, NDArray[Any]] = {**ranker.weights, "axis": np.array([1], np.int64)}
    dim = sum(block.dim for block in ranker.blocks)
    graph = helper.make_graph(
        [node for some in nodes for node in some],
        "ranker",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", dim])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n"])],
        [
            numpy_helper.from_array(np.ascontiguousarray(array), name)
            for name, array in sorted(constants.items())
        ],
    )
    model = helper.make_model(
        graph, producer_name="phototriage", opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR
    )
    helper.set_model_props(model, {"phototriage": json.dumps(about)})
    onnx.checker.check_model(model, full_check=True)
    packed: bytes = model.SerializeToString()
    _check(packed, ranker, dim)
    return packed


def _layernorm() -> list[NodeProto]:
    inputs = ["features", "normalize.weight", "normalize.bias"]
    return [helper.make_node("LayerNormalization", inputs, ["normalized"], axis=-1, epsilon=_LAYERNORM_EPS)]


def _standardize() -> list[NodeProto]:
    return [
        helper.make_node("Sub", ["features", "normalize.mean"], ["centred"]),
        helper.make_node("Div", ["centred", "normalize.std"], ["normalized"]),
    ]


_NORMALIZATIONS: dict[InputNormalization, Callable[[], list[NodeProto]]] = {
    "layernorm": _layernorm,
    "standardize": _standardize,
    "none": lambda: [helper.make_node("Identity", ["features"], ["normalized"])],
}


def _check(packed: bytes, ranker: TrainedRanker, dim: int) -> None:
    """Raises ModelError if the file's scores of random photos differ from the ranker's."""
    photos = np.random.default_rng(0).normal(size=(_CHECKED_ROWS, dim))
    if "normalize.mean" in ranker.weights:
        # With the spread of the training photos, whose numbers may be millions or millionths.
        photos = photos * ranker.weights["normalize.std"] + ranker.weights["normalize.mean"]
    matrix = photos.astype(np.float32)
    expected = ranker.scores(Features(tuple(map(str, range(_CHECKED_ROWS))), matrix, ranker.blocks))
    session = onnxruntime.InferenceSession(packed, providers=["CPUExecutionProvider"])
    (found,) = session.run(["score"], {"features": matrix})
    difference = float(np.max(np.abs(found - expected) / np.maximum(1, np.abs(expected))))
    if not difference <= MAX_DIFFERENCE:
        raise ModelError(
            f"the scores of the ONNX file differ from the ranker's by {difference:.1e}, more than "
            f"{MAX_DIFFERENCE:.0e}: it was not written"
        )
