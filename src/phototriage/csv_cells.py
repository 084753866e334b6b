"""Text in CSV cells that a spreadsheet must not take for a formula."""

import re

__all__ = ["guarded", "unguarded"]

# The wide forms count as well where the spreadsheet is set to Japanese or Chinese.
_FORMULA = re.compile(r"(?P<guards>'*)(?:[ \u3000]*[=+\-@＝＋－＠]|[\t\r\n])")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def guarded(text: str) -> str:
    """The text of a cell, with `'` before what a spreadsheet would run; `unguarded` takes it off again.

    Numbers stay as they are. Text that has such a `'` already gets one more.
    Source: OWASP, CSV Injection.
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(cell: str) -> str:
    """The text that `guarded` made this cell from."""
    found = _FORMULA.match(cell)
    return cell[1:] if found and found["guards"] else cell
