"""What was found, for people and programs."""

import json
from collections.abc import Sequence
from itertools import groupby

from phototriage.doctor.finding import Finding, State, works
from phototriage.printable import printable

__all__ = ["health_json", "print_health"]

_MARKS: dict[State, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "missing": ("–", "yellow"),
    "broken": ("✗", "red"),
}

_NAME_WIDTH = 22


def print_health(findings: Sequence[Finding]) -> None:
    """A block of lines per section, then what to do next; without rich, the same in plain text."""
    for section, lines in groupby(findings, lambda each: each.section):
        _print_section(section, list(lines))
    print(_verdict(findings))
    for step in _steps(findings):
        print(f"  • {printable(step)}")


def health_json(findings: Sequence[Finding]) -> str:
    """One document: `works`, the findings with their fields, and `next_steps`."""
    fields = ("section", "name", "state", "value", "hint", "essential")
    return (
        json.dumps(
            {
                "works": works(findings),
                "findings": [{name: getattr(each, name) for name in fields} for each in findings],
                "next_steps": _steps(findings),
            },
            indent=2,
        )
        + "\n"
    )


def _steps(findings: Sequence[Finding]) -> list[str]:
    """What to do next, essential things first, each once."""
    ordered = sorted(findings, key=lambda each: not each.essential)
    return list(dict.fromkeys(each.hint for each in ordered if each.hint))


def _verdict(findings: Sequence[Finding]) -> str:
    lacking = [printable(each.name) for each in findings if each.essential and each.state != "ok"]
    if lacking:
        return f"\nphototriage rank cannot work here until this is mended: {', '.join(lacking)}"
    return "\nphototriage rank works here." + (" Next:" if _steps(findings) else "")


def _print_section(section: str, findings: Sequence[Finding]) -> None:
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        print(f"\n{section}")
        for each in findings:
            print(f"{_MARKS[each.state][0]} {printable(each.name)}: {printable(each.value)}")
        return
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(no_wrap=True, min_width=_NAME_WIDTH)
    table.add_column(overflow="fold")
    for each in findings:
        mark, colour = _MARKS[each.state]
        table.add_row(Text(mark, colour), Text(printable(each.name)), Text(printable(each.value)))
    console = Console()
    console.print(Text(f"\n{section}", "bold"))
    console.print(table)
