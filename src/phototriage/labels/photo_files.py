"""Where the photos of labels lie."""

import os
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from phototriage.errors import LabelError

__all__ = ["photo_files"]


def photo_files(folder: Path, photos: Iterable[str]) -> dict[str, Path]:
    """The file of each photo in `folder`, found whichever way the disk spells an accent.

    A photo may be a link to a file elsewhere, as in a folder of linked picks. A linked sub-folder may not
    lead out of `folder`: ranking does not enter it either.

    Raises:
        LabelError: a photo lies outside of `folder`.
    """
    root = folder.resolve()

    @cache
    def is_inside(place: Path) -> bool:
        return place.resolve().is_relative_to(root)

    @cache
    def names(place: Path) -> dict[str, str]:
        try:
            return {unicodedata.normalize("NFC", name): name for name in os.listdir(place)}  # noqa: PTH208
        except OSError:
            return {}

    def found(photo: str) -> Path:
        path = folder / photo
        if photo.isascii() or path.exists():
            return path
        path = folder
        for part in photo.split("/"):
            path /= names(path).get(unicodedata.normalize("NFC", part), part)
        return path

    files = {photo: found(photo) for photo in photos}
    for photo, path in files.items():
        if not is_inside(path.parent):
            raise LabelError(f"{photo} lies outside of {folder}, behind a link: name the folder it is in")
    return files
