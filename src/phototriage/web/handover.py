"""How the browser gets the token without anyone else seeing it."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

from phototriage.errors import OutputError

__all__ = ["entrance"]

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>phototriage</title>
<body><form method="post" action="{action}"><input type="hidden" name="token" value="{token}">
<button>Open phototriage</button></form>
<script>document.forms[0].submit()</script></body></html>
"""


@contextlib.contextmanager
def entrance(address: str, token: str) -> Iterator[Path]:
    """A page that sends the token to the server as soon as a browser opens it; removed when the block ends.

    Only the user can read it (its folder has the mode 0700, the file 0600). A command line, and so that of a
    browser, can be read by everybody on the machine; that is why the token is not in the address.

    Args:
        address: of the server, with the prefix and a final `/`.
        token: what lets one browser in.

    Raises OutputError if it cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="phototriage-") as folder:
            page = Path(folder) / "review.html"
            with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(_PAGE.format(action=escape(f"{address}enter"), token=escape(token)))
            yield page
    except OSError as error:
        raise OutputError(f"cannot write the page that opens the review: {error.strerror}") from error
