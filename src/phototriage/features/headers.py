"""What the EXIF of files says, read from their first bytes where that is enough."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from phototriage.features.cache.index import Content, PhotoIndex
from phototriage.file_status import statuses
from phototriage.photos import Capture, content_hash, read_capture

__all__ = ["read_captures"]

_HEAD = 256 << 10
"""Bytes that hold the EXIF of nearly every photo: a RAW of 50 MB need not be read whole."""


def read_captures(
    files: Sequence[Path],
    cache_dir: str | os.PathLike[str],
    on_note: Callable[[str], None] = lambda note: None,
) -> list[Capture]:
    """The capture of each file; an empty one where the file cannot be read or does not say.

    Raises OutputError and FeatureError as `PhotoIndex` does, which remembers the answers.
    """
    asked = zip(files, statuses(files), strict=True)
    there = [(file, status) for file, status in asked if not isinstance(status, OSError)]
    with PhotoIndex(Path(cache_dir), on_note) as index:
        digests = index.content_hashes(there)
        known = index.contents([digest for digest in digests if digest])
        captures: dict[Path, Capture] = {}
        read: list[tuple[Path, os.stat_result, str]] = []
        contents: dict[str, Content] = {}
        for (file, status), digest in zip(there, digests, strict=True):
            if digest in known:
                captures[file] = known[digest].capture
            elif found := _read(file):
                digest, captures[file] = found
                read.append((file, status, digest))
                contents[digest] = Content(captures[file], None)
        if read:
            # The stores hold nothing of such a digest, so a file is read whole when it is to be measured.
            index.remember(read, contents)
    return [captures.get(file, Capture()) for file in files]


def _read(file: Path) -> tuple[str, Capture] | None:
    """A digest of the first bytes, and the capture."""
    try:
        with file.open("rb") as photo:
            data = photo.read(_HEAD)
            digest = content_hash(b"head" + data)
            capture = read_capture(data)
            if capture.time is None and len(data) == _HEAD:
                rest = photo.read()
                digest, capture = content_hash(b"all" + data + rest), read_capture(data + rest)
    except (OSError, MemoryError):
        return None
    return digest, capture
