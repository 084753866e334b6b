"""The `lite` block: pooled stages of an ImageNet EfficientNet-Lite0, without torch and without the hub."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phototriage.extras import extra
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.features.extractors.preprocessing import Whole
from phototriage.features.extractors.spec import ExtractorSpec
from phototriage.features.options import ExtractorOptions
from phototriage.features.runtime.efficientnet_lite import (
    STAGES,
    STEM,
    WEIGHTS_SHA256,
    Bottleneck,
    Convolution,
    bottlenecks,
    load_folded,
)
from phototriage.features.runtime.onnx_runtime import Infer, start_onnx

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["GRAPH", "SPEC", "STAGES_USED", "lite_extractor"]

GRAPH = Path(__file__).with_name("lite.onnx")
"""The network without its weights, written by `tools/lite_graph.py`."""

STAGES_USED = tuple(stage.name for stage in STAGES[1:])

_SIDE = 512
_MEAN, _STD = (127 / 255,) * 3, (128 / 255,) * 3


def lite_extractor(options: ExtractorOptions, cache_dir: Path) -> NetworkExtractor:
    """The mean of every channel over the positions of each output of stages s2 to s7: 768 numbers."""
    widths = {stage.name: stage.outputs for stage in STAGES}
    return NetworkExtractor(
        name="lite",
        version=1,
        weights=f"efficientnet-lite0@{WEIGHTS_SHA256[:12]}",
        output=f"{STAGES_USED[0]}-{STAGES_USED[-1]}/mean",
        columns=tuple(f"{stage}_mean_{place:03d}" for stage in STAGES_USED for place in range(widths[stage])),
        prepare=Whole(_SIDE),
        mean=_MEAN,
        std=_STD,
        build=_build,
        options=options,
        cache_dir=cache_dir,
        start=_start,
    )


SPEC = ExtractorSpec(
    title="EfficientNet-Lite0",
    summary="ImageNet EfficientNet-Lite0, six stages pooled, 768 numbers",
    build=lite_extractor,
    core_seconds=0.037,
)


def _start(tuned: Mapping[str, NDArray[np.float32]]) -> Infer:
    return start_onnx(GRAPH, {**load_folded(), **tuned}, one_by_one=True)


def _build() -> "nn.Module":
    with extra("hub"):
        import torch
        import torch.nn.functional as F
        from torch import nn

    folded = load_folded()

    class Convolve(nn.Module):
        def __init__(self, layer: Convolution) -> None:
            super().__init__()
            self.layer = layer
            self.weight, self.bias = (
                nn.Parameter(torch.from_numpy(folded[f"{layer.name}.{part}"])) for part in ("weight", "bias")
            )

        def forward(self, hidden: "Tensor") -> "Tensor":
            layer, sides = self.layer, []
            for side in (hidden.shape[3], hidden.shape[2]):
                around = max((-(-side // layer.stride) - 1) * layer.stride + layer.kernel - side, 0)
                sides += [around // 2, around - around // 2]
            padded = F.pad(hidden, sides)
            found = F.conv2d(padded, self.weight, self.bias, layer.stride, groups=layer.groups)
            return F.relu6(found) if layer.relu6 else found

    class Block(nn.Module):
        def __init__(self, bottleneck: Bottleneck) -> None:
            super().__init__()
            self.residual, self.stage = bottleneck.residual, bottleneck.stage
            for layer in bottleneck.convolutions:
                # So that the state has the names of the graph's initializers.
                self.add_module(layer.name.rpartition(".")[2], Convolve(layer))

        def forward(self, inputs: "Tensor") -> "Tensor":
            hidden = inputs
            for layer in self.children():
                hidden = layer(hidden)
            return hidden + inputs if self.residual else hidden

    class PooledStages(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self._conv_stem = Convolve(STEM)
            self._blocks = nn.ModuleList(map(Block, bottlenecks()))
            ends = [number for number, block in enumerate(self._blocks) if block.stage]
            starts = [0, *(end + 1 for end in ends)]
            self.stage_starts = {
                stage.name: f"_blocks.{start}." for stage, start in zip(STAGES, starts, strict=False)
            }

        def forward(self, photos: "Tensor") -> "Tensor":
            hidden, pooled = self._conv_stem(photos), []
            for block in self._blocks:
                hidden = block(hidden)
                if block.stage in STAGES_USED:
                    pooled.append(hidden.mean(dim=(2, 3)))
            return torch.cat(pooled, dim=1)

    return PooledStages()
