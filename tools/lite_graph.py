"""Writes the graph of the `lite` features without its weights, which the package ships and onnxruntime runs.

    python tools/lite_graph.py

Needs `onnx`, which running the graph does not. The weights have their names and shapes in the graph and are
given to onnxruntime when a session starts.
"""

from pathlib import Path
from typing import Any

from onnx import ModelProto, NodeProto, TensorProto, helper

from phototriage.features.extractors.lite import GRAPH, STAGES_USED
from phototriage.features.runtime.efficientnet_lite import STEM, Convolution, bottlenecks

OPSET, IR_VERSION = 18, 8  # of onnx 1.13; onnxruntime has had them since 1.14


def lite_graph() -> ModelProto:
    """uint8 RGB (n, h, w, 3) of any size → float32 (n, 768): the means of the stages' output channels.

    The output of a stage has its name.
    """
    constants = [
        helper.make_tensor("middle", TensorProto.FLOAT, (), [127]),
        helper.make_tensor("spread", TensorProto.FLOAT, (), [128]),
        helper.make_tensor("zero", TensorProto.FLOAT, (), [0]),
        helper.make_tensor("six", TensorProto.FLOAT, (), [6]),
        helper.make_tensor("positions", TensorProto.INT64, (2,), [2, 3]),
    ]
    nodes = [
        helper.make_node("Transpose", ["photos"], ["planes"], perm=(0, 3, 1, 2)),
        helper.make_node("Cast", ["planes"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["values", "middle"], ["centered"]),
        helper.make_node("Div", ["centered", "spread"], ["scaled"]),
    ]
    weights: list[TensorProto] = []
    hidden = _convolve(STEM, "scaled", nodes, weights)
    for bottleneck in bottlenecks():
        inputs = hidden
        for layer in bottleneck.convolutions:
            hidden = _convolve(layer, hidden, nodes, weights)
        if bottleneck.residual:
            nodes.append(helper.make_node("Add", [hidden, inputs], [f"{hidden}+"]))
            hidden = f"{hidden}+"
        if bottleneck.stage:
            nodes[-1].output[0] = hidden = bottleneck.stage
        if bottleneck.stage in STAGES_USED:
            nodes.append(
                helper.make_node("ReduceMean", [hidden, "positions"], [f"{hidden}_mean"], keepdims=0)
            )
    means = [f"{stage}_mean" for stage in STAGES_USED]
    nodes.append(helper.make_node("Concat", means, ["features"], axis=1))
    graph = helper.make_graph(
        nodes,
        "lite",
        [helper.make_tensor_value_info("photos", TensorProto.UINT8, ("n", "h", "w", 3))],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ("n", "d"))],
        constants + weights,
    )
    opset = helper.make_operatorsetid("", OPSET)
    return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="phototriage")


def _convolve(layer: Convolution, hidden: str, nodes: list[NodeProto], weights: list[TensorProto]) -> str:
    """Adds a convolution of `hidden`; returns the name of its output."""
    names = [f"{layer.name}.weight", f"{layer.name}.bias"]
    for name, shape in zip(names, (layer.shape, (layer.outputs,)), strict=True):
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights")
        weights.append(tensor)
    how: dict[str, Any] = {
        "auto_pad": "SAME_UPPER",
        "strides": (layer.stride,) * 2,
        "kernel_shape": (layer.kernel,) * 2,
    }
    nodes.append(helper.make_node("Conv", [hidden, *names], [layer.name], group=layer.groups, **how))
    if not layer.relu6:
        return layer.name
    nodes.append(helper.make_node("Clip", [layer.name, "zero", "six"], [f"{layer.name}.relu6"]))
    return f"{layer.name}.relu6"


if __name__ == "__main__":
    Path(GRAPH).write_bytes(lite_graph().SerializeToString())
