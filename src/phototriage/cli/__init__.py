"""The command line. Each command is a module with a dataclass `Command`, whose fields are the options."""

import inspect
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Protocol

import phototriage
from phototriage.cli.standard_output import shown, silence, stand_in_for_missing
from phototriage.errors import OptionError, PhototriageError
from phototriage.exit_code import ExitCode
from phototriage.printable import printable

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "rank": "rank the photos of a folder, series by series, best first",
    "review": "decide in the browser, series by series, with one key each",
    "learn": "make the ranker your own, from what you decided",
    "labels": "read people's preferences, align and check them, and write them as one table",
    "train": "train a ranker on preferences",
    "evaluate": "evaluate a ranker, or any scores, against preferences",
    "ablate": "compare subsets of the features by how well they order photos as people do",
    "tune": "search for the best training settings",
    "benchmark": "train and evaluate on PhotoTriage, and compare with the published figures",
    "export": "export a ranker: safetensors, ONNX, a folder for a model hub",
    "features": "inspect and maintain the stored features",
    "doctor": "show what is installed, what is missing, and what to do next",
    "demo": "try everything on simulated bursts, without any data",
}

_OVERVIEW = f"""\
phototriage: which photo of a series would people keep?

usage: phototriage COMMAND [OPTIONS]

commands:
{chr(10).join(f"  {name:<10}{text}" for name, text in COMMANDS.items())}

Try:
  phototriage rank ~/Pictures/2026-06               your own photos; they never change
  phototriage demo                                  no data needed, but the extra `train`; two minutes
  phototriage COMMAND --help                        every option of a command

phototriage.toml, here or in your config folder, sets your own defaults: docs/configuration.md.
Exit codes: 0 all done, 1 failed, 2 wrong usage, 3 done, but some photos were left out,
4 incomplete, something could not be written, 130 interrupted.
"""


def _overview() -> int:
    with shown():
        print(_OVERVIEW, end="")
    return ExitCode.DONE


def _version() -> int:
    print(f"phototriage {phototriage.__version__}")
    return ExitCode.DONE


_ABOUT = {"-h": _overview, "--help": _overview, "help": _overview, "--version": _version}


class _Runnable(Protocol):
    def run(self) -> int:
        """Does the work and returns the exit code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    stand_in_for_missing()
    first, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if first == "help" and rest:
        first, rest = rest[0], ["--help"]
    if first not in (*COMMANDS, *_ABOUT):
        near = get_close_matches(first, COMMANDS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"choose from {', '.join(COMMANDS)}"
        print(f"phototriage: there is no command '{printable(first)}': {hint}", file=sys.stderr)
        return ExitCode.USAGE
    if "" in rest:
        # Usually an unset variable in quotes. As a path, it would mean the current folder.
        print("phototriage: one of the arguments is empty: is a variable unset?", file=sys.stderr)
        return ExitCode.USAGE
    for stream in (sys.stdout, sys.stderr):
        # A file name may be invalid text. Printing it must not stop a run.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    # Threads that spin while waiting take the cores away from everything else.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Decoding processes start as `python -c`, which imports from the current folder first: a re.py among
    # somebody's photos would run.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    signal.signal(signal.SIGTERM, _stop)
    try:
        code = _ABOUT[first]() if first in _ABOUT else _parsed(first, rest).run()
        with shown():
            sys.stdout.flush()
        return code
    except PhototriageError as error:
        dashes = "--" if isinstance(error, OptionError) and error.option else ""
        print(f"phototriage: {dashes}{printable(str(error))}", file=sys.stderr)
        return ExitCode.of_error(error)
    except ImportError as error:
        print(
            f"phototriage: the installation is broken: {printable(str(error))}: see `phototriage doctor`",
            file=sys.stderr,
        )
        return ExitCode.FAILED
    except BrokenPipeError:
        silence()
        return ExitCode.FAILED
    except KeyboardInterrupt:
        again = "run it again with --resume" if first == "train" else "run it again"
        print(f"phototriage: stopped; finished work is kept, {again} to continue", file=sys.stderr)
        return ExitCode.INTERRUPTED


def _stop(*_: object) -> None:
    """Handles SIGTERM like Ctrl-C: finished work is kept, and no process is left behind."""
    raise KeyboardInterrupt


def _description(command: type) -> str:
    """The command's docstring, wrapped to the terminal and indented, because tyro joins unindented lines."""
    width = min(shutil.get_terminal_size().columns, 100)
    text = ""
    for paragraph in inspect.cleandoc(command.__doc__ or "").split("\n\n"):
        is_example = paragraph.startswith(" ")
        text += "\n" if is_example else "\n\n"
        text += paragraph if is_example else textwrap.fill(paragraph, width, subsequent_indent="  ")
    return text.strip()


def _parsed(name: str, arguments: Sequence[str]) -> _Runnable:
    # Imported by name, so that a command does not wait for the imports of the others.
    if os.environ.get("NO_COLOR"):
        os.environ.setdefault("PYTHON_TYRO_ANSI_CODES", "False")
    module = import_module(f"phototriage.cli.{name}")
    try:
        import tyro
    except ImportError:
        if name != "doctor":
            raise
        return module.Command()  # type: ignore[no-any-return] # what is missing can be said without options

    from phototriage.cli.defaults import OwnDefaults, is_switched_on

    if hasattr(module, "default"):
        default = module.default(arguments)
    else:
        own = OwnDefaults(name, module.Command, arguments)
        default = own.command() if own.files else None
    command: _Runnable = tyro.cli(
        module.Command,
        **({} if default is None else {"default": default}),
        prog=f"phototriage {name}",
        description=_description(module.Command),
        args=list(arguments),
        use_underscores=True,
        config=(
            tyro.conf.OmitArgPrefixes,
            *(() if is_switched_on(default) else (tyro.conf.FlagCreatePairsOff,)),
        ),
    )
    return command
