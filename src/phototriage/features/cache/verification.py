"""Whether everything in a cache folder is sound."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from phototriage.features.cache.exported import exported_networks
from phototriage.features.cache.index import PhotoIndex
from phototriage.features.cache.index_database import index_files
from phototriage.features.cache.maintenance import merge_parts, survey
from phototriage.features.cache.store import set_aside

__all__ = ["Verification", "verify_cache"]


@dataclass(frozen=True)
class Verification:
    """sound: whether nothing is damaged, or was until it was repaired. The rest counts what is sound."""

    sound: bool
    parts: int
    vectors: int
    networks: int


def verify_cache(
    cache_dir: Path, *, repair: bool = False, on_note: Callable[[str], None] = lambda text: None
) -> Verification:
    """Reads everything and verifies checksums, shapes and numbers.

    Args:
        repair: set damaged files aside, and drop what are no numbers, so that photos are measured, or
            networks exported, again.
        on_note: told each fault.

    Raises FeatureError where a folder cannot be read, OutputError where a repair cannot be written.
    """
    stored = survey(cache_dir)
    bad = [part for each in stored for part in each.unusable]
    left = len(bad)
    for part in bad:
        on_note(f"{part.kind}: {part.path}: {part.reason}")
        if repair and part.kind == "damaged" and set_aside(part.path):
            left -= 1
    networks = exported_networks(cache_dir)
    broken = []
    for each in networks:
        with suppress(FileNotFoundError):  # removed meanwhile
            if not each.sound:
                broken.append(each.path)
    left += len(broken)
    for path in broken:
        on_note(f"damaged: {path}: is not the network that was exported")
        if repair and set_aside(path):
            left -= 1
    unsound = [each for each in stored if each.not_finite]
    if unsound:
        count = sum(each.not_finite for each in unsound)
        on_note(f"damaged: {count} photos have a NaN or an infinite number")
    if repair:
        for block in unsound:
            merge_parts(cache_dir, block)
        unsound = []
        stored = survey(cache_dir)
    index_was_sound = True
    for newest in index_files(cache_dir)[-1:]:
        with PhotoIndex(cache_dir, on_note) as index:
            index.verify()
            index_was_sound = index.path == newest
    return Verification(
        sound=not left and not unsound and index_was_sound,
        parts=sum(each.parts - len(each.unusable) for each in stored),
        vectors=sum(each.photos for each in stored),
        networks=len(networks) - len(broken),
    )
