import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import phototriage
from phototriage.cli import main

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs" / "api.md"


def test_every_public_name_is_there_and_in_the_docs() -> None:
    names = [name for name in phototriage.__all__ if name != "__version__"]
    for name in names:
        assert getattr(phototriage, name).__name__ == name
        assert f"| `{name}` |" in DOCS.read_text()
    assert len(names) == 8


def test_the_version_is_that_of_pyproject(capsys: pytest.CaptureFixture[str]) -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"phototriage {declared}\n"
    assert phototriage.__version__ == declared
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert cited["version"] == declared


def test_the_public_names_are_listed() -> None:
    assert dir(phototriage) == sorted(phototriage.__all__)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'phototriage' has no attribute 'MultiFeatureConfi'"):
        phototriage.MultiFeatureConfi  # noqa: B018


def test_importing_the_package_loads_nothing() -> None:
    script = (
        "import sys, phototriage; heavy = {'torch', 'numpy', 'pandas', 'cv2', 'yaml'};"
        "assert not heavy & sys.modules.keys();"
        "from phototriage import MultiFeatureConfig, MultiFeatureExtractor, compute_pairwise_accuracy;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="where the library keeps its records differs by system")
def test_no_library_keeps_records_of_its_use(tmp_path: Path) -> None:
    places = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    told = {"ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY"}
    environment = {name: value for name, value in os.environ.items() if name not in told} | places
    script = (
        "import phototriage, onnxruntime, huggingface_hub.constants as hub;"
        "assert hub.HF_HUB_DISABLE_TELEMETRY; import time; time.sleep(1)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
    assert list(tmp_path.rglob("*")) == []


def test_the_documented_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, example = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, str(DOCS), "exec"), {"__name__": "__main__"})
    found = re.search(r"([\d.]+)% of (\d+) unseen pairs", capsys.readouterr().out)
    assert found is not None
    assert float(found[1]) > 50
    assert (tmp_path / "ranker.safetensors").exists()
