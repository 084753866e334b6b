from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from phototriage.errors import FeatureError, OutputError
from phototriage.features import Block
from phototriage.features.cache.exported import export_folder, find_exported
from phototriage.features.runtime import onnx_export as module
from phototriage.features.runtime.onnx_export import export_onnx
from phototriage.features.runtime.onnx_runtime import Infer, start_onnx
from phototriage.features.runtime.torch_runtime import FromPixels, start_torch

BLOCK = Block("mean", "mean/1", ("a", "b", "c"))
RNG = np.random.default_rng(0)
LYING, UPRIGHT = (RNG.integers(0, 256, shape, np.uint8) for shape in ((6, 9, 3), (9, 6, 3)))


class Mean(torch.nn.Module):
    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.relu(photos).mean(dim=(2, 3))


class Product(Mean):
    def __init__(self) -> None:
        super().__init__()
        self.product = torch.nn.Linear(3, 2000)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return self.product(super().forward(photos))


NETWORK = FromPixels(Mean(), (0.0, 0.1, 0.2), (1.0, 1.0, 1.0))


def test_the_file_is_kept_and_nothing_else(tmp_path: Path) -> None:
    path = export_onnx(NETWORK, [LYING, LYING // 2], tmp_path, BLOCK)
    assert find_exported(tmp_path, BLOCK) == path
    assert list(export_folder(tmp_path).iterdir()) == [path]
    photos = np.stack([LYING, LYING // 3, LYING // 4])
    np.testing.assert_allclose(start_onnx(path)(photos), start_torch(NETWORK, "cpu")(photos), atol=1e-6)


def test_examples_of_two_shapes_make_a_network_for_any(tmp_path: Path) -> None:
    infer = start_onnx(export_onnx(NETWORK, [LYING, UPRIGHT, LYING, UPRIGHT], tmp_path, BLOCK))
    for shape in ((1, 4, 5, 3), (3, 9, 9, 3)):
        photos = RNG.integers(0, 256, shape, np.uint8)
        np.testing.assert_allclose(infer(photos), start_torch(NETWORK, "cpu")(photos), atol=1e-6)


def test_a_black_photo_without_a_direction_is_compared_too(tmp_path: Path) -> None:
    assert export_onnx(NETWORK, [LYING, np.zeros_like(LYING)], tmp_path, BLOCK).exists()


def wrong(found: Infer, kind: str) -> Infer:
    """Mistakes that a runtime might make."""

    def infer(photos: np.ndarray) -> np.ndarray:
        vectors = found(photos)
        if kind == "scaled":
            return vectors * np.float32(1.1)
        if kind == "single" and len(photos) == 1:
            return vectors[:, ::-1]
        if kind == "upright" and photos.shape[1] > photos.shape[2]:
            return vectors[:, ::-1]
        if kind == "nan":
            return vectors * np.nan
        return vectors

    return infer


@pytest.mark.parametrize("kind", ["scaled", "single", "upright", "nan"])
def test_a_network_whose_numbers_are_not_torchs_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(module, "start_onnx", lambda path: wrong(start_onnx(path), kind))
    with pytest.raises(FeatureError, match=r"differ from torch's by .*%: use --runtime torch"):
        export_onnx(NETWORK, [LYING, UPRIGHT, LYING, UPRIGHT], tmp_path, BLOCK)
    assert list(export_folder(tmp_path).iterdir()) == []


@pytest.mark.parametrize("step", ["_export", "_quantized", "keep_exported"])
def test_a_full_disk_is_one_clear_error_at_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    do = getattr(module, step)

    def on_a_full_disk(*arguments: Any) -> Any:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
        try:
            return do(*arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    monkeypatch.setattr(module, step, on_a_full_disk)
    with pytest.raises(OutputError, match=r"cannot write .*free some space, or choose .*--cache_dir"):
        export_onnx(FromPixels(Product(), (0,) * 3, (1,) * 3), [LYING, LYING], tmp_path, BLOCK, int8=True)
    assert list(export_folder(tmp_path).iterdir()) == []
