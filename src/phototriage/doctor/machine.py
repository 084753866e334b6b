"""What there is to compute with."""

import os
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from phototriage.doctor.finding import Finding

__all__ = ["machine_findings"]

_SECTION = "machine"
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")
_LITTLE = 2e9
"""Bytes; full features of many photos take up to this."""


def machine_findings() -> Iterator[Finding]:
    """Cores, memory and GPU, without importing torch."""
    from phototriage.features.runtime.device import gpu_is_possible, usable_cores

    yield Finding(_SECTION, "cores", "ok", f"{usable_cores()} usable")
    memory = _memory()
    if memory:
        hint = "little memory: --workers 1 needs the least" if memory < _LITTLE else ""
        yield Finding(_SECTION, "memory", "ok", f"{memory / 1e9:.1f} GB", hint)
    yield _gpu(gpu_is_possible())


def _gpu(possible: bool) -> Finding:
    if not possible:
        return Finding(_SECTION, "GPU", "missing", "none; everything runs on the CPU")
    try:
        build = version("torch")
    except PackageNotFoundError:
        build = ""
    if build.endswith("+cpu"):
        value = f"may be there, but torch {build} runs on the CPU only"
        hint = "for the GPU: install a torch build for it, see https://pytorch.org/get-started"
        return Finding(_SECTION, "GPU", "missing", value, hint)
    return Finding(_SECTION, "GPU", "ok", "its driver is there; torch takes it where it can")


def _memory() -> int | None:
    """Bytes of memory that may be used; None where the system does not say."""
    try:
        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
    try:
        return min(there, int(_CONTAINER_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit: "max"
        return there
