import os
from pathlib import Path

import pytest

from phototriage.doctor import machine
from phototriage.doctor.finding import Finding
from phototriage.features.runtime import device


def found() -> dict[str, Finding]:
    return {each.name: each for each in machine.machine_findings()}


@pytest.mark.parametrize(
    ("limit", "gigabytes", "hint"),
    [("1500000000\n", "1.5 GB", True), ("max\n", "8.6 GB", False), ("999999999999\n", "8.6 GB", False)],
)
def test_memory_is_what_a_container_leaves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str, gigabytes: str, hint: bool
) -> None:
    numbers = {"SC_PHYS_PAGES": 2**21, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", numbers.__getitem__)
    monkeypatch.setattr(machine, "_CONTAINER_LIMIT", tmp_path / "memory.max")
    (tmp_path / "memory.max").write_text(limit)
    memory = found()["memory"]
    assert memory.value == gigabytes
    assert bool(memory.hint) is hint


def test_a_system_that_does_not_say_has_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sysconf")
    assert list(found()) == ["cores", "GPU"]


@pytest.mark.parametrize(
    ("possible", "build", "state", "value"),
    [
        (False, "2.13.0", "missing", "none; everything runs on the CPU"),
        (True, "2.13.0+cpu", "missing", "may be there, but torch 2.13.0+cpu runs on the CPU only"),
        (True, "2.13.0", "ok", "its driver is there; torch takes it where it can"),
    ],
)
def test_a_gpu(monkeypatch: pytest.MonkeyPatch, possible: bool, build: str, state: str, value: str) -> None:
    monkeypatch.setattr(device, "gpu_is_possible", lambda: possible)
    monkeypatch.setattr(machine, "version", lambda name: build)
    gpu = found()["GPU"]
    assert (gpu.state, gpu.value) == (state, value)
    assert bool(gpu.hint) is (possible and "+cpu" in build)
