"""`phototriage doctor`."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from phototriage.atomic_write import atomic_write
from phototriage.doctor import (
    Finding,
    format_findings,
    guarded,
    health_json,
    machine_findings,
    print_health,
    software_findings,
    stored_findings,
    weights_findings,
    works,
)
from phototriage.doctor.finding import BROKEN, reason
from phototriage.exit_code import ExitCode

# Import nothing else here: packages that may be broken are imported where doctor can report it.

__all__ = ["Command", "default"]


@dataclass(frozen=True)
class Command:
    """Show what is installed, what is missing, and what to do next.

    Checks the packages, the readable photo formats, the machine, the weights, the cache folder and your
    defaults file. Changes nothing and needs no network access. The exit code is 0 if `phototriage rank` can
    run, and 1 if something that it needs is broken.
    """

    cache_dir: Path | None = None
    """The feature store; by default the one in your defaults file, or the platform's folder."""
    weights_dir: Path | None = None
    """The folder with weights; by default the one in your defaults file, or the hub's cache."""
    json: Path | None = None
    """Write the report as JSON; - for standard output."""

    def run(self) -> int:
        findings = list(self._findings())
        if self.json == Path("-"):
            sys.stdout.write(health_json(findings))
            return ExitCode.DONE if works(findings) else ExitCode.FAILED
        print_health(findings)
        if self.json:
            with atomic_write(self.json) as file:
                file.write(health_json(findings).encode("utf-8", "backslashreplace"))
        return ExitCode.DONE if works(findings) else ExitCode.FAILED

    def _findings(self) -> Iterator[Finding]:
        yield from guarded("installed", software_findings)
        yield from guarded("commands", _rank_starts)
        yield from guarded("photo formats", format_findings)
        yield from guarded("machine", machine_findings)
        places: dict[str, Path] = {}
        yield from guarded("your defaults", lambda: _defaults(places))
        yield from guarded("rankers and weights", lambda: self._weights(places))
        yield from guarded("cache", lambda: stored_findings(self._cache_dir(places)))

    def _weights(self, places: dict[str, Path]) -> Iterator[Finding]:
        yield from weights_findings(self._cache_dir(places), self.weights_dir or places.get("weights_dir"))

    def _cache_dir(self, places: dict[str, Path]) -> Path:
        from phototriage.features import default_cache_dir

        return self.cache_dir or places.get("cache_dir") or default_cache_dir()


def default(arguments: Sequence[str]) -> Command:  # noqa: ARG001 - as of every command that makes its own
    """The command without user defaults, so that the report can name a broken defaults file."""
    return Command()


def _rank_starts() -> Iterator[Finding]:
    try:
        import_module("phototriage.cli.rank")
    except BROKEN as error:
        yield Finding("commands", "rank", "broken", f"cannot start: {reason(error)}", essential=True)
    else:
        yield Finding("commands", "rank", "ok", "starts", essential=True)


def _defaults(places: dict[str, Path]) -> Iterator[Finding]:
    """The defaults files and their values, checked as commands check them; fills in `places` for `rank`."""
    from phototriage.cli import COMMANDS
    from phototriage.cli.defaults import OwnDefaults, defaults_files
    from phototriage.cli.defaults import places as searched
    from phototriage.cli.rank import Command as Rank

    files = defaults_files()
    source = OwnDefaults("rank", Rank, (), files).command().source
    places["cache_dir"] = source.cache_dir
    if source.options.weights_dir:
        places["weights_dir"] = source.options.weights_dir
    for file in files:
        for section, values in file.sections.items():
            if section in COMMANDS:
                OwnDefaults(
                    section, import_module(f"phototriage.cli.{section}").Command, (), [file]
                ).command()
            said = ", ".join(f"{name} = {value!r}" for name, value in values.items())
            yield Finding("your defaults", f"[{section}]", "ok", f"{said or 'nothing'} ({file.path})")
    if not files:
        looked = " or ".join(map(str, searched())) or "nowhere, as PHOTOTRIAGE_CONFIG is empty"
        yield Finding("your defaults", "files", "ok", f"none; looked for {looked}")
