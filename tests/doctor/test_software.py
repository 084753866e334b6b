import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from phototriage.doctor.software import PACKAGES

PROJECT = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[><=\[; ]", each)[0] for each in requirements}


def test_every_dependency_is_looked_at() -> None:
    extras = PROJECT["optional-dependencies"]
    assert {each.name for each in PACKAGES if not each.extra} == names(PROJECT["dependencies"])
    for each in PACKAGES:
        if each.extra:
            assert each.name in names(extras[each.extra])


def test_what_rank_needs_is_what_it_imports() -> None:
    modules = {each.module.partition(".")[0]: each for each in PACKAGES}
    script = "import sys, phototriage.cli.rank; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split()) & modules.keys()
    lazily = {"pi_heif", "platformdirs", "safetensors"}  # by the first photo, and the ranker
    assert {name for name, each in modules.items() if each.ranks} - lazily == imported - lazily


@pytest.mark.parametrize("slow", [name.module for name in PACKAGES if name.slow])
def test_what_is_only_looked_up_can_be_found(slow: str) -> None:
    from importlib.util import find_spec

    assert find_spec(slow) is not None
