"""What of a cache folder is asked for: blocks by their names, photos by their folder."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from phototriage.errors import FeatureError
from phototriage.features.cache.index import known_photos
from phototriage.features.cache.maintenance import StoredBlock, select_blocks, survey
from phototriage.features.cache.store import FeatureStore
from phototriage.features.registry import EXTRACTORS

__all__ = ["plain_path", "select_photos", "select_stores", "usable_blocks"]

OnNote = Callable[[str], None]


def select_stores(cache_dir: Path, names: Sequence[str], on_note: OnNote) -> list[FeatureStore]:
    """The blocks called `names`, by the name of the block or of its folder; all where none is named.

    In the order in which features are concatenated. What is damaged is left out and noted. Raises
    FeatureError for a name that is not there, and where there is nothing.
    """
    stored = usable_blocks(select_blocks(survey(cache_dir), names), on_note)
    stores = [FeatureStore(cache_dir, each.block, merge=False) for each in stored if each.block]
    for part in (part for store in stores for part in store.torn):
        on_note(f"left out, damaged: {part}")
    stores = [store for store in stores if len(store)]
    if not stores:
        raise FeatureError(f"there are no features in {cache_dir} yet: rank or train on some photos first")
    order = list(EXTRACTORS)
    return sorted(stores, key=lambda store: (*order, store.block.name).index(store.block.name))


def usable_blocks(stored: Sequence[StoredBlock], on_note: OnNote) -> list[StoredBlock]:
    """The blocks of which something can be read; the others are noted."""
    for each in stored:
        if each.unusable and not each.block:
            on_note(
                f"left out: {each.unusable[0].path} is {each.unusable[0].kind}: {each.unusable[0].reason}"
            )
    return [each for each in stored if each.block]


def select_photos(cache_dir: Path, folder: Path | None, on_note: OnNote) -> dict[Path, str]:
    """Known photos → content hashes: all, or those in a folder."""
    base = plain_path(folder or Path("/"))
    known = {plain_path(path): digest for path, digest in known_photos(cache_dir, on_note).items()}
    return {path: digest for path, digest in known.items() if path.is_relative_to(base)}


def plain_path(path: Path) -> Path:
    """Absolute and without `..`: the same file may have been named in another way when it was read."""
    return Path(os.path.normpath(path.absolute()))
