import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from phototriage.errors import FeatureError
from phototriage.features import ExtractorOptions, FeatureExtractor, MultiFeatureExtractor
from phototriage.features.extractors import preprocessing
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.features.extractors.preprocessing import Pad, Whole
from phototriage.features.options import Precision, Runtime

RNG = np.random.default_rng(0)
PHOTOS = [RNG.integers(0, 256, (90, 120, 3), np.uint8) for _ in range(5)]


class Mean(torch.nn.Module):
    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return photos.mean(dim=(2, 3))


class Undecided(Mean):
    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return super().forward(photos if float(photos.sum()) > 0 else -photos)


class OutOfMemory(torch.nn.Module):
    def forward(self, photos: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        return torch.empty(1 << 45)  # more than a process can address


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for the module, since an export takes seconds."""
    return tmp_path_factory.mktemp("cache")


def extractor_of(cache_dir: Path, **changes: Any) -> NetworkExtractor:
    plain = NetworkExtractor(
        name="colour",
        version=1,
        weights="none",
        output="mean",
        columns=("r", "g", "b"),
        prepare=Pad(48),
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        build=Mean,
        options=ExtractorOptions(runtime="torch", device="cpu"),
        cache_dir=cache_dir,
    )
    return replace(plain, **changes)


def features(extractor: FeatureExtractor, photos: list[NDArray[np.uint8]] = PHOTOS) -> NDArray[np.float32]:
    return extractor([extractor.prepare(photo) for photo in photos])


def cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    products: NDArray[np.float32] = (one * other).sum(axis=1)
    return products / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


def named(name: str, weights: Path, cache_dir: Path, **options: Any) -> FeatureExtractor:
    chosen = ExtractorOptions(weights_dir=weights, device="cpu", **options)
    return MultiFeatureExtractor([name], chosen, cache_dir).extractors[0]


def test_the_fingerprint_is_made_of_everything_that_moves_the_numbers(tmp_path: Path) -> None:
    plain = extractor_of(tmp_path)
    assert plain.block.fingerprint.startswith("colour-1/none/mean/pad48/area800/decoding-")
    others: list[dict[str, Any]] = [
        {"version": 2},
        {"weights": "some"},
        {"output": "spread"},
        {"prepare": Pad(49)},
        {"prepare": Whole(48)},
        {"mean": (0.0, 0.0, 0.1)},
        {"std": (1.0, 1.0, 2.0)},
        {"precision": "int8"},
    ]
    prints = [extractor_of(tmp_path, **changes).block.fingerprint for changes in ({}, *others)]
    assert len(set(prints)) == len(prints)
    assert extractor_of(tmp_path, options=ExtractorOptions(inference_batch_size=2)).block == plain.block


def test_a_library_that_scales_otherwise_makes_another_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = extractor_of(tmp_path).block

    def bilinear(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
        return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))

    monkeypatch.setattr(preprocessing, "_resized", bilinear)
    assert extractor_of(tmp_path).block != before


@pytest.mark.parametrize("name", ["clip", "resnet"])
def test_an_exported_network_needs_neither_torch_nor_weights_nor_another_export(
    tiny_weights: Path, cache_dir: Path, tmp_path: Path, name: str
) -> None:
    found = {
        runtime: features(named(name, tiny_weights, cache_dir, runtime=runtime, inference_batch_size=2))
        for runtime in ("torch", "onnx")
    }
    assert cosines(found["torch"], found["onnx"]).min() > 0.9999
    (exported,) = (cache_dir / "onnx").glob(f"{name}-*")
    written = exported.stat().st_mtime_ns
    np.save(tmp_path / "photos.npy", PHOTOS)
    np.save(tmp_path / "expected.npy", found["onnx"])
    script = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from phototriage.features import ExtractorOptions, MultiFeatureExtractor\n"
        "from phototriage.features.runtime import device\n"
        "device.gpu_is_possible = lambda: False\n"
        f"options = ExtractorOptions(weights_dir=Path({str(tiny_weights)!r}))\n"
        f"here = Path({str(tmp_path)!r})\n"
        f"(extractor,) = MultiFeatureExtractor([{name!r}], options, Path({str(cache_dir)!r})).extractors\n"
        "found = extractor([extractor.prepare(photo) for photo in np.load(here / 'photos.npy')])\n"
        "np.testing.assert_allclose(found, np.load(here / 'expected.npy'), rtol=1e-5, atol=1e-6)\n"
        "assert not {'torch', 'transformers', 'huggingface_hub', 'onnx'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert exported.stat().st_mtime_ns == written


def test_a_damaged_export_is_set_aside_and_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options = ExtractorOptions(runtime="onnx")
    expected = features(extractor_of(tmp_path, options=options))
    (exported,) = (tmp_path / "onnx").iterdir()
    exported.write_bytes(exported.read_bytes()[:-9])
    assert np.array_equal(features(extractor_of(tmp_path, options=options)), expected)
    assert [each.getMessage() for each in caplog.records if each.name.startswith("phototriage")] == [
        f"set aside a damaged network, it is exported again: {exported}"
    ]
    assert {path.suffix for path in (tmp_path / "onnx").iterdir()} == {".onnx", ".broken"}


def test_torch_runs_what_cannot_be_exported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    auto = extractor_of(tmp_path, options=ExtractorOptions(device="cpu"), build=Undecided)
    assert np.array_equal(features(auto), features(extractor_of(tmp_path)))
    (warning,) = [each.getMessage() for each in caplog.records if each.name.startswith("phototriage")]
    assert warning.startswith("'colour' runs by torch, which may be slower: the network cannot be exported")
    asked = extractor_of(tmp_path, options=ExtractorOptions(runtime="onnx"), build=Undecided)
    with pytest.raises(FeatureError, match=r"cannot be exported to ONNX \(.*\): use --runtime torch"):
        features(asked)


def test_photos_of_any_shape_go_through_onnx(tiny_weights: Path, cache_dir: Path) -> None:
    shapes = [(90, 120, 3), (64, 64, 3), (120, 90, 3), (90, 120, 3)]
    photos = [RNG.integers(0, 256, shape, np.uint8) for shape in shapes]
    torchs, onnxs = (
        features(
            named(
                "resnet",
                tiny_weights,
                cache_dir,
                runtime=runtime,
                preprocess="whole",
                resnet_layers=("layer1",),
            ),
            photos,
        )
        for runtime in ("torch", "onnx")
    )
    assert cosines(torchs, onnxs).min() > 0.9999


def test_int8_is_near_and_kept_apart(tiny_weights: Path, cache_dir: Path) -> None:
    both = [named("clip", tiny_weights, cache_dir, precision=precision) for precision in ("fp32", "int8")]
    plain, quantised = map(features, both)
    assert cosines(plain, quantised).min() > 0.98
    assert not np.array_equal(plain, quantised)
    assert both[0].block != both[1].block
    assert len(list((cache_dir / "onnx").glob("clip-*"))) == 2


def test_int8_is_for_clip_alone(tiny_weights: Path, tmp_path: Path) -> None:
    plain, chosen = (
        named("resnet", tiny_weights, tmp_path, precision=each).block for each in ("fp32", "int8")
    )
    assert plain == chosen


@pytest.mark.parametrize(("runtime", "precision"), [("torch", "fp32"), ("onnx", "fp32"), ("onnx", "int8")])
def test_the_batch_size_changes_nothing_but_the_time(
    tiny_weights: Path, cache_dir: Path, runtime: Runtime, precision: Precision
) -> None:
    runs = [
        features(
            named(
                "clip",
                tiny_weights,
                cache_dir,
                runtime=runtime,
                precision=precision,
                inference_batch_size=size,
            )
        )
        for size in (1, 3, 16)
    ]
    np.testing.assert_allclose(runs[0], runs[1], atol=1e-6)
    np.testing.assert_allclose(runs[0], runs[2], atol=1e-6)


def test_an_impossible_device_is_told_before_weights_are_loaded(tmp_path: Path) -> None:
    def build() -> torch.nn.Module:
        raise AssertionError("weights were loaded")

    extractor = extractor_of(tmp_path, options=ExtractorOptions(device="mps"), build=build)
    with pytest.raises(FeatureError, match="there is no mps device here: choose from auto, cpu"):
        features(extractor)


def test_a_network_of_another_width_is_said(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="the network of 'colour' gives 3 numbers a photo, not 2"):
        features(extractor_of(tmp_path, columns=("r", "g")))


def test_running_out_of_memory_says_what_to_set(tmp_path: Path) -> None:
    options = ExtractorOptions(runtime="torch", device="cpu", inference_batch_size=64)
    extractor = extractor_of(tmp_path, options=options, build=OutOfMemory)
    with pytest.raises(FeatureError, match=r"5 photos at once .*lower --inference_batch_size \(it is 64\)"):
        features(extractor)


def test_a_batch_too_large_for_the_memory_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(photos: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        raise MemoryError(f"Unable to allocate {len(photos)} GiB")

    extractor = extractor_of(tmp_path)
    monkeypatch.setattr(np, "stack", too_large)
    with pytest.raises(FeatureError, match=r"5 photos at once .*lower --inference_batch_size"):
        features(extractor)


def test_a_network_too_large_for_the_memory_is_not_blamed_on_the_batch(tmp_path: Path) -> None:
    extractor = extractor_of(tmp_path, build=lambda: OutOfMemory()(torch.empty(0)))
    with pytest.raises(
        FeatureError, match=r"^the network of 'colour' does not fit into the memory"
    ) as raised:
        features(extractor)
    assert "batch" not in str(raised.value)
