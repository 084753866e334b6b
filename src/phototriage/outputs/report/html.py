"""The page: series as filmstrips, with the pick marked and the reasons; a click compares photos.

One file that needs no network access. It contains the style and the script, allowed by their hashes.
Thumbnails stay as base64 in data blocks until their series scrolls near. Originals load by relative path.
"""

import hashlib
import os
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from urllib.parse import quote

from phototriage.atomic_write import atomic_write
from phototriage.features import Failure
from phototriage.outputs.report.filmstrip import filmstrip, html_text
from phototriage.outputs.report.thumbnails import ThumbnailCache, thumbnails
from phototriage.outputs.summary import ranking_figures
from phototriage.series import RankedSeries

__all__ = ["report_html"]

_SERIES_PER_PAGE = 1000


def report_html(
    folder: Path,
    ranked: Sequence[RankedSeries],
    failures: Sequence[Failure],
    destination: Path,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    workers: int | None = None,
    cache_dir: Path | None = None,
    content_hashes: Mapping[str, str] | None = None,
    ranker: str = "the default ranker",
) -> None:
    """Writes a ranked folder as a page for the browser, whole or not at all.

    A browser cannot hold all series of a large library, so from a thousand on there are further pages beside
    the first one, report-2.html and so on, each with links to those before and after it.

    Single photos are counted but not shown, because there is nothing to choose. The page finds the originals
    by the relative path from `destination` to `folder`. If an original is missing, or the browser cannot show
    its format, the page uses its thumbnail, which it contains (long side 320 pixels).

    Args:
        folder: the root of the photos' keys.
        ranked: the series, in display order.
        failures: photos that were left out.
        destination: the page, .html; the first, where there are several.
        on_progress: called with the number of finished thumbnails and the total.
        workers: processes that create thumbnails; by default one per core.
        cache_dir: caches thumbnails for the next page; by default there is no cache.
        content_hashes: photo → content hash of its file, if known; finds cached thumbnails without reading
            the photo.
        ranker: which ranker spoke, as people read it.

    Raises:
        OutputError: the page cannot be written.
    """
    shown = [series for series in ranked if series.kind != "single"]
    wanted = {each.photo: folder / each.photo for series in shown for each in series.photos}
    top, before, after = _page(folder, ranked, failures, ranker)
    way = _way(destination.parent, folder)
    made = thumbnails(
        wanted,
        on_progress,
        workers=workers,
        cache=ThumbnailCache(cache_dir) if cache_dir else None,
        content_hashes=content_hashes,
    )
    starts = range(0, max(len(shown), 1), _SERIES_PER_PAGE)
    paths = [_numbered(destination, number) for number in range(1, len(starts) + 1)]
    with ExitStack() as pages:  # they appear when all are written, the first one last
        for path, start in zip(paths, starts, strict=True):
            page = pages.enter_context(atomic_write(path))
            page.write((top + _links(paths, path) + before).encode())
            for number, series in enumerate(shown[start : start + _SERIES_PER_PAGE], start):
                pictures = [outcome for _, (_, outcome) in zip(series.photos, made, strict=False)]
                links = [f"{way}/{quote(os.fsencode(each.photo))}" for each in series.photos]
                page.write(filmstrip(number, series, pictures, links).encode())
            page.write(after.encode())


def _numbered(first: Path, number: int) -> Path:
    """The file of a page: report.html, report-2.html …"""
    return first if number == 1 else first.with_name(f"{first.stem}-{number}{first.suffix}")


def _links(pages: Sequence[Path], this: Path) -> str:
    """From one of several pages to those before and after it."""
    if len(pages) == 1:
        return ""
    place = pages.index(this)
    near = {"before": place - 1, "after": place + 1, "first": 0, "last": len(pages) - 1}
    links = " · ".join(
        f'<a href="{quote(os.fsencode(pages[other].name))}">{words}</a>'
        for words, other in near.items()
        if 0 <= other < len(pages) and other != place
    )
    return f'<nav class="note" aria-label="Pages">Page {place + 1:,} of {len(pages):,}: {links}</nav>'


def _page(
    folder: Path, ranked: Sequence[RankedSeries], failures: Sequence[Failure], ranker: str
) -> tuple[str, str, str]:
    """A page above the links to others, between these and its series, and after its series."""
    style = _asset("style.css")
    script = _asset("panes.js").replace("export function", "function") + _asset("report.js")  # no module
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "img-src 'self' file: data:; base-uri 'none'; form-action 'none'"
    )
    top, rest = _asset("page.html").split("$pages\n")
    before, after = rest.split("$series\n")
    filled = Template(top).substitute(
        policy=escape(policy),
        folder=html_text(folder.resolve().name or str(folder)),
        ranker=html_text(ranker),
        style=style,
        figures="".join(
            f"<div><dt>{name}</dt><dd>{value}</dd></div>"
            for name, value in ranking_figures(folder, ranked).named().items()
        ),
        left_out=_left_out(failures),
    )
    return filled, before, Template(after).substitute(script=script)


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    """The hash by which a content security policy names an inline style or script."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _way(page: Path, folder: Path) -> str:
    """The URL of a folder, relative to the folder of the page."""
    try:
        relative = os.path.relpath(folder, page)
    except ValueError:  # on another Windows drive
        return folder.absolute().as_uri()
    return quote(os.fsencode(Path(relative).as_posix()))


def _left_out(failures: Sequence[Failure]) -> str:
    if not failures:
        return ""
    items = "".join(
        f"<li><bdi>{html_text(failure.photo)}</bdi>: {html_text(failure.reason)}</li>" for failure in failures
    )
    count = "1 photo" if len(failures) == 1 else f"{len(failures):,} photos"
    return f"<details><summary>{count} left out</summary><ul>{items}</ul></details>"
