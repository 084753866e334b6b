"""What is known about photos before any of them is read."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from phototriage.errors import Failure
from phototriage.features.block import Features
from phototriage.features.cache.index import PhotoIndex
from phototriage.features.cache.store import FeatureStore
from phototriage.file_status import statuses
from phototriage.photos import Capture

__all__ = ["LookUp", "Measured", "look_up"]

_AT_ONCE = 10_000
"""Photos whose status is in memory at a time."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A photo that has features, and what its file says beside them."""

    content_hash: str
    capture: Capture


@dataclass(frozen=True)
class LookUp:
    """Each photo that was looked up is in exactly one of the two.

    outcomes: of the photos that need not be read.
    unmeasured: the others → their file and its status, taken before it is read.
    """

    outcomes: dict[str, Measured | Failure]
    unmeasured: dict[str, tuple[Path, os.stat_result]]


def look_up(
    photos: Mapping[str, str],
    stores: Sequence[FeatureStore],
    index: PhotoIndex,
    known: Features | None = None,
) -> LookUp:
    """Asks the index what each file holds, and the stores whether all have its features.

    Args:
        photos: key → file. A file that cannot be found, or holds no usable photo as far as the index knows,
            is a failure.
        known: of some of them, what their files held a moment ago.
    """
    outcomes: dict[str, Measured | Failure] = {}
    if known is not None and known.content_hashes is not None and known.captures is not None:
        there = [key for key in photos if key in known]
        stored = _in_all(stores, known.known_hashes(there))
        for key, row in zip(there, known.rows(there).tolist(), strict=True):
            if (content_hash := known.content_hashes[row]) in stored:
                outcomes[key] = Measured(content_hash, known.captures[row])
    unmeasured: dict[str, tuple[Path, os.stat_result]] = {}
    left = iter([key for key in photos if key not in outcomes])
    while some := list(islice(left, _AT_ONCE)):
        found = _look_up_files({key: photos[key] for key in some}, stores, index)
        outcomes.update(found.outcomes)
        unmeasured.update(found.unmeasured)
    return LookUp(outcomes, unmeasured)


def _look_up_files(photos: Mapping[str, str], stores: Sequence[FeatureStore], index: PhotoIndex) -> LookUp:
    outcomes: dict[str, Measured | Failure] = {}
    files: dict[str, tuple[str, os.stat_result]] = {}
    for (key, path), status in zip(photos.items(), statuses([*photos.values()]), strict=True):
        if isinstance(status, OSError):
            outcomes[key] = Failure(key, f"cannot be read: {status.strerror}")
        else:
            files[key] = (path, status)
    content_hashes = index.content_hashes(files.values())
    contents = index.contents([each for each in content_hashes if each])
    stored = _in_all(stores, contents)
    unmeasured: dict[str, tuple[Path, os.stat_result]] = {}
    for (key, file), content_hash in zip(files.items(), content_hashes, strict=True):
        content = contents.get(content_hash) if content_hash else None
        if content and content.fault is not None:
            outcomes[key] = Failure(key, content.fault)
        elif content_hash and content and content_hash in stored:
            outcomes[key] = Measured(content_hash, content.capture)
        else:
            path, status = file
            unmeasured[key] = (Path(path), status)
    return LookUp(outcomes, unmeasured)


def _in_all(stores: Sequence[FeatureStore], content_hashes: Iterable[str]) -> set[str]:
    stored = set(content_hashes)
    for store in stores:
        stored = store.among(stored)
    return stored
