from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from PIL import Image

from phototriage.errors import FeatureError
from phototriage.features import ExtractorOptions
from phototriage.features.extractors.resnet import resnet_extractor
from phototriage.features.options import ResnetLayer

RNG = np.random.default_rng(0)
PHOTOS = [RNG.integers(0, 256, size, np.uint8) for size in ((90, 120, 3), (70, 64, 3), (64, 200, 3))]


def reference(weights: Path, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
    from transformers import ResNetModel

    model = ResNetModel.from_pretrained(weights / "resnet-50").eval()
    with torch.no_grad():
        hidden: tuple[torch.Tensor, ...] = model(pixels, output_hidden_states=True).hidden_states
    return hidden


def test_equals_the_reference_model_and_processor(tiny_weights: Path, tmp_path: Path) -> None:
    from transformers import ConvNextImageProcessorPil

    extractor = resnet_extractor(ExtractorOptions(weights_dir=tiny_weights, runtime="torch"), tmp_path)
    processor = ConvNextImageProcessorPil(
        size={"shortest_edge": 224}, crop_pct=0.875, resample=Image.Resampling.BICUBIC,
        image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225],
    )  # fmt: skip
    pixels = processor([Image.fromarray(photo) for photo in PHOTOS], return_tensors="pt")["pixel_values"]
    # The first hidden state is the embedder's, so the third stage is the fourth.
    expected = reference(tiny_weights, pixels)[3].mean(dim=(2, 3))
    found = extractor([extractor.prepare(photo) for photo in PHOTOS])
    assert extractor.block.dim == 32
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("layers", "pooling", "dim"),
    [
        (("layer1",), "mean", 16),
        (("layer4", "layer2"), "mean", 24 + 40),
        (("layer2", "layer3"), "mean_std", 2 * (24 + 32)),
    ],
)
def test_layers_and_pooling(
    tiny_weights: Path,
    tmp_path: Path,
    layers: tuple[ResnetLayer, ...],
    pooling: Literal["mean", "mean_std"],
    dim: int,
) -> None:
    options = ExtractorOptions(
        weights_dir=tiny_weights,
        runtime="torch",
        resnet_layers=layers,
        resnet_pooling=pooling,
        preprocess="whole",
        resnet_size=800,
    )
    extractor = resnet_extractor(options, tmp_path)
    found = extractor([extractor.prepare(photo) for photo in PHOTOS])
    assert found.shape == (3, dim)
    assert len(set(extractor.block.columns)) == dim
    mean, std = (np.array(values).reshape(3, 1, 1) for values in (extractor.mean, extractor.std))
    for row, photo in zip(found, PHOTOS, strict=True):
        pixels = torch.from_numpy((photo.transpose(2, 0, 1) / 255 - mean) / std).float()[None]
        hidden = reference(tiny_weights, pixels)
        expected = []
        for layer in sorted(layers):
            positions = hidden[int(layer[-1])][0].flatten(1).numpy()
            expected += [positions.mean(axis=1)]
            if pooling == "mean_std":
                expected += [positions.std(axis=1)]
        np.testing.assert_allclose(row, np.concatenate(expected), atol=1e-4)


def test_nothing_behind_the_deepest_layer_is_kept(tiny_weights: Path, tmp_path: Path) -> None:
    options = ExtractorOptions(weights_dir=tiny_weights, resnet_layers=("layer2",))
    network = resnet_extractor(options, tmp_path).build()
    assert isinstance(network.stages, torch.nn.ModuleList)
    assert len(network.stages) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resnet_size": 801}, "resnet_size must lie between 32 and 800"),
        ({"resnet_layers": ()}, "needs at least one"),
        ({"inference_batch_size": 0}, "at least 1"),
        ({"precision": "int8", "runtime": "torch"}, "--precision int8 needs --runtime onnx"),
        ({"device": "cuda", "runtime": "onnx"}, "--runtime onnx runs on the CPU"),
    ],
)
def test_options_that_cannot_work(options: dict[str, object], message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        ExtractorOptions(**options)  # type: ignore[arg-type]
