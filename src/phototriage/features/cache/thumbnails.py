"""Small pictures that pages have kept: <cache_dir>/thumbnails/<form>/<2 digits>/<content hash>.webp."""

import os
from collections.abc import Mapping
from pathlib import Path

from phototriage.errors import FeatureError

__all__ = ["stale_thumbnails", "stored_thumbnails", "thumbnail_folder"]


def thumbnail_folder(cache_dir: Path) -> Path:
    """Where the thumbnails of all forms lie."""
    return cache_dir / "thumbnails"


def stored_thumbnails(cache_dir: Path) -> list[Path]:
    """Everything in the folder of thumbnails, sorted. Raises FeatureError where it cannot be read."""

    def fail(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise FeatureError(f"cannot read {error.filename}: {error.strerror}") from error

    folders = os.walk(thumbnail_folder(cache_dir), onerror=fail)
    return sorted(Path(place, name) for place, _, names in folders for name in names)


def stale_thumbnails(cache_dir: Path, known: Mapping[Path, str]) -> list[Path]:
    """The thumbnails of photos that are gone: no file that is known to have had their content is there.

    `known`: the content hash of each photo file that was ever measured.
    """
    there = {content_hash for path, content_hash in known.items() if os.path.lexists(path)}
    stored = stored_thumbnails(cache_dir)
    return [path for path in stored if path.suffix == ".webp" and path.stem not in there]
