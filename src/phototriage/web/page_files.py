"""The files of the page, by their plain names."""

from functools import cache
from importlib.abc import Traversable
from importlib.resources import files

from phototriage.web.errors import RequestError

__all__ = ["page_file"]

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_SHARED_WITH_REPORT = ("style.css", "panes.js")


def page_file(name: str) -> tuple[bytes, str]:
    """The content of a file of the page, and its media type. Raises RequestError for any other name."""
    suffix = f".{name.rpartition('.')[2]}"
    if name not in _there() or suffix not in _TYPES:
        raise RequestError(404, "there is no such thing here")
    return _there()[name].read_bytes(), _TYPES[suffix]


@cache
def _there() -> dict[str, Traversable]:
    report = files("phototriage.outputs.report")
    there = {each.name: each for each in (files("phototriage.web") / "page").iterdir() if each.is_file()}
    return there | {each: report / each for each in _SHARED_WITH_REPORT}
