import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from phototriage.errors import FeatureError
from phototriage.features.runtime.litert_runtime import start_litert

pytest.importorskip("ai_edge_litert.interpreter", reason="needs ai-edge-litert, which is not installed")


@pytest.fixture(scope="module")
def blendshapes(shared: Path) -> bytes:
    archive = shared / "weights" / "face_landmarker.task"
    if not archive.is_file():
        pytest.skip(f"needs {archive}, which is not there")
    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as file:
        return file.read("face_blendshapes.tflite")


def test_runs_silently_and_owns_its_results(blendshapes: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    infer = start_litert(blendshapes, "blendshapes")
    points = np.random.default_rng(0).uniform(0, 256, (1, 146, 2)).astype(np.float32)
    (first,) = infer(points)
    before = first.copy()
    assert first.size == 52
    assert ((first >= 0) & (first <= 1)).all()
    (other,) = infer(points[:, ::-1].copy())
    np.testing.assert_array_equal(first, before)
    assert not np.array_equal(first, other)
    assert capfd.readouterr() == ("", "")


def test_what_is_no_network_is_refused_in_one_line() -> None:
    with pytest.raises(FeatureError, match=r"^ai-edge-litert cannot run the network mesh: .+") as raised:
        start_litert(b"no network", "mesh")
    assert "\n" not in str(raised.value)
