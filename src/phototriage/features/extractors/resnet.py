"""The `resnet` block: pooled stages of an ImageNet ResNet-50 (He et al., CVPR 2016)."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phototriage.extras import extra
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.features.extractors.preprocessing import Crop, Pad, Preprocessing, Whole
from phototriage.features.extractors.spec import ExtractorSpec
from phototriage.features.options import ExtractorOptions
from phototriage.features.runtime.hub import HubModel
from phototriage.features.runtime.pretrained import PretrainedWeights, load_network
from phototriage.features.runtime.weights import ModelFolder

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["SPEC", "resnet_extractor", "resnet_weights"]

_HUB = HubModel("microsoft/resnet-50", "34c2154c194f829b11125337b98c8f5f9965ff19")
_WIDTHS = (256, 512, 1024, 2048)
_CROP_SHARE = 0.875  # of the resized photo's short side, as the network was judged
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def resnet_weights(options: ExtractorOptions, cache_dir: Path) -> PretrainedWeights:
    """Where ResNet's weights come from."""
    return PretrainedWeights(_HUB, ("resnet",), options.weights_dir, cache_dir)


def resnet_extractor(options: ExtractorOptions, cache_dir: Path) -> NetworkExtractor:
    """The stages that `options` ask for, averaged over the photo; layer3 has 1024 numbers.

    Stages are concatenated in the network's order; with `mean_std`, all means of a stage come before its
    spreads. Raises FeatureError for unusable local weights.
    """
    weights = resnet_weights(options, cache_dir)
    widths = _widths(weights.in_weights_dir)
    stages = sorted({int(layer.removeprefix("layer")) - 1 for layer in options.resnet_layers})
    kinds = options.resnet_pooling.split("_")
    columns = tuple(
        f"layer{stage + 1}_{kind}_{place:04d}"
        for stage in stages
        for kind in kinds
        for place in range(widths[stage])
    )
    layers = "+".join(f"layer{stage + 1}" for stage in stages)
    return NetworkExtractor(
        name="resnet",
        version=1,
        weights=weights.identity,
        output=f"{layers}/{options.resnet_pooling}",
        columns=columns,
        prepare=_preprocessing(options),
        mean=_MEAN,
        std=_STD,
        build=partial(_build, weights, tuple(stages), with_spread="std" in kinds),
        options=options,
        cache_dir=cache_dir,
    )


def _widths(folder: ModelFolder | None) -> Sequence[int]:
    """Numbers per stage, of the hub's network or of the one in a folder."""
    widths = folder.config().get("hidden_sizes", _WIDTHS) if folder else _WIDTHS
    if folder and not (
        isinstance(widths, (list, tuple))
        and len(widths) == len(_WIDTHS)
        and all(type(width) is int and width > 0 for width in widths)
    ):
        raise folder.unfit_config("must have four hidden_sizes over 0")
    return widths


def _preprocessing(options: ExtractorOptions) -> Preprocessing:
    size = options.resnet_size
    match options.preprocess:
        case "crop":
            return Crop(size, resize=int(size / _CROP_SHARE))
        case "pad":
            return Pad(size)
        case "whole":
            return Whole(size)


def _build(weights: PretrainedWeights, stages: tuple[int, ...], with_spread: bool) -> "nn.Module":
    with extra("hub"):
        import torch
        from torch import nn
        from transformers import ResNetModel

    class PooledStages(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            model: Any = load_network(weights.folder(), ResNetModel)
            self.embedder = model.embedder
            # What lies behind the deepest stage asked for is neither computed nor kept.
            self.stages = model.encoder.stages[: stages[-1] + 1]

        def forward(self, photos: "Tensor") -> "Tensor":
            hidden = self.embedder(photos)
            pooled = []
            for number, stage in enumerate(self.stages):
                hidden = stage(hidden)
                if number in stages:
                    pooled.append(hidden.mean(dim=(2, 3)))
                    if with_spread:
                        pooled.append(hidden.var(dim=(2, 3), correction=0).clamp(min=0).sqrt())
            return torch.cat(pooled, dim=1)

    return PooledStages()


SPEC = ExtractorSpec(
    "ResNet",
    "stages of an ImageNet ResNet-50",
    resnet_extractor,
    resnet_weights,
    core_seconds=0.049,
    specified=True,
)
