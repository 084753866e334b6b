import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
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
    assert len(names) == 13


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
        "from phototriage import Comparisons, Features, evaluate;"
        "Features.from_arrays(['a'], [[1]]); Comparisons.from_pairs(['a'], ['b'], ['a']);"
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


EXAMPLES = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)


def printed(example: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What an example of the page prints, typed into an empty folder."""
    exec(compile(example, str(DOCS), "exec"), {"__name__": "__main__"})
    return capsys.readouterr().out


def test_the_documented_training_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = [each for each in EXAMPLES if "write_bursts" in each]
    found = re.search(r"([\d.]+)% of (\d+) unseen pairs", printed(example, capsys))
    assert found is not None
    assert float(found[1]) > 50
    assert (tmp_path / "ranker.safetensors").exists()


def test_own_embeddings_own_pairs_and_folds_are_fifteen_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = [each for each in EXAMPLES if "cross_validate" in each]
    assert sum(bool(line.strip()) for line in example.splitlines()) <= 15
    rng = np.random.default_rng(0)
    photos = [f"{series}/{photo}.jpg" for series in range(60) for photo in "abc"]
    embeddings = rng.normal(size=(len(photos), 8)).astype(np.float32)
    np.savez("embeddings.npz", photos=photos, features=embeddings)
    lead = dict(zip(photos, embeddings[:, 3], strict=True))
    with Path("pairs.csv").open("w") as file:
        file.write("photo_a,photo_b,winner\n")
        for series in range(60):
            for a, b in ("ab", "ac", "bc"):
                pair = f"{series}/{a}.jpg", f"{series}/{b}.jpg"
                file.write(f"{','.join(pair)},{max(pair, key=lambda photo: lead[photo])}\n")
    # The figure of the folds, that of a ranker that is trained and kept, and that of anybody's scores.
    folds, kept, scores = (float(figure) for figure in printed(example, capsys).split())
    assert folds > 0.8
    assert kept > 0.7
    assert scores == pytest.approx(0.5, abs=0.15)
    assert (tmp_path / "ranker.safetensors").exists()
