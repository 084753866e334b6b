"""The `backbone` block: pooled layers of any vision model of `transformers`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from phototriage.errors import FeatureError
from phototriage.extras import extra
from phototriage.features.block import Block
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.features.extractors.preprocessing import Crop, Pad, Preprocessing, Whole
from phototriage.features.extractors.spec import ExtractorSpec
from phototriage.features.options import ExtractorOptions
from phototriage.features.runtime.hub import HubModel, pinned_revision
from phototriage.features.runtime.pretrained import PretrainedWeights
from phototriage.features.runtime.vision_model import Anatomy, ImageProcessor, anatomy, load_vision_model

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["SPEC", "backbone_extractor", "backbone_weights", "options_of", "pinned"]

_NAME = "backbone"
_PROCESSOR = "preprocessor_config.json"
_FINGERPRINT = re.compile(
    r"backbone-\d+/(?P<weights>.+)/(?P<layers>layer\d+(?:\+layer\d+)*)/(?P<pooling>mean|mean_std|cls)"
    r"/(?P<preprocess>crop|pad|whole)(?P<size>\d+)(?:of\d+)?/area.+"
)


def pinned(options: ExtractorOptions) -> ExtractorOptions:
    """The options with the backbone's revision as a commit, so that they name the same weights everywhere.

    Models of `weights_dir` that came without a revision stay as they are; a checksum names those. Raises
    FeatureError where the hub must be asked and cannot be.
    """
    if options.backbone is None:
        return options
    repository, _, revision = options.backbone.partition("@")
    folder = options.weights_dir and options.weights_dir / repository.rpartition("/")[2]
    commit = pinned_revision(repository, revision, folder)
    return replace(options, backbone=f"{repository}@{commit}" if commit else repository)


def backbone_weights(options: ExtractorOptions, cache_dir: Path) -> PretrainedWeights:
    """Where the backbone's weights come from. Raises FeatureError where no backbone is named."""
    if options.backbone is None:
        raise FeatureError(
            "the features 'backbone' need a model: give --backbone REPO[@revision], "
            "such as --backbone facebook/dinov2-small"
        )
    repository, _, revision = str(pinned(options).backbone).partition("@")
    return PretrainedWeights(
        HubModel(repository, revision, also=(_PROCESSOR,)), (), options.weights_dir, cache_dir
    )


def backbone_extractor(options: ExtractorOptions, cache_dir: Path) -> NetworkExtractor:
    """The layers that `options` ask for, pooled over the photo.

    Layer 1 is the output of the first block (transformers) or stage (convolutional networks); the last layer
    is the network's output, behind its final normalization. Layers are concatenated in the network's order;
    with `mean_std`, all means of a layer come before its spreads. Input size and normalization are those of
    the model's preprocessor_config.json. Raises FeatureError for a model that cannot be used.
    """
    weights = backbone_weights(options, cache_dir)
    folder = weights.config_folder()
    processor = ImageProcessor.read(folder)
    size = options.backbone_size or processor.size
    body = anatomy(folder, size)
    layers = _chosen(options.backbone_layers, body)
    if options.backbone_pooling == "cls" and not body.leading:
        raise FeatureError(f"{options.backbone} has no class token: use --backbone_pooling mean or mean_std")
    kinds = options.backbone_pooling.split("_")
    columns = tuple(
        f"layer{layer}_{kind}_{place:04d}"
        for layer in layers
        for kind in kinds
        for place in range(body.widths[layer - 1])
    )
    identity = weights.identity
    if identity == weights.hub.identity:
        # In full, since `options_of` reads it back.
        identity = f"{weights.hub.repository}@{weights.hub.revision}"
    return NetworkExtractor(
        name=_NAME,
        version=1,
        weights=identity,
        output=f"{'+'.join(f'layer{layer}' for layer in layers)}/{options.backbone_pooling}",
        columns=columns,
        prepare=_preprocessing(options, size, processor, body),
        mean=processor.mean,
        std=processor.std,
        build=partial(_build, weights, layers, options.backbone_pooling, body),
        options=options,
        cache_dir=cache_dir,
    )


def options_of(block: Block, options: ExtractorOptions) -> ExtractorOptions:
    """The options that make `block`, read from its fingerprint; `options` supply where and how to run."""
    found = _FINGERPRINT.fullmatch(block.fingerprint)
    if found is None:
        return options
    weights = found["weights"]
    return replace(
        options,
        # A model of a folder is NAME#CHECKSUM, one of the hub REPO@COMMIT.
        backbone=weights.partition("#")[0],
        backbone_layers=tuple(int(each.removeprefix("layer")) for each in found["layers"].split("+")),
        backbone_pooling=found["pooling"],  # type: ignore[arg-type]
        backbone_size=int(found["size"]),
        preprocess=found["preprocess"],  # type: ignore[arg-type]
    )


def _chosen(layers: Sequence[int], body: Anatomy) -> tuple[int, ...]:
    """The numbers of the layers from 1, ascending. Raises FeatureError for one that is not there."""
    depth = len(body.widths)
    if wrong := [layer for layer in layers if not 1 <= abs(layer) <= depth]:
        raise FeatureError(
            f"--backbone_layers {wrong[0]} is not there: the model has layers 1 to {depth}, or -1 (the last) "
            f"to {-depth}"
        )
    return tuple(sorted({layer if layer > 0 else depth + 1 + layer for layer in layers}))


def _preprocessing(
    options: ExtractorOptions, size: int, processor: ImageProcessor, body: Anatomy
) -> Preprocessing:
    match options.preprocess:
        case "crop":
            return Crop(size, resize=round(size * processor.resize / processor.size))
        case "whole" if body.any_shape:
            return Whole(size)
        case _:
            return Pad(size)


def _build(weights: PretrainedWeights, layers: tuple[int, ...], pooling: str, body: Anatomy) -> "nn.Module":
    with extra("hub"):
        import torch
        from torch import nn

    class PooledLayers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = load_vision_model(weights.folder())

        def forward(self, photos: "Tensor") -> "Tensor":
            pooled = []
            outputs = self.model(photos)
            for layer in layers:
                hidden = outputs[layer - 1]
                if pooling == "cls":
                    pooled.append(hidden[:, 0])
                    continue
                # Tokens are (n, places, d), behind the class token and registers; maps are (n, d, h, w).
                places = hidden.flatten(2) if hidden.ndim == 4 else hidden[:, body.leading :].transpose(1, 2)
                pooled.append(places.mean(dim=2))
                if pooling == "mean_std":
                    pooled.append(places.var(dim=2, correction=0).clamp(min=0).sqrt())
            return torch.cat(pooled, dim=1)

    return PooledLayers()


SPEC = ExtractorSpec(
    "Backbone",
    "layers of the vision model that --backbone names",
    backbone_extractor,
    backbone_weights,
    core_seconds=0.2,
    baseline=True,
    needs="backbone",
    options_of=options_of,
)
