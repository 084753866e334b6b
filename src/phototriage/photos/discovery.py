"""Finds the photos in a folder."""

import logging
import os
import re
from collections import Counter
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

from phototriage.errors import PhotoError
from phototriage.photos.skipped_folders import CACHE_MARK, bin_or_cache
from phototriage.printable import printable

__all__ = ["PHOTO_SUFFIXES", "PICKS_MARK", "RAW_SUFFIXES", "discover", "natural_key", "photo_names"]

RAW_SUFFIXES: frozenset[str] = frozenset(
    {
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef"),
        *(".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf"),
        *(".srw", ".x3f"),
    }
)
"""Lower-case suffixes of RAW files."""

PHOTO_SUFFIXES: frozenset[str] = RAW_SUFFIXES | frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
        *(".heic", ".heif", ".hif", ".avif"),
        *(".png", ".tif", ".tiff", ".webp", ".bmp"),
    }
)
"""Lower-case suffixes of photo files; all other files, including sidecars, are skipped."""

PICKS_MARK = ".phototriage-picks"
"""A sub-folder with a file of this name contains picks and is skipped."""

_UNREAD_SUFFIXES = frozenset(
    {
        *(".jxl", ".jp2", ".j2k", ".j2c", ".jpf", ".jpx", ".jpm", ".jxr", ".wdp", ".hdp", ".heics", ".avifs"),
        *(".psd", ".psb", ".xcf", ".kra", ".afphoto", ".exr", ".hdr", ".gif", ".tga", ".pnm", ".ppm", ".pgm"),
        *(".gpr", ".raw", ".arq", ".ari", ".bay", ".braw", ".cap", ".cs1", ".dcs", ".drf", ".eip", ".insp"),
        *(".j6i", ".jps", ".k25", ".mdc", ".ptx", ".pxn", ".r3d", ".rwz", ".sti", ".ciff", ".lfp", ".lri"),
        *(".mov", ".mp4", ".m4v", ".avi", ".mts", ".m2ts", ".mpg", ".mpeg", ".3gp", ".3g2", ".mkv", ".webm"),
        *(".wmv", ".flv", ".mp", ".insv", ".360", ".lrv", ".mxf", ".vob", ".mod", ".tod", ".ogv", ".asf"),
    }
)
"""Lower-case suffixes of pictures and videos that are not read."""
_BIN_OR_CACHE = "of a recycle bin or cache"
_LINKED = "linked"
_NO_FILE = "broken link or special file"
_MAX_KINDS_NAMED = 5
_MAX_FOLDERS_NAMED = 10

_DIGITS = re.compile(r"(\d+)", re.ASCII)
_USUAL = re.compile(r"([a-z_]*)(\d+)(\.[a-z]+)", re.ASCII | re.IGNORECASE)
"""The names that cameras give, whose key is found at once."""

_logger = logging.getLogger(__name__)


def _log(path: str, reason: str) -> None:
    _logger.warning("%s is left out: %s", printable(path), reason)


def discover(
    folder: str | Path,
    *,
    on_failure: Callable[[str, str], None] = _log,
    on_note: Callable[[str], None] = lambda note: None,
) -> list[Path]:
    """Find the photos in a folder and its sub-folders: `photo_names` as paths that begin with `folder`."""
    folder = Path(folder)
    return [folder / name for name in photo_names(folder, on_failure=on_failure, on_note=on_note)]


def photo_names(
    folder: str | Path,
    *,
    on_failure: Callable[[str, str], None] = _log,
    on_note: Callable[[str], None] = lambda note: None,
) -> list[str]:
    """Find the photos in a folder and its sub-folders.

    Hidden files and folders, folders of picks, recycle bins and programs' caches are skipped. Linked folders
    are not entered, because they may form cycles.

    Args:
        folder: the folder to search.
        on_failure: called with the path below `folder` and the reason for each unreadable sub-folder; by
            default this is logged as a warning.
        on_note: called with one line about each of these, if there are any: recycle bins and caches by name,
            linked folders, broken links and special files with the name of a photo, and pictures and videos
            of kinds that are not read.

    Returns:
        Paths below `folder`, with `/`, in natural order (IMG_2 before IMG_10).

    Raises:
        PhotoError: the folder is missing, is not a folder, cannot be read, or contains no photo.
    """
    folder = Path(folder)
    photos: list[str] = []
    no_files: list[str] = []
    skipped: Counter[str] = Counter()
    not_entered: Counter[str] = Counter()
    bins_and_caches: Counter[str] = Counter()
    unreadable = 0
    # An explicit stack, because os.walk of Python 3.11 fails a thousand folders deep.
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            with os.scandir(folder / below) as entries:
                # Called here because it fails if only the names in a folder are readable.
                found = [(entry, entry.is_symlink()) for entry in entries]
        except OSError as error:
            if not below:
                raise PhotoError(_why_not_a_folder(folder, error)) from error
            unreadable += 1
            on_failure(below, f"the folder cannot be read: {error.strerror}")
            continue
        names = [entry.name for entry, _ in found]
        parent = below.rpartition("/")[2]
        if below and PICKS_MARK in names:
            not_entered["of picks"] += 1
            continue
        if below and CACHE_MARK in names:
            bins_and_caches[parent] += 1
            continue
        for entry, linked in found:
            # Strings, because creating 100,000 Paths takes as long as reading the disk.
            path = f"{below}/{entry.name}" if below else entry.name
            if _is(entry.is_dir):
                if called := bin_or_cache(entry.name, parent or folder.absolute().name, names):
                    bins_and_caches[called] += 1
                elif why := _why_not_entered(entry.name, linked):
                    not_entered[why] += 1
                else:
                    waiting.append(path)
                continue
            kind = _kind(entry)
            if kind in PHOTO_SUFFIXES:
                photos.append(path)
            else:
                skipped[kind] += 1
            if kind == _NO_FILE:
                no_files.append(path)
    if bins_and_caches:
        not_entered[_BIN_OR_CACHE] = bins_and_caches.total()
    if not photos:
        raise PhotoError(_why_no_photos(folder, skipped, not_entered, unreadable))
    if bins_and_caches:
        on_note(f"recycle bins and caches not entered: {_named(bins_and_caches, _MAX_FOLDERS_NAMED)}")
    if links := not_entered[_LINKED]:
        on_note(f"{_counted(links, 'linked folder')} not entered")
    if no_files:
        first = min(no_files, key=natural_key)
        on_note(f"broken links and special files were skipped: {len(no_files):,}, the first {first}")
    unread = Counter({kind: count for kind, count in skipped.items() if kind in _UNREAD_SUFFIXES})
    if unread:
        kinds = "a kind that is" if unread.total() == 1 else "kinds that are"
        on_note(f"{_files(unread.total())} of {kinds} not read: {_named(unread, _MAX_KINDS_NAMED)}")
    return sorted(photos, key=natural_key)


def natural_key(path: str) -> tuple[object, ...]:
    """A key that sorts paths with `/` naturally, ignoring case: IMG_2, then IMG_2 (1), then IMG_10.

    Files that differ only in the suffix are adjacent, in the order of their suffixes.
    """
    folder, _, name = path.rpartition("/")
    if usual := _USUAL.fullmatch(name):
        letters, digits, suffix = usual.groups()
        return (*_key_of_folder(folder), (letters.lower(), int(digits))), suffix.lower(), path
    stem, dot, suffix = name.rpartition(".")
    if not stem.strip("."):  # as os.path.splitext, which takes twice as long
        stem, dot, suffix = name, "", ""
    # natsort treats IMG_1 and IMG_01 as equal; the plain text keeps the order deterministic.
    return (*_key_of_folder(folder), _natural(stem)), dot + suffix.casefold(), path


def _natural(text: str) -> tuple[object, ...]:
    """natsort's key, in a third of its time for the names that cameras give."""
    if not text.isascii():
        return tuple(_natsort()(text))
    parts: list[object] = [*_DIGITS.split(text.lower())]
    for place in range(1, len(parts), 2):
        parts[place] = int(str(parts[place]))
    if not parts[-1]:
        parts.pop()
    return tuple(parts)


@cache
def _natsort() -> Callable[[str], tuple[object, ...]]:
    # Few names need it, and to import it takes a tenth of the start of a decoding process.
    from natsort import natsort_keygen, ns

    key: Callable[[str], tuple[object, ...]] = natsort_keygen(alg=ns.IGNORECASE)
    return key


@lru_cache(4096)
def _key_of_folder(folder: str) -> tuple[object, ...]:
    return tuple(_natural(part) for part in folder.split("/") if part)


def _is(test: Callable[[], bool]) -> bool:
    """Whether an entry is of the given kind; a link in a cycle is of no kind."""
    try:
        return test()
    except OSError:
        return False


def _why_not_entered(name: str, linked: bool) -> str | None:
    if name.startswith("."):
        return "hidden"
    return _LINKED if linked else None


def _kind(entry: os.DirEntry[str]) -> str:
    """The lower-case suffix of a usable file, or else the phrase that counts it as skipped."""
    if entry.name.startswith("."):
        return "hidden"
    stem, dot, suffix = entry.name.rpartition(".")
    suffix = (dot + suffix).lower() if stem.strip(".") else ""  # as os.path.splitext, in half of its time
    if suffix in PHOTO_SUFFIXES and not _is(entry.is_file):
        return _NO_FILE
    return suffix or "without a suffix"


def _why_not_a_folder(folder: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{folder}: there is no such folder"
    if isinstance(error, NotADirectoryError):
        return f"{folder} is a file, but a folder of photos is needed: try {folder.parent}"
    return f"{folder}: the folder cannot be read ({error.strerror})"


def _why_no_photos(folder: Path, skipped: Counter[str], not_entered: Counter[str], unreadable: int) -> str:
    pictures = " ".join(sorted(PHOTO_SUFFIXES - RAW_SUFFIXES))
    parts = [f"{folder}: no photo was found ({pictures} and cameras' RAW files)"]
    if skipped:
        parts.append(f"{_counted(skipped.total(), 'file')} skipped: {_kinds(skipped)}")
    if not_entered:
        parts.append(f"{_counted(not_entered.total(), 'folder')} not entered: {_kinds(not_entered)}")
    if unreadable:
        parts.append(f"{_counted(unreadable, 'folder')} unreadable")
    return "; ".join(parts if len(parts) > 1 else [*parts, "the folder is empty"])


def _kinds(counts: Counter[str]) -> str:
    named = counts.most_common(_MAX_KINDS_NAMED)
    kinds = [f"{count} {kind}" for kind, count in named]
    if unnamed := counts.total() - sum(count for _, count in named):
        kinds.append(f"{unnamed} other")
    return ", ".join(kinds)


def _named(counts: Counter[str], most: int) -> str:
    """Names with their counts, the most frequent ones first: ".jxl 10, .gpr 2"."""
    # Sorted by name first, because the order of a folder's entries is random.
    named = sorted(sorted(counts.items()), key=lambda item: -item[1])
    parts = [f"{name} {count:,}" for name, count in named[:most]]
    if unnamed := sum(count for _, count in named[most:]):
        parts.append(f"others {unnamed:,}")
    return ", ".join(parts)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _counted(count: int, noun: str) -> str:
    return f"1 {noun} was" if count == 1 else f"{count} {noun}s were"
