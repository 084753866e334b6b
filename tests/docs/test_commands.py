"""Every command line in the documentation is one that the real parser takes."""

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
from tests.docs.pages import PAGES, blocks, page_name, spans

from phototriage.cli import COMMANDS, main

HISTORY = "lab-log.md"
"""Tells of what was, options that are gone among it."""


def command_lines(page: Path) -> list[list[str]]:
    """The arguments of every `phototriage …` that a page shows, or names in backticks."""
    shown = "\n".join(blocks(page, "console")).replace("\\\n", " ").splitlines()
    lines = [found[1] for line in shown if (found := re.match(r"\$ (?:\S*/)?phototriage (.*)", line))]
    lines += [span.removeprefix("phototriage ") for span in spans(page) if span.startswith("phototriage ")]
    return [list(arguments(line)) for line in lines]


def arguments(line: str) -> Iterator[str]:
    """As a shell would take them, up to a pipe, a redirection or a comment."""
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    for word in words:
        if set(word) <= set("|>&;()<"):
            return
        yield word


LINES = [
    pytest.param(line, id=f"{page.name}: {' '.join(line)}")
    for page in PAGES
    if page.name != HISTORY
    for line in command_lines(page)
]


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
    """Command → its options, as its help says."""
    return {name: set(options_of([name])) for name in COMMANDS}


def options_of(command: list[str]) -> Iterator[str]:
    """The options of a command and of all commands below it."""
    text = help_of(command)
    yield from (f"--{name}" for name in re.findall(r"--(\w+)", text))
    if below := re.search(r"\{([\w,\n│ -]+)\}\s*╭|^usage: .*?\{([\w,-]+)\}", text):
        for name in (below[1] or below[2]).split(","):
            if re.search(rf"^│ +{name} ", text, re.MULTILINE):
                yield from options_of([*command, name])


def help_of(command: list[str]) -> str:
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()) as text, pytest.raises(SystemExit):
        main([*command, "--help"])
    return text.getvalue()


@pytest.mark.parametrize("line", LINES)
def test_a_command_line_can_be_typed(line: list[str], parsed_only: None, options: dict[str, set[str]]) -> None:
    command, *rest = line
    if command in ("COMMAND", "--help", "--version"):
        return
    assert command in COMMANDS
    given = {word.partition("=")[0].replace("-", "_") for word in rest if word.startswith("--")}
    assert {f"--{name.removeprefix('__')}" for name in given} <= options[command] | {"--help"}
    if not rest or "…" in rest:
        return  # names a command, or shows it in part
    if "--help" in rest:
        with pytest.raises(SystemExit) as done:
            main(line)
        assert done.value.code == 0
    else:
        assert main(line) == 0


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != HISTORY], ids=page_name)
def test_every_option_that_is_named_exists(page: Path, options: dict[str, set[str]]) -> None:
    named = {found[0] for span in spans(page) if (found := re.match(r"--\w+", span))}
    assert named <= set.union(*options.values()) | {"--help", "--version"}


def test_the_guides_show_commands() -> None:
    shown = {page.name: len(command_lines(page)) for page in PAGES}
    assert shown["photographers.md"] > 8
    assert shown["tool-makers.md"] > 4
    assert ["rank", "2024-06"] in command_lines(PAGES[0].parent / "docs/photographers.md")
