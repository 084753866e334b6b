"""How features are made: what changes the numbers, and what changes only the time they take."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from phototriage.errors import FeatureError

__all__ = ["BackbonePooling", "Device", "ExtractorOptions", "Precision", "ResnetLayer", "Runtime"]

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["fp32", "int8"]
Runtime = Literal["auto", "torch", "onnx"]
BackbonePooling = Literal["mean", "mean_std", "cls"]
ResnetLayer = Literal["layer1", "layer2", "layer3", "layer4"]

# [owner/]name[@revision]; a name of dots alone would be a folder above.
_REPOSITORY = re.compile(r"(?:[\w-][\w.-]*/)?[\w-][\w.-]*(?:@[\w][\w./-]*)?")


@dataclass(frozen=True)
class ExtractorOptions:
    """Choices about the learned features; those down to the weights are part of their fingerprints."""

    preprocess: Literal["crop", "pad", "whole"] = "crop"
    """crop: the middle square, as the networks were trained. pad: all of the photo in a square, so that its
    framing is seen. whole: all of the photo in its own shape, for ResNet and other convolutional networks;
    CLIP and other transformers take squares and pad."""
    resnet_size: int = 224
    """The side of what ResNet sees, in pixels, from 32 to 800; with whole, the long side. Over 224 it sees
    finer detail, at a cost that grows with the area; whole at 800 is the photo as it was decoded."""
    resnet_layers: tuple[ResnetLayer, ...] = ("layer3",)
    """ResNet stages whose outputs are used: layer1 (256 numbers), layer2 (512), layer3 (1024), layer4
    (2048)."""
    resnet_pooling: Literal["mean", "mean_std"] = "mean"
    """What is kept of a stage's output over the photo: its mean, or its mean and spread."""
    backbone: str | None = None
    """A vision model of the Hugging Face hub, REPO or REPO@REVISION, such as facebook/dinov2-small; its
    features are called backbone. A ranker that was trained with one names it itself."""
    backbone_layers: tuple[int, ...] = (-1,)
    """Layers of the backbone whose outputs are used: 1 is the first block or stage, -1 the last."""
    backbone_pooling: BackbonePooling = "mean"
    """What is kept of a layer's output over the photo: its mean, its mean and spread, or the class token."""
    backbone_size: int | None = None
    """The side of what the backbone sees, in pixels, from 32 to 800; by default as it was trained."""
    precision: Precision = "fp32"
    """int8 makes CLIP faster on a CPU by 8-bit matrix products; the numbers differ a little."""
    weights_dir: Path | None = None
    """A folder with clip-vit-base-patch32/ and resnet-50/, or the folder of the backbone, as the Hugging Face
    hub has them; without it they come from the hub, or from its cache with HF_HUB_OFFLINE=1."""
    device: Device = "auto"
    """Where networks run; auto takes a GPU where there is one."""
    runtime: Runtime = "auto"
    """What runs them; auto takes onnx on the CPU and torch elsewhere."""
    inference_batch_size: int = 16
    """Photos that go through a network at once."""

    def __post_init__(self) -> None:
        if self.weights_dir is not None:  # text will do, though the command line needs the type `Path`
            object.__setattr__(self, "weights_dir", Path(self.weights_dir))
        if not 32 <= self.resnet_size <= 800:
            raise FeatureError(f"resnet_size must lie between 32 and 800, not at {self.resnet_size}")
        if not self.resnet_layers:
            raise FeatureError("resnet_layers needs at least one of layer1, layer2, layer3, layer4")
        if self.backbone is not None and not _REPOSITORY.fullmatch(self.backbone):
            raise FeatureError(
                f"backbone must be REPO or REPO@REVISION of the hub, such as facebook/dinov2-small, not "
                f"{self.backbone!r}; for a folder WEIGHTS/NAME give --backbone NAME --weights_dir WEIGHTS"
            )
        if not self.backbone_layers:
            raise FeatureError("backbone_layers needs at least one layer, such as -1 for the last")
        if self.backbone_size is not None and not 32 <= self.backbone_size <= 800:
            raise FeatureError(f"backbone_size must lie between 32 and 800, not at {self.backbone_size}")
        if self.inference_batch_size < 1:
            raise FeatureError(f"inference_batch_size must be at least 1, not {self.inference_batch_size}")
        if self.runtime == "onnx" and self.device in ("cuda", "mps"):
            raise FeatureError(f"--runtime onnx runs on the CPU: leave it out for --device {self.device}")
        if self.precision == "int8" and (self.runtime == "torch" or self.device in ("cuda", "mps")):
            raise FeatureError("--precision int8 needs --runtime onnx and the CPU")
