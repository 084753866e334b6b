import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from phototriage.cli import COMMANDS

Cli = Callable[..., tuple[int, str, str]]


def test_help_imports_next_to_nothing() -> None:
    script = (
        "import sys; from phototriage.cli import main; code = main(['--help']);"
        "heavy = {'torch', 'numpy', 'pandas', 'tyro', 'cv2', 'rich'} & sys.modules.keys();"
        "sys.exit(code or ' '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_all_its_options(cli: Cli, name: str) -> None:
    code, out, _ = cli(name, "--help")
    assert code == 0
    assert f"phototriage {name}" in out
    text = re.sub(r"[│─╭╮╰╯\s]+", " ", out[out.index("╭") :])
    options = re.split(r" (?=--\w+ )", text)[1:]
    assert options
    for option in options:
        explained = re.sub(r"^--\w+( \{.*?\}| \[.*?\]\]?| [A-Z]+)?", "", option).partition("(default")[0]
        assert len(explained.split()) >= 3, option


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_speaks_of_every_command(name: str) -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    assert f"phototriage {name}" in readme


def test_without_a_command_it_explains_itself(cli: Cli) -> None:
    assert cli()[1].startswith("phototriage: which photo of a series would people keep?")


def test_a_mistyped_command_gets_a_hint(cli: Cli) -> None:
    code, _, err = cli("ranck")
    assert (code, err) == (2, "phototriage: there is no command 'ranck': did you mean 'rank'?\n")


def test_help_may_stand_before_the_command(cli: Cli) -> None:
    assert cli("help", "labels") == cli("labels", "--help")


def test_an_empty_argument_is_no_folder(cli: Cli) -> None:
    code, _, err = cli("rank", "")
    assert (code, err) == (2, "phototriage: one of the arguments is empty: is a variable unset?\n")


def test_errors_show_what_does_not_print(cli: Cli, tmp_path: Path) -> None:
    code, _, err = cli("labels", tmp_path / "\x1b[31m\n.csv")
    assert code == 1
    assert err.count("\n") == 1
    assert "\\x1b[31m\\n.csv" in err


def test_who_stops_reading_the_overview_is_told_nothing() -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "phototriage"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.communicate(timeout=60)[1] == ""


def test_full_standard_output_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "phototriage"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 4
    assert done.stderr == "phototriage: cannot write to standard output: No space left on device\n"


def test_the_description_is_as_wide_as_the_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    description = cli("rank", "--help")[1].split("╭")[0]
    assert max(map(len, description.splitlines())) <= 60
    assert "phototriage never changes, moves or deletes your photos." in " ".join(description.split())


def test_no_colour_where_none_is_wanted() -> None:
    script = (
        "import os, pty, sys; os.environ['NO_COLOR'] = '1'; os.environ['TERM'] = 'xterm'; "
        "pty.spawn([sys.executable, '-m', 'phototriage', 'labels', '--help'])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
    assert b"min_agreement" in shown
    assert b"\x1b" not in shown


def test_a_mistyped_option_is_wrong_usage(cli: Cli) -> None:
    code, _, err = cli("rank", ".", "--modell", "x")
    assert code == 2
    assert "--modell" in err


def test_version(cli: Cli) -> None:
    assert cli("--version")[1].startswith("phototriage 0.")


def test_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "phototriage", "nonsense"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
