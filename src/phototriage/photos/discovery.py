"""Finds the photos of a folder."""

import logging
import os
from collections import Counter
from functools import lru_cache
from pathlib import Path

from natsort import natsort_keygen, ns

from phototriage.errors import PhotoError

__all__ = ["PHOTO_SUFFIXES", "PICKS_MARK", "RAW_SUFFIXES", "discover", "natural_key"]

RAW_SUFFIXES: frozenset[str] = frozenset(
    {
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef"),
        *(".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf"),
        *(".srw", ".x3f"),
    }
)
"""Lower-case endings of the cameras' RAW files."""

PHOTO_SUFFIXES: frozenset[str] = RAW_SUFFIXES | frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
        *(".heic", ".heif", ".hif", ".avif"),
        *(".png", ".tif", ".tiff", ".webp", ".bmp"),
    }
)
"""Lower-case endings of the files that are taken for photos; everything else, sidecars too, is skipped."""

PICKS_MARK = ".phototriage-picks"
"""A sub-folder that holds a file of this name holds picks, and is left out."""

_MAX_KINDS_NAMED = 5

_natural = natsort_keygen(alg=ns.IGNORECASE)

_logger = logging.getLogger(__name__)


def discover(folder: Path) -> list[Path]:
    """Find the photos in a folder and its sub-folders.

    Hidden files and folders are skipped, and so are folders of picks; linked folders are not entered (they
    may run in circles), and a sub-folder that cannot be read is left out with a logged warning.

    Returns:
        Paths that begin with `folder`, in natural order of the path below it (IMG_2 before IMG_10).

    Raises:
        PhotoError: the folder is missing, is not a folder, cannot be read, or holds no photo.
    """

    def fail_or_warn(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise PhotoError(_why_not_a_folder(folder, error)) from error
        _logger.warning("%s is left out: %s", error.filename, error.strerror)
        unreadable.append(error.filename)

    photos: list[str] = []
    skipped: Counter[str] = Counter()
    unreadable: list[str] = []
    for parent, folders, names in os.walk(folder, onerror=fail_or_warn):
        if PICKS_MARK in names and Path(parent) != folder:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = Path(parent).relative_to(folder).as_posix()
        for name in names:
            kind = _kind(parent, name)
            if kind in PHOTO_SUFFIXES:
                photos.append(name if below == "." else f"{below}/{name}")
            else:
                skipped[kind] += 1
    if not photos:
        raise PhotoError(_why_no_photos(folder, skipped, len(unreadable)))
    return [folder / photo for photo in sorted(photos, key=natural_key)]


def natural_key(path: str) -> tuple[object, ...]:
    """What sorts paths with `/` naturally, whatever the case: IMG_2 before IMG_2 (1), and that before IMG_10.

    Files that differ only in the suffix stand side by side, in the order of their suffixes.
    """
    folder, _, name = path.rpartition("/")
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    # IMG_1 and IMG_01 are equal to natsort; the plain text keeps the order the same on every machine.
    return (*_key_of_folder(folder), _natural(stem)), suffix.casefold(), path


@lru_cache(4096)
def _key_of_folder(folder: str) -> tuple[object, ...]:
    return tuple(_natural(part) for part in folder.split("/") if part)


def _kind(parent: str, name: str) -> str:
    """The lower-case suffix of a usable file, else the words by which it is counted as skipped."""
    # Plain text here: of a library of 100,000 files each Path takes as long as looking at the disk.
    if name.startswith("."):
        return "hidden"
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122
    if suffix in PHOTO_SUFFIXES and not os.path.isfile(os.path.join(parent, name)):  # noqa: PTH113, PTH118
        return "broken link or special file"
    return suffix or "without a suffix"


def _why_not_a_folder(folder: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{folder}: there is no such folder"
    if isinstance(error, NotADirectoryError):
        return f"{folder} is a file, but a folder of photos is needed: try {folder.parent}"
    return f"{folder}: the folder cannot be read ({error.strerror})"


def _why_no_photos(folder: Path, skipped: Counter[str], unreadable: int) -> str:
    pictures = " ".join(sorted(PHOTO_SUFFIXES - RAW_SUFFIXES))
    looked_for = f"{folder}: no photo was found ({pictures} and cameras' RAW files)"
    total = skipped.total()
    named = skipped.most_common(_MAX_KINDS_NAMED)
    kinds = [f"{count} {kind}" for kind, count in named]
    if unnamed := total - sum(count for _, count in named):
        kinds.append(f"{unnamed} other")
    was_there = []
    if total:
        was_there.append(f"{_counted(total, 'file')} skipped: {', '.join(kinds)}")
    if unreadable:
        was_there.append(f"{_counted(unreadable, 'folder')} unreadable")
    return "; ".join([looked_for, *(was_there or ["the folder is empty"])])


def _counted(count: int, noun: str) -> str:
    return f"1 {noun} was" if count == 1 else f"{count} {noun}s were"
