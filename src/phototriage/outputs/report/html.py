"""The page: series as filmstrips, the pick marked, and why; photos side by side on a click.

One file without a network: style and script stand in it, allowed by their hashes; thumbnails wait as base64
in blocks of data until their series comes near; originals are loaded from where they lie beside the page.
"""

import hashlib
import os
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
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
) -> None:
    """Writes a ranked folder as one page for the browser, whole or not at all.

    Single photos are counted, not shown: there is nothing to choose. The page finds the originals by their
    way from `destination` to `folder`; where they are gone, or of a format the browser cannot show, it
    makes do with their thumbnails, long side 320 pixels, which are in it.

    Args:
        folder: what the photos' keys are relative to.
        ranked: the series, in the order in which they are shown.
        failures: photos that were left out.
        destination: the page, .html.
        on_progress: told how many thumbnails are made, and of how many.
        workers: processes that make thumbnails; by default one per core.
        cache_dir: where thumbnails are kept for the next page; by default nowhere.
        content_hashes: photo → what its file holds, as far as it is known; thumbnails that are kept are found
            by it without reading the photo.

    Raises:
        OutputError: the page cannot be written.
    """
    shown = [series for series in ranked if series.kind != "single"]
    wanted = {each.photo: folder / each.photo for series in shown for each in series.photos}
    before, after = _page(folder, ranked, failures)
    way = _way(destination.parent, folder)
    with atomic_write(destination) as page:
        page.write(before.encode())
        made = thumbnails(
            wanted,
            on_progress,
            workers=workers,
            cache=ThumbnailCache(cache_dir) if cache_dir else None,
            content_hashes=content_hashes,
        )
        for number, series in enumerate(shown):
            pictures = [outcome for _, (_, outcome) in zip(series.photos, made, strict=False)]
            links = [f"{way}/{quote(os.fsencode(each.photo))}" for each in series.photos]
            page.write(filmstrip(number, series, pictures, links).encode())
        page.write(after.encode())


def _page(folder: Path, ranked: Sequence[RankedSeries], failures: Sequence[Failure]) -> tuple[str, str]:
    """The page before and after its series."""
    style, script = _asset("style.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "img-src 'self' file: data:; base-uri 'none'; form-action 'none'"
    )
    before, after = _asset("page.html").split("$series\n")
    filled = Template(before).substitute(
        policy=escape(policy),
        folder=html_text(folder.resolve().name or str(folder)),
        style=style,
        figures="".join(
            f"<div><dt>{name}</dt><dd>{value}</dd></div>"
            for name, value in ranking_figures(folder, ranked).named().items()
        ),
        left_out=_left_out(failures),
    )
    return filled, Template(after).substitute(script=script)


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    """How a content security policy names a style or script that stands in the page."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _way(page: Path, folder: Path) -> str:
    """The URL of a folder as seen from the folder that the page lies in."""
    try:
        relative = os.path.relpath(folder, page)
    except ValueError:  # another drive of Windows
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
