"""The `clip` block: image embeddings of OpenAI's CLIP ViT-B/32 (Radford et al., ICML 2021)."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from phototriage.extras import extra
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.features.extractors.preprocessing import Crop, Pad
from phototriage.features.extractors.spec import ExtractorSpec
from phototriage.features.options import ExtractorOptions
from phototriage.features.runtime.hub import HubModel
from phototriage.features.runtime.pretrained import PretrainedWeights, load_network

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["SPEC", "clip_extractor", "clip_weights"]

_HUB = HubModel("openai/clip-vit-base-patch32", "c237dc49a33fc61debc9276459120b7eac67e7ef")
_SIDE, _DIM = 224, 512
_MEAN, _STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def clip_weights(options: ExtractorOptions, cache_dir: Path) -> PretrainedWeights:
    """Where CLIP's weights come from."""
    return PretrainedWeights(_HUB, ("clip", "clip_vision_model"), options.weights_dir, cache_dir)


def clip_extractor(options: ExtractorOptions, cache_dir: Path) -> NetworkExtractor:
    """L2-normalised image embeddings, 512 numbers. Raises FeatureError for unusable local weights."""
    weights = clip_weights(options, cache_dir)
    side, dim = _SIDE, _DIM
    if folder := weights.in_weights_dir:
        within = ["vision_config"] if "vision_config" in folder.config() else []
        side, dim = folder.number(*within, "image_size"), folder.number("projection_dim")
    return NetworkExtractor(
        name="clip",
        version=1,
        weights=weights.identity,
        output="",
        columns=tuple(f"clip_{place:04d}" for place in range(dim)),
        # A square is all that it takes: the whole photo is a padded one.
        prepare=Crop(side, resize=side) if options.preprocess == "crop" else Pad(side),
        mean=_MEAN,
        std=_STD,
        build=partial(_build, weights),
        options=options,
        cache_dir=cache_dir,
        precision=options.precision,
    )


def _build(weights: PretrainedWeights) -> "nn.Module":
    with extra("hub"):
        import torch.nn.functional as F
        from torch import nn
        from transformers import CLIPVisionModelWithProjection

    class ClipEmbedding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = load_network(weights.folder(), CLIPVisionModelWithProjection)

        def forward(self, photos: "Tensor") -> "Tensor":
            return F.normalize(self.model(pixel_values=photos).image_embeds, dim=-1)

    return ClipEmbedding()


SPEC = ExtractorSpec(
    "CLIP",
    "image embedding of CLIP ViT-B/32",
    clip_extractor,
    clip_weights,
    core_seconds=0.070,
    specified=True,
    baseline=True,
)
