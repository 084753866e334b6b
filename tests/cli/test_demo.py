from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from phototriage.cli import demo
from phototriage.simulation import write_bursts

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
