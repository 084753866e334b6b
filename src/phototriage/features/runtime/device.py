"""What there is to compute with: devices, cores, memory."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from phototriage.errors import FeatureError
from phototriage.extras import extra
from phototriage.features.options import ExtractorOptions

__all__ = [
    "OUT_OF_MEMORY",
    "chosen_device",
    "gpu_is_possible",
    "memory_needed",
    "out_of_memory",
    "usable_cores",
]

OUT_OF_MEMORY = (
    "not enough memory",
    "out of memory",
    "can't allocate memory",
    "failed to allocate",
    "bad_alloc",
)
"""What torch and onnxruntime say, in lower case."""


def chosen_device(options: ExtractorOptions) -> str:
    """cpu, cuda or mps. Raises FeatureError for a device that is not there.

    Torch, seconds to import, is asked only where it may find a GPU. What runs on the CPU alone takes the CPU
    for `auto`.
    """
    only_cpu = options.runtime == "onnx" or options.precision == "int8"
    if options.device == "cpu" or (
        options.device == "auto" and (only_cpu or not gpu_is_possible() or find_spec("torch") is None)
    ):
        return "cpu"
    with extra("hub"):
        import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if options.device == "auto":
        return next(name for name, found in there.items() if found)
    if not there[options.device]:
        raise FeatureError(
            f"there is no {options.device} device here: choose from auto, "
            + ", ".join(sorted(name for name, found in there.items() if found))
        )
    return options.device


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpu_is_possible() -> bool:
    """False only where no GPU can be used by torch: it needs Metal, NVIDIA's driver library, or AMD's device.

    The driver library rather than device files, which containers and boards have under other names.
    """
    if sys.platform == "darwin" or Path("/dev/kfd").exists():
        return True
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def out_of_memory(error: Exception) -> bool:
    """Whether that is what an error says."""
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in OUT_OF_MEMORY)


@contextmanager
def memory_needed(problem: str) -> Iterator[None]:
    """Raises FeatureError, which says `problem`, where the memory does not suffice."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if out_of_memory(error):
            raise FeatureError(problem) from error
        raise
