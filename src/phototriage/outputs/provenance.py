"""The provenance of a result: when, by which command, on which machine, with which versions."""

import os
import platform
import shlex
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from phototriage.extras import installed_version

__all__ = ["Provenance", "provenance"]

_MATTER = ("phototriage", "torch", "onnxruntime", "transformers", "numpy", "opencv-python-headless", "pillow")


@dataclass(frozen=True)
class Provenance:
    """date: UTC, ISO 8601. command: quoted for a shell. versions: by package, including python."""

    date: str
    command: str
    machine: str
    versions: dict[str, str]


def provenance() -> Provenance:
    """The provenance of the results of this process."""
    cores = os.cpu_count() or 1
    return Provenance(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        machine=f"{_processor()}, {cores} core{'s' * (cores > 1)}, {platform.platform(terse=True)}",
        versions={
            "python": platform.python_version(),
            **{name: found for name in _MATTER if (found := installed_version(name))},
        },
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
