"""A backbone of one file and one line of the registry is known wherever extractors are listed or chosen."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.features import toy_backbone

from phototriage.cli import main
from phototriage.features import EXTRACTORS
from phototriage.simulation import write_bursts
from phototriage.simulation.release import write_release


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the toy's weights; the toy is registered."""
    monkeypatch.setitem(EXTRACTORS, "toy", toy_backbone.SPEC)
    folder = tmp_path / "weights"
    folder.mkdir()
    mixture = np.array([[1, 0], [0, 0], [0, 1]], np.float32)
    save_file({"mixture": mixture}, folder / "toy.safetensors")
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """A command line's standard output."""
    assert main([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def test_ablation(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bursts = tmp_path / "bursts"
    write_bursts(bursts, series=12, seed=1, width=96, height=64)
    out = run(
        capsys, "ablate", "--comparisons", bursts / "comparisons.csv", "--photos", bursts / "photos",
        "--cache_dir", tmp_path / "cache", "--output_dir", tmp_path / "out", "--weights_dir", weights,
        "--features", "iqa", "toy", "--folds", "2", "--max_epochs", "2", "--json", "-",
    )  # fmt: skip
    rows = {row["subset"]: row["dim"] for row in json.loads(out)["rows"]}
    assert rows == {"iqa+toy": 6, "iqa": 4, "toy": 2}


def test_benchmark_plan(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "release"
    write_release(root, series=24, val_series=6, seed=1, width=96, height=64)
    out = run(
        capsys, "benchmark", root, "--dry_run", "--presets", "quick", "--features", "iqa", "toy",
        "--weights_dir", weights, "--cache_dir", tmp_path / "cache", "--output_dir", tmp_path / "out",
    ).splitlines()  # fmt: skip
    assert "photos (iqa 4, toy 2 numbers), about" in out[1]
    assert out[1].endswith((" min", " h"))  # 100 s a photo
    assert [line.partition(",")[0].rpartition(": ")[0] for line in out[2:5]] == [
        "quick: iqa+toy",
        "quick: iqa",
        "quick: toy",
    ]


def test_help(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["rank", "--help"])
    assert stop.value.code == 0
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "iqa: sharpness, exposure, colorfulness, contrast; " in words
    assert "; toy: two mixtures of the mean colour; default: None)" in words


def test_doctor(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for folder in (weights, tmp_path):
        options = ("--cache_dir", tmp_path / "cache", "--weights_dir", folder)
        findings = json.loads(run(capsys, "doctor", "--json", "-", *options))["findings"]
        found += [finding for finding in findings if finding["name"] == "Toy"]
    here, absent = found
    assert (here["state"], here["value"]) == ("ok", f"in {weights / 'toy.safetensors'}")
    assert (absent["state"], absent["value"]) == ("missing", f"there is no {tmp_path / 'toy.safetensors'}")
    assert absent["hint"] == (
        "for --features toy: put toy.safetensors into a folder WEIGHTS and give --weights_dir WEIGHTS"
    )
