"""Which photos of a folder belong together: for now, those of one sub-folder."""

from collections.abc import Iterable
from pathlib import Path

__all__ = ["series_by_folder"]


def series_by_folder(folder: Path, photos: Iterable[Path]) -> dict[str, list[str]]:
    """Photos by the folder they lie in, in the order given.

    Returns: series → keys of its photos. Both are paths relative to `folder`, with `/`; photos that lie in
    `folder` itself are the series `.`.
    """
    series: dict[str, list[str]] = {}
    for photo in photos:
        key = photo.relative_to(folder)
        series.setdefault(key.parent.as_posix(), []).append(key.as_posix())
    return series
