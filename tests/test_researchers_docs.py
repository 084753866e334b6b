"""What docs/researchers.md and docs/troubleshooting.md tell people to type."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from phototriage.cli import COMMANDS, main
from phototriage.simulation.release import write_release

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = ("researchers.md", "troubleshooting.md")


def _command_lines() -> Iterator[list[str]]:
    for page in PAGES:
        for line in (DOCS / page).read_text().splitlines():
            if line.startswith("$ phototriage "):
                yield line.partition(" # ")[0].split()[2:]


@pytest.mark.parametrize("command", sorted({" ".join(words[:2]) for words in _command_lines()}))
def test_every_option_is_one(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, second = command.split()
    assert name in COMMANDS
    with pytest.raises(SystemExit):
        main([name, *([second] if name == "features" else []), "--help"])
    words = {word for word in re.split(r"[^a-z0-9_-]+", capsys.readouterr().out) if word.startswith("--")}
    used = {word for line in _command_lines() if line[:2] == [name, second] for word in line[2:]}
    assert {word for word in used if word.startswith("--")} <= words


def test_options_named_in_the_text_are_those_of_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    known = set()
    for name in ("train", "evaluate", "benchmark", "tune", "ablate"):
        with pytest.raises(SystemExit):
            main([name, "--help"])
        known |= set(re.findall(r"--[a-z_]+", capsys.readouterr().out))
    for page in PAGES:
        named = re.findall(r"`(--[a-z_]+)", (DOCS / page).read_text())
        assert set(named) <= known


def test_the_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (DOCS / "researchers.md").read_text(), re.DOTALL)
    write_release(tmp_path / "PhotoTriage", series=24, val_series=6, seed=2, width=84, height=56)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "docs/researchers.md", "exec"), {"__name__": "__main__"})
    assert re.fullmatch(r"Estimate\(value=0\.\d+, low=0\.\d+, high=\d\.\d+\)\n", capsys.readouterr().out)


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([a-z-]+\.md)\)", (DOCS / page).read_text()):
            assert (DOCS / target).is_file(), target
