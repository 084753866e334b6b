import ctypes
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from phototriage.errors import FeatureError
from phototriage.features import ExtractorOptions
from phototriage.features.runtime import device
from phototriage.features.runtime.device import chosen_device, memory_needed


@pytest.fixture
def torch_with(monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(cuda: bool = False, mps: bool = False) -> None:
        monkeypatch.setattr(device, "gpu_is_possible", lambda: True)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return make


@pytest.mark.parametrize(
    ("there", "options", "chosen"),
    [
        ({"cuda": True}, {}, "cuda"),
        ({"mps": True}, {}, "mps"),
        ({}, {}, "cpu"),
        ({"cuda": True}, {"device": "cpu"}, "cpu"),
        ({"cuda": True}, {"device": "cuda"}, "cuda"),
        ({"cuda": True}, {"runtime": "torch"}, "cuda"),
        ({"cuda": True}, {"runtime": "onnx"}, "cpu"),
        ({"cuda": True}, {"precision": "int8"}, "cpu"),
    ],
)
def test_a_gpu_is_taken_where_it_can_be_used(
    torch_with: Any, there: dict[str, bool], options: dict[str, Any], chosen: str
) -> None:
    torch_with(**there)
    assert chosen_device(ExtractorOptions(**options)) == chosen


def test_without_torch_a_gpu_that_may_be_there_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "gpu_is_possible", lambda: True)
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    assert chosen_device(ExtractorOptions(device="auto")) == "cpu"


def test_a_device_that_is_not_there(torch_with: Any) -> None:
    torch_with(cuda=True)
    with pytest.raises(FeatureError, match="there is no mps device here: choose from auto, cpu, cuda"):
        chosen_device(ExtractorOptions(device="mps"))


def test_a_driver_is_reason_enough_to_ask_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "exists", lambda path: False)
    asked: list[str] = []
    monkeypatch.setattr(ctypes, "CDLL", asked.append)
    assert device.gpu_is_possible()
    assert asked == ["libcuda.so.1"]

    def absent(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", absent)
    assert not device.gpu_is_possible()
    monkeypatch.setattr(Path, "exists", lambda path: str(path) == "/dev/kfd")
    assert device.gpu_is_possible()
    monkeypatch.setattr(Path, "exists", lambda path: False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert device.gpu_is_possible()


def test_a_cpu_that_is_asked_for_needs_no_torch() -> None:
    script = (
        "import sys\n"
        "from phototriage.features import ExtractorOptions\n"
        "from phototriage.features.runtime.device import chosen_device\n"
        "assert chosen_device(ExtractorOptions(device='cpu')) == 'cpu'\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_what_torch_says_of_a_full_memory_is_known() -> None:
    with pytest.raises(FeatureError, match=r"^lower the batch$"), memory_needed("lower the batch"):
        torch.empty(1 << 45)  # more than a process can address


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")]
)
def test_what_others_say_too(error: Exception) -> None:
    with pytest.raises(FeatureError, match=r"^lower the batch$") as raised, memory_needed("lower the batch"):
        raise error
    assert raised.value.__cause__ is error


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes differ"), memory_needed("lower the batch"):
        raise RuntimeError("shapes differ")
