import gc
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from phototriage.errors import FeatureError
from phototriage.features import Block
from phototriage.features.extractors.lite import GRAPH
from phototriage.features.runtime import onnx_runtime
from phototriage.features.runtime.device import OUT_OF_MEMORY
from phototriage.features.runtime.efficientnet_lite import load_folded
from phototriage.features.runtime.onnx_export import export_onnx
from phototriage.features.runtime.onnx_runtime import start_onnx
from phototriage.features.runtime.torch_runtime import FromPixels


class Mean(torch.nn.Module):
    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return photos.mean(dim=(2, 3))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mean colour, 0–255, of photos of any shape."""
    network = FromPixels(Mean(), (0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255))
    photos = [np.full(shape, 9, np.uint8) for shape in ((6, 9, 3), (9, 6, 3))] * 2
    cache_dir = tmp_path_factory.mktemp("cache")
    return export_onnx(network, photos, cache_dir, Block("mean", "mean/1", ("r", "g", "b")))


@pytest.mark.parametrize("one_by_one", [False, True])
def test_it_runs_batches(exported: Path, one_by_one: bool) -> None:
    photos = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    found = start_onnx(exported, one_by_one=one_by_one)(photos)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, photos.mean(axis=(1, 2)), rtol=1e-6)


def test_weights_live_as_long_as_what_runs_with_them() -> None:
    weights = load_folded()
    references = [weakref.ref(array) for array in weights.values()]
    infer = start_onnx(GRAPH, weights)
    del weights
    gc.collect()
    assert all(reference() is not None for reference in references)
    del infer
    gc.collect()
    assert all(reference() is None for reference in references)


def test_a_file_that_is_no_network_says_what_to_do(exported: Path, tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    path.write_bytes(exported.read_bytes()[:100])
    with pytest.raises(FeatureError, match=r"cannot run .*network\.onnx: remove it, or use --runtime torch"):
        start_onnx(path)


def test_a_batch_that_does_not_fit_is_known_as_such(exported: Path) -> None:
    """A real failure of onnxruntime: more memory than the process may have."""
    script = (
        "import resource, sys, numpy as np; from pathlib import Path\n"
        "from phototriage.features.runtime.onnx_runtime import start_onnx\n"
        f"infer = start_onnx(Path({str(exported)!r}))\n"
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


def test_parts_keep_their_order_whichever_thread_takes_them() -> None:
    parts = [np.full((1, 2, 2, 3), value, np.uint8) for value in range(50)]
    found = onnx_runtime._in_threads(lambda part: part[:, 0, 0, :1].astype(np.float32), parts)
    assert [float(each[0, 0]) for each in found] == list(range(50))


def test_what_a_thread_raises_is_raised() -> None:
    def run(part: NDArray[np.uint8]) -> NDArray[np.float32]:
        raise RuntimeError(f"part of {len(part)}")

    with pytest.raises(RuntimeError, match="part of 3"):
        onnx_runtime._in_threads(run, [np.zeros((3, 1, 1, 3), np.uint8)] * 5)


@pytest.mark.parametrize(
    ("photos", "most", "cores", "sizes"),
    [
        (48, 4, 2, [4] * 12),
        (13, 4, 2, [4, 3, 3, 3]),
        (4, 4, 2, [2, 2]),
        (1, 4, 2, [1]),
        (16, 4, 16, [1] * 16),
        (5, 1, 2, [1] * 5),
    ],
)
def test_parts_keep_every_core_busy(photos: int, most: int, cores: int, sizes: list[int]) -> None:
    pixels = np.arange(photos, dtype=np.uint8).reshape(photos, 1, 1, 1)
    parts = onnx_runtime._even_parts(pixels, most, cores)
    assert [len(part) for part in parts] == sizes
    np.testing.assert_array_equal(np.concatenate(parts), pixels)
