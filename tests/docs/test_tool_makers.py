"""docs/tool-makers.md: its examples run, and its tables are what the program does."""

import re
import shutil
from pathlib import Path

import pytest
from tests.docs.pages import ROOT, blocks, prose

from phototriage.cli import main
from phototriage.exit_code import ExitCode
from phototriage.outputs import ranking_csv
from phototriage.simulation import write_bursts

PAGE = ROOT / "docs" / "tool-makers.md"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder `photos` of three bursts, a copy under an edited name, and a file that is no photo."""
    place = tmp_path_factory.mktemp("tool")
    write_bursts(place / "bursts", 3, seed=2, width=240, height=160)
    folder = (place / "bursts" / "photos").rename(place / "photos")
    first = min(folder.rglob("*.jpg"))
    shutil.copy(first, first.with_stem(f"{first.stem}-Edit"))
    (folder / "broken.jpg").write_text("no photo")
    return folder


@pytest.fixture(autouse=True)
def beside_the_photos(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos.parent)
    monkeypatch.setenv("XDG_CACHE_HOME", str(photos.parent / "cache"))
    monkeypatch.setenv("PHOTOTRIAGE_CONFIG", "")


def run(example: str) -> None:
    exec(compile(example, str(PAGE), "exec"), {"__name__": "__main__"})


def test_the_python_example_makes_the_same_ranking_as_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rank", "photos", "--quiet", "--json", "command.json"]) == ExitCode.LEFT_OUT
    _, example = blocks(PAGE, "python")
    run(example)
    assert Path("ranking.json").read_bytes() == Path("command.json").read_bytes()
    assert re.search(r"^\S+: \S+\.jpg \(\d+%\)", capsys.readouterr().out, re.MULTILINE)


def test_the_example_that_calls_the_command_reads_its_json(capsys: pytest.CaptureFixture[str]) -> None:
    example, _ = blocks(PAGE, "python")
    run(example)
    assert "broken.jpg left out: not a photo" in capsys.readouterr().out


def first_cells() -> list[str]:
    """The first cell of every row of every table."""
    return re.findall(r"^\| (.*?) \|", prose(PAGE), re.MULTILINE)


def test_every_column_is_told() -> None:
    told = {name for cell in first_cells() for name in re.findall(r"`(\w+)`", cell)}
    assert set(ranking_csv([]).strip().split(",")) <= told


def test_every_exit_code_is_told() -> None:
    page = prose(PAGE.with_name("photographers.md"))
    told = re.findall(r"^\| (\d+) \|", page, re.MULTILINE)
    assert told == [str(int(code)) for code in ExitCode]
