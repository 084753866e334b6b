from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from phototriage.cli import demo
from phototriage.labels import read_labels
from phototriage.simulation import write_bursts
from phototriage.simulation.release import write_release

Cli = Callable[..., tuple[int, str, str]]


def test_the_demo_leaves_what_it_says(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_BURSTS", 16)
    monkeypatch.setattr(demo, "write_bursts", partial(write_bursts, width=120, height=80))
    code, out, _ = cli("demo", "--output", tmp_path / "demo")
    assert code == 0
    named = [line.split()[0] for line in out.splitlines() if line.startswith(f"  {tmp_path}")]
    assert len(named) == 4
    assert all(Path(name).stat().st_size > 0 for name in named)
    assert "trained here" in out
    # A second run uses the bursts and features again.
    assert "photographing" not in cli("demo", "--output", tmp_path / "demo")[2]


def test_a_simulated_release_is_one_to_train_on(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_RELEASED", 14)
    monkeypatch.setattr(demo, "_OFFICIAL_TEST", 3)
    monkeypatch.setattr(demo, "write_release", partial(write_release, width=96, height=64))
    monkeypatch.chdir(tmp_path)
    code, out, _ = cli("demo", "--release", "PhotoTriage")
    assert code == 0
    labels = read_labels(tmp_path / "PhotoTriage")
    assert len(labels.comparisons.series) == 14
    assert len(labels.official_test_series) == 3
    # What it says to type next works, where no weights are needed.
    (line,) = [line for line in out.splitlines() if "--features iqa" in line]
    assert cli(*line.split()[1:], "--max_epochs", 2, "--cache_dir", tmp_path / "cache")[0] == 0
    code, _, err = cli("demo", "--release", "PhotoTriage")
    assert (code, "PhotoTriage is not empty: name a new folder" in err) == (4, True)
