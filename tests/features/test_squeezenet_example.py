"""The example of docs/backbones.md does what the page says."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from phototriage.errors import FeatureError
from phototriage.features import EXTRACTORS, ExtractorOptions, MultiFeatureExtractor
from squeezenet import SPEC, squeezenet_extractor

ROOT = Path(__file__).parents[2]
FILE = "squeezenet1_1.safetensors"
SQUEEZED = {2: 4, 3: 4, 4: 6, 5: 6, 6: 8, 7: 8, 8: 10, 9: 10}
RNG = np.random.default_rng(0)
PHOTOS = [RNG.integers(0, 256, size, np.uint8) for size in ((66, 97, 3), (64, 64, 3), (97, 66, 3))]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random network with SqueezeNet's names and a tenth of its width; float16."""
    folder = tmp_path_factory.mktemp("squeezenet")
    random = torch.Generator().manual_seed(0)
    tensors = {}

    def convolution(name: str, wide: int, out: int, side: int) -> None:
        shape = (out, wide, side, side)
        tensors[f"{name}.weight"] = (
            torch.randn(shape, generator=random) * (2 / wide / side**2) ** 0.5
        ).half()
        tensors[f"{name}.bias"] = torch.randn(out, generator=random) / 10

    convolution("conv1", 3, 8, 3)
    wide = 8
    for fire, narrow in SQUEEZED.items():
        convolution(f"fire{fire}.squeeze1x1", wide, narrow, 1)
        convolution(f"fire{fire}.expand1x1", narrow, 3 * narrow, 1)
        convolution(f"fire{fire}.expand3x3", narrow, 3 * narrow, 3)
        wide = 6 * narrow
    convolution("conv10", wide, 5, 1)
    save_file(tensors, folder / FILE)
    return folder


def plain(weights: Path, photo: NDArray[np.uint8], layers: tuple[int, ...]) -> NDArray[Any]:
    """The network as its paper's release has it, layer after layer, in double precision."""
    tensors = {name: tensor.double() for name, tensor in load_file(weights / FILE).items()}

    def convolve(name: str, hidden: torch.Tensor, **how: int) -> torch.Tensor:
        return F.conv2d(hidden, tensors[f"{name}.weight"], tensors[f"{name}.bias"], **how)

    blue_green_red = photo[:, :, ::-1].astype(np.float64) - np.array([104, 117, 123])
    hidden = convolve("conv1", torch.from_numpy(blue_green_red.transpose(2, 0, 1))[None], stride=2).relu()
    hidden = F.max_pool2d(hidden, 3, stride=2, ceil_mode=True)
    pooled = []
    for fire in SQUEEZED:
        squeezed = convolve(f"fire{fire}.squeeze1x1", hidden).relu()
        expanded = [
            convolve(f"fire{fire}.expand1x1", squeezed),
            convolve(f"fire{fire}.expand3x3", squeezed, padding=1),
        ]
        hidden = torch.cat(expanded, dim=1).relu()
        positions = hidden[0].flatten(1).numpy()
        if fire in layers:
            pooled += [positions.mean(axis=1), positions.std(axis=1)]
        if fire in (3, 5):
            hidden = F.max_pool2d(hidden, 3, stride=2, ceil_mode=True)
    return np.concatenate(pooled)


@pytest.mark.parametrize("layers", [(3, 5, 7, 9), (7,), (2, 9)])
def test_pooled_numbers_equal_a_plain_computation(
    weights: Path, tmp_path: Path, layers: tuple[int, ...]
) -> None:
    options = ExtractorOptions(weights_dir=weights, runtime="torch", device="cpu")
    extractor = squeezenet_extractor(options, tmp_path, layers=layers)
    found = extractor([extractor.prepare(photo) for photo in PHOTOS])
    expected = [plain(weights, photo, layers) for photo in PHOTOS]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    assert len(set(extractor.block.columns)) == extractor.block.dim == found.shape[1]


def test_a_photo_is_seen_at_the_chosen_size(weights: Path, tmp_path: Path) -> None:
    extractor = squeezenet_extractor(ExtractorOptions(weights_dir=weights), tmp_path, size=48)
    assert [extractor.prepare(photo).shape for photo in PHOTOS] == [(33, 48, 3), (48, 48, 3), (48, 33, 3)]


def test_onnx_equals_torch(weights: Path, tmp_path: Path) -> None:
    found = {}
    runtimes: tuple[Literal["torch", "onnx"], ...] = ("torch", "onnx")
    for runtime in runtimes:
        options = ExtractorOptions(weights_dir=weights, runtime=runtime, device="cpu")
        extractor = squeezenet_extractor(options, tmp_path, layers=(3, 5))
        found[runtime] = extractor([extractor.prepare(photo) for photo in PHOTOS])
    products = (found["torch"] * found["onnx"]).sum(axis=1)
    cosines = products / np.prod([np.linalg.norm(rows, axis=1) for rows in found.values()], axis=0)
    assert cosines.min() >= 0.9999
    assert list((tmp_path / "onnx").glob("squeezenet-*.onnx"))


def test_a_registered_name_measures_photos(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        EXTRACTORS, "squeezenet", replace(SPEC, build=partial(squeezenet_extractor, layers=(5, 7)))
    )
    files = {f"{number}.png": tmp_path / f"{number}.png" for number in range(len(PHOTOS))}
    for path, photo in zip(files.values(), PHOTOS, strict=True):
        cv2.imwrite(str(path), photo[:, :, ::-1])
    options = ExtractorOptions(weights_dir=weights, runtime="torch", device="cpu")
    extractor = MultiFeatureExtractor(["squeezenet", "iqa"], options, tmp_path / "cache")
    features = extractor(files, workers=1)
    assert [block.name for block in features.blocks] == ["iqa", "squeezenet"]
    assert extractor.dim == 4 + 2 * 6 * (6 + 8)
    expected = [plain(weights, photo, (5, 7)) for photo in PHOTOS]
    np.testing.assert_allclose(features.matrix[:, 4:], expected, rtol=1e-4, atol=1e-3)


def test_the_fingerprint_names_weights_layers_and_size(weights: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    tensors = load_file(weights / FILE)
    save_file({name: tensor + 1 for name, tensor in tensors.items()}, other / FILE)
    choices: list[tuple[Path, dict[str, Any]]] = [
        (weights, {}),
        (other, {}),
        (weights, {"layers": (7,)}),
        (weights, {"size": 227}),
    ]
    prints = [
        squeezenet_extractor(ExtractorOptions(weights_dir=folder), tmp_path, **choice).block.fingerprint
        for folder, choice in choices
    ]
    assert len(set(prints)) == len(choices)


@pytest.mark.parametrize("content", [None, b"", b"\xff" * 100])
def test_unusable_weights_are_told_at_once(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(FeatureError, match=r"the weights .*squeezenet1_1\.safetensors cannot be read"):
        squeezenet_extractor(ExtractorOptions(weights_dir=tmp_path), tmp_path)


def test_the_page_shows_the_file_and_the_line() -> None:
    blocks = [
        block.partition("```")[0] for block in (ROOT / "docs/backbones.md").read_text().split("```python\n")
    ]
    assert blocks[1] == (ROOT / "benchmarks/squeezenet.py").read_text()
    assert blocks[2] == '    "squeezenet": squeezenet.SPEC,\n'
