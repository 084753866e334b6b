import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from phototriage.errors import FeatureError
from phototriage.features import ExtractorOptions, FeatureExtractor, MultiFeatureExtractor
from phototriage.features.network import OUT_OF_MEMORY
from phototriage.features.options import Precision, Runtime
from phototriage.features.runtimes import FromPixels, export_onnx, start_onnx, start_torch

RNG = np.random.default_rng(0)
PHOTOS = [RNG.integers(0, 256, (90, 120, 3), np.uint8) for _ in range(5)]


def features(extractor: FeatureExtractor) -> np.ndarray:
    return extractor([extractor.prepare(photo) for photo in PHOTOS])


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


@pytest.mark.parametrize("name", ["clip", "resnet"])
def test_onnx_gives_torchs_numbers_and_is_exported_once(
    tiny_weights: Path, tmp_path: Path, name: str
) -> None:
    found = {}
    for runtime in ("torch", "onnx"):
        options = ExtractorOptions(
            weights_dir=tiny_weights, runtime=runtime, device="cpu", inference_batch_size=2
        )
        (extractor,) = MultiFeatureExtractor([name], options, tmp_path).extractors
        found[runtime] = features(extractor)
    assert cosines(found["torch"], found["onnx"]).min() > 0.9999
    (exported,) = (tmp_path / "onnx").iterdir()
    written = exported.stat().st_mtime_ns
    (again,) = MultiFeatureExtractor([name], options, tmp_path).extractors
    assert np.array_equal(features(again), found["onnx"])
    assert exported.stat().st_mtime_ns == written


def test_photos_of_any_shape_go_through_onnx(tiny_weights: Path, tmp_path: Path) -> None:
    shapes = [(90, 120, 3), (64, 64, 3), (120, 90, 3), (90, 120, 3)]
    photos = [RNG.integers(0, 256, shape, np.uint8) for shape in shapes]
    rows = {}
    for runtime in ("torch", "onnx"):
        options = ExtractorOptions(weights_dir=tiny_weights, runtime=runtime, device="cpu", resnet_size=800)
        (extractor,) = MultiFeatureExtractor(["resnet"], options, tmp_path).extractors
        rows[runtime] = extractor([extractor.prepare(photo) for photo in photos])
    assert cosines(rows["torch"], rows["onnx"]).min() > 0.9999


def test_int8_is_near_and_kept_apart(tiny_weights: Path, tmp_path: Path) -> None:
    both = []
    for precision in ("fp32", "int8"):
        options = ExtractorOptions(weights_dir=tiny_weights, precision=precision, device="cpu")
        (extractor,) = MultiFeatureExtractor(["clip"], options, tmp_path).extractors
        both.append(features(extractor))
    assert cosines(*both).min() > 0.98
    assert not np.array_equal(*both)
    assert len(list((tmp_path / "onnx").iterdir())) == 2


@pytest.mark.parametrize(("runtime", "precision"), [("torch", "fp32"), ("onnx", "fp32"), ("onnx", "int8")])
def test_the_batch_size_changes_nothing_but_the_time(
    tiny_weights: Path, tmp_path: Path, runtime: Runtime, precision: Precision
) -> None:
    runs = []
    for size in (1, 3, 16):
        options = ExtractorOptions(
            weights_dir=tiny_weights,
            runtime=runtime,
            precision=precision,
            device="cpu",
            inference_batch_size=size,
        )
        (extractor,) = MultiFeatureExtractor(["clip"], options, tmp_path).extractors
        runs.append(features(extractor))
    np.testing.assert_allclose(runs[0], runs[1], atol=1e-6)
    np.testing.assert_allclose(runs[0], runs[2], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "mps"}, "there is no mps device here: choose from auto, cpu"),
    ],
)
def test_what_does_not_exist_is_said(
    tiny_weights: Path, tmp_path: Path, options: dict[str, str], message: str
) -> None:
    chosen = ExtractorOptions(weights_dir=tiny_weights, **options)  # type: ignore[arg-type]
    (extractor,) = MultiFeatureExtractor(["clip"], chosen, tmp_path).extractors
    with pytest.raises(FeatureError, match=message):
        features(extractor)


class Mean(torch.nn.Module):
    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return photos.mean(dim=(2, 3))


class OutOfMemory(torch.nn.Module):
    def forward(self, photos: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 99 bytes")


def test_normalisation_is_in_the_network() -> None:
    infer = start_torch(FromPixels(Mean(), (0.5, 0.25, 0.0), (0.5, 1.0, 2.0)), "cpu")
    photos = np.full((1, 4, 4, 3), 255, np.uint8)
    np.testing.assert_allclose(infer(photos), [[1.0, 0.75, 0.5]], atol=1e-6)


def test_a_damaged_export_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    export_onnx(FromPixels(Mean(), (0, 0, 0), (1, 1, 1)), PHOTOS[0], True, path)
    assert start_onnx(path)(np.zeros((1, 8, 8, 3), np.uint8)).shape == (1, 3)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(FeatureError, match=r"network\.onnx is damaged: remove it"):
        start_onnx(path)


def test_a_batch_that_does_not_fit_says_what_to_set(tmp_path: Path) -> None:
    """A real failure of onnxruntime: more memory than the process may have."""
    export_onnx(FromPixels(Mean(), (0, 0, 0), (1, 1, 1)), PHOTOS[0], True, tmp_path / "network.onnx")
    script = (
        "import resource, sys, numpy as np; from pathlib import Path\n"
        "from phototriage.features.runtimes import start_onnx\n"
        f"infer = start_onnx(Path({str(tmp_path / 'network.onnx')!r}))\n"
        "photos = np.zeros((40, 1000, 1000, 3), np.uint8)\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000, used + 200_000_000))\n"
        "try:\n"
        "    infer(photos)\n"
        "except (RuntimeError, MemoryError) as error:\n"
        "    print(type(error).__name__, str(error).replace(chr(10), ' '))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(("RuntimeError", "MemoryError"))
    assert any(sign in done.stdout.lower() for sign in OUT_OF_MEMORY)


def test_running_out_of_memory_says_what_to_set(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ExtractorOptions(weights_dir=tiny_weights, runtime="torch", inference_batch_size=64)
    (extractor,) = MultiFeatureExtractor(["clip"], options, tmp_path).extractors
    monkeypatch.setattr("phototriage.features.runtimes.FromPixels", lambda *network: OutOfMemory())
    with pytest.raises(FeatureError, match=r"5 photos at once .*lower --inference_batch_size \(it is 64\)"):
        features(extractor)
