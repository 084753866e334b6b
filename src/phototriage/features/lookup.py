"""What is known about photos before any of them is read."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from phototriage.errors import Failure
from phototriage.features.cache.index import PhotoIndex
from phototriage.features.cache.store import FeatureStore
from phototriage.photos import Capture

__all__ = ["LookUp", "Measured", "look_up"]


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


def look_up(photos: Mapping[str, Path], stores: Sequence[FeatureStore], index: PhotoIndex) -> LookUp:
    """Asks the index what each file holds, and the stores whether all have its features.

    Args:
        photos: key → file. A file that cannot be found, or holds no usable photo as far as the index knows,
            is a failure.
    """
    outcomes: dict[str, Measured | Failure] = {}
    files: dict[str, tuple[Path, os.stat_result]] = {}
    for key, path in photos.items():
        try:
            files[key] = (path, path.stat())
        except OSError as error:
            outcomes[key] = Failure(key, f"cannot be read: {error.strerror}")
    content_hashes = index.content_hashes(files.values())
    contents = index.contents([each for each in content_hashes if each])
    unmeasured = {}
    for (key, file), content_hash in zip(files.items(), content_hashes, strict=True):
        content = contents.get(content_hash) if content_hash else None
        if content and content.fault is not None:
            outcomes[key] = Failure(key, content.fault)
        elif content_hash and content and all(content_hash in store for store in stores):
            outcomes[key] = Measured(content_hash, content.capture)
        else:
            unmeasured[key] = file
    return LookUp(outcomes, unmeasured)
