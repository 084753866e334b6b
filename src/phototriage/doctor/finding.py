"""What one check found."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from phototriage.errors import PhototriageError

__all__ = ["BROKEN", "Finding", "State", "guarded", "reason", "works"]

State = Literal["ok", "missing", "broken"]

BROKEN = (
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    PhototriageError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What half-installed packages raise when they are imported or used."""


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    section: the heading it stands under. essential: whether ranking cannot work unless this is ok.
    hint: what to do about it, in a line; empty where there is nothing to do.
    """

    section: str
    name: str
    state: State
    value: str
    hint: str = ""
    essential: bool = False


def guarded(section: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What a check finds; where it fails, the last line says why.

    What fails for a reason of our own is essential; a broken package has its own line.
    """
    try:
        yield from check()
    except BROKEN as error:
        essential = isinstance(error, PhototriageError)
        yield Finding(section, "cannot go on", "broken", reason(error), essential=essential)


def works(findings: Iterable[Finding]) -> bool:
    """Whether everything essential is ok."""
    return all(each.state == "ok" for each in findings if each.essential)


def reason(error: BaseException) -> str:
    """An exception in one line."""
    return " ".join(str(error).split()) or type(error).__name__
