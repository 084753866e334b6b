import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import pytest

from phototriage.outputs.provenance import provenance


def test_says_command_time_machine_and_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/phototriage", "benchmark", "my photos", "--folds=3"])
    found = provenance()
    assert found.command == "phototriage benchmark 'my photos' --folds=3"
    assert timedelta() <= datetime.now(UTC) - datetime.fromisoformat(found.date) < timedelta(minutes=1)
    assert found.versions["phototriage"] == version("phototriage")
    assert found.versions["python"] == f"{'.'.join(map(str, sys.version_info[:3]))}"
    assert set(found.versions) > {"torch", "numpy", "onnxruntime", "transformers", "pillow"}
    assert " core" in found.machine
