"""Every command line in the documentation is one that the real parser takes."""

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import pytest
from tests.docs.pages import PAGES, ROOT, blocks, page_name, spans

from phototriage.cli import COMMANDS, main

HISTORY = "lab-log.md"
"""Tells of what was, options that are gone among it."""
GUIDES = [page for page in PAGES if page.name != HISTORY]


def typed(page: Path) -> list[list[str]]:
    """The arguments of every `phototriage …` that a page shows as typed."""
    lines = "\n".join(blocks(page, "console")).replace("\\\n", " ").splitlines()
    return [
        list(arguments(found[1]))
        for line in lines
        if (found := re.match(r"\$ (?:\S*/)?phototriage (.*)", line))
    ]


def named(page: Path) -> list[list[str]]:
    """The same of those that it names in a sentence, where something may be left out."""
    prefix = "phototriage "
    return [list(arguments(span.removeprefix(prefix))) for span in spans(page) if span.startswith(prefix)]


def arguments(line: str) -> Iterator[str]:
    """As a shell would take them, up to a pipe, a redirection or a comment."""
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    for word in words:
        if set(word) <= set("|>&;()<"):
            return
        yield word


def of_all(lines: Callable[[Path], list[list[str]]]) -> list[Any]:
    return [
        pytest.param(line, id=f"{page.name}: {' '.join(line)}") for page in GUIDES for line in lines(page)
    ]


def plain(option: str) -> str:
    """--batch-size=3 and --batch_size are one option."""
    return "--" + option.partition("=")[0].removeprefix("--").replace("-", "_")


@pytest.fixture
def parsed_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Commands that are read and checked, and then do nothing."""
    monkeypatch.chdir(tmp_path)
    for name in COMMANDS:
        command = import_module(f"phototriage.cli.{name}").Command
        command, *_ = get_args(command) or (command,)
        monkeypatch.setattr(command, "run", lambda self: 0)


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    """Command → its options, as its help says, with those of all commands."""
    return {name: {*options_of([name]), "--help"} for name in COMMANDS}


def options_of(command: list[str]) -> Iterator[str]:
    """The options of a command and of those below it."""
    with redirect_stdout(StringIO()) as text, pytest.raises(SystemExit):
        main([*command, "--help"])
    yield from re.findall(r"--\w+", text.getvalue())
    for below in re.findall(r"^[│ ]   • (\w+)", text.getvalue(), re.MULTILINE):
        yield from options_of([*command, below])


@pytest.mark.parametrize("line", of_all(typed))
def test_what_is_shown_can_be_typed(line: list[str], parsed_only: None) -> None:
    assert main(line) == 0


@pytest.mark.parametrize("line", of_all(named))
def test_what_is_named_exists(line: list[str], options: dict[str, set[str]]) -> None:
    command, *rest = line
    known = set.union(*options.values()) if command == "COMMAND" else options.get(command)
    assert command.startswith("--") or known is not None
    assert {plain(word) for word in rest if word.startswith("--")} <= (known or set())


@pytest.mark.parametrize("page", GUIDES, ids=page_name)
def test_every_option_that_is_named_exists(page: Path, options: dict[str, set[str]]) -> None:
    found = {plain(match[0]) for span in spans(page) if (match := re.match(r"--[a-z][\w-]*", span))}
    assert found <= {*set.union(*options.values()), "--version"}


def test_the_command_lines_are_found() -> None:
    guide, tools = ROOT / "docs/photographers.md", ROOT / "docs/tool-makers.md"
    assert ["rank", "2024-06"] in typed(guide)
    assert ["rank", "photos", "--quiet", "--json", "-"] in typed(tools)
    assert ["train", "--feature_table", "TABLE", "--comparisons", "PAIRS"] in named(tools)
