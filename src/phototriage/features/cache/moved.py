"""Photos under another path than when they were measured: after a folder moved, or on another mount."""

import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from phototriage.features.cache.index import PhotoIndex
from phototriage.file_status import statuses

__all__ = ["take_over"]

_AT_ONCE = 10_000


def take_over(
    old: str | os.PathLike[str],
    new: str | os.PathLike[str],
    cache_dir: str | os.PathLike[str],
    on_note: Callable[[str], None] = lambda note: None,
) -> tuple[int, int]:
    """Makes the index know photos below `new` by what it knows of the same names below `old`.

    None is read. Only files with the very size and times count, as on another mount of the same disk, or in a
    folder that was renamed. Copies have times of their own, and are read once more.

    Returns how many photos are known below `old`, and how many of them are below `new` now. Raises
    OutputError or FeatureError where the index cannot be used.
    """
    known = there = 0
    old, new = Path(old).absolute(), Path(new).absolute()
    with PhotoIndex(Path(cache_dir), on_note) as index:
        paths = (path for path in index.photos() if old in path.parents)
        while some := list(islice(paths, _AT_ONCE)):
            known += len(some)
            found = list(_below(some, old, new))
            hashes = index.content_hashes((before, status) for before, _, status in found)
            moved = [
                (now, status, content_hash)
                for (_, now, status), content_hash in zip(found, hashes, strict=True)
                if content_hash
            ]
            index.remember(moved, {})
            there += len(moved)
    return known, there


def _below(paths: list[Path], old: Path, new: Path) -> Iterator[tuple[Path, Path, os.stat_result]]:
    places = [new / path.relative_to(old) for path in paths]
    for path, now, status in zip(paths, places, statuses(places), strict=True):
        if not isinstance(status, OSError):  # it is there
            yield path, now, status
