"""What is in a cache folder, whether it is sound, and how to merge or remove it."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from phototriage.atomic_write import leftovers, sweep
from phototriage.errors import FeatureError, OutputError
from phototriage.features.block import Block
from phototriage.features.cache.exported import damaged_networks, export_folder, exported_networks
from phototriage.features.cache.index import PhotoIndex, known_photos
from phototriage.features.cache.index_database import index_files
from phototriage.features.cache.model_folder import model_folder
from phototriage.features.cache.part import PARTS, Unusable, listed, read_part
from phototriage.features.cache.store import FeatureStore
from phototriage.features.cache.thumbnails import stale_thumbnails, stored_thumbnails, thumbnail_folder
from phototriage.features.cache.weights_record import weights_record

__all__ = [
    "StoredBlock",
    "clear",
    "merge_parts",
    "removable_files",
    "remove_leftovers",
    "select_blocks",
    "survey",
]


@dataclass(frozen=True)
class StoredBlock:
    """What the folder of one block holds.

    `block` is None where not one part could be read. `photos` counts each once, in however many of the
    `parts` it is; `size` is in bytes, of all parts. `not_finite` counts the photos with a NaN or an infinite
    number.
    """

    folder: Path
    block: Block | None
    photos: int
    parts: int
    size: int
    not_finite: int
    unusable: tuple[Unusable, ...]


def survey(cache_dir: Path) -> tuple[StoredBlock, ...]:
    """Reads every part of every block and verifies it, one at a time; changes nothing.

    Raises FeatureError where a folder cannot be read.
    """
    try:
        folders = [path for path in listed(cache_dir / "features", "*-*") if path.is_dir()]
        return tuple(_surveyed(folder) for folder in folders)
    except OSError as error:
        raise FeatureError(
            f"cannot read {error.filename}: {error.strerror}; choose another place with --cache_dir"
        ) from error


def _surveyed(folder: Path) -> StoredBlock:
    blocks: list[Block] = []
    hashes: set[str] = set()
    unusable: list[Unusable] = []
    parts = size = not_finite = 0
    for path in listed(folder, PARTS):
        try:
            part, part_size = read_part(path), path.stat().st_size
        except FileNotFoundError:  # merged by another process
            continue
        parts += 1
        size += part_size
        if not isinstance(part, Unusable) and FeatureStore.folder_of(folder.parents[1], part.block) != folder:
            part = Unusable(path, "damaged", "belongs to another block")
        if isinstance(part, Unusable):
            unusable.append(part)
            continue
        blocks.append(part.block)
        hashes.update(part.content_hashes)
        not_finite += int((~part.finite).sum())
    block = blocks[0] if blocks else None
    return StoredBlock(folder, block, len(hashes), parts, size, not_finite, tuple(unusable))


def select_blocks(stored: Sequence[StoredBlock], names: Sequence[str]) -> tuple[StoredBlock, ...]:
    """The blocks called `names`, by the name of the block, its layers or its folder; all where none is named.

    Raises FeatureError for a name that is not there.
    """
    called = {each.folder: {each.folder.name, *_names(each.block)} for each in stored}
    known = set().union(*called.values())
    for name in names:
        if name not in known:
            choice = f"choose from {', '.join(sorted(known))}" if known else "the store is empty"
            raise FeatureError(f"the store holds no block {name!r}: {choice}")
    return tuple(each for each in stored if not names or called[each.folder] & set(names))


def _names(block: Block | None) -> set[str]:
    return set() if block is None else {block.name, *filter(None, [block.layers])}


def merge_parts(cache_dir: Path, stored: StoredBlock) -> int:
    """Merges the parts of a block into one, without numbers that are none; returns how many there were.

    Damaged parts are set aside. Raises OutputError where the store cannot be written, FeatureError where a
    part cannot be read.
    """
    return FeatureStore(cache_dir, stored.block, merge=False).compact() if stored.block else 0


def remove_leftovers(cache_dir: Path) -> None:
    """Removes what killed processes left half-written, and the thumbnails of photos that are gone.

    Raises OutputError where that cannot be done, FeatureError where a folder cannot be read.
    """
    thumbnails = {path.parent for path in stored_thumbnails(cache_dir)}
    for folder in (
        cache_dir,
        *listed(cache_dir / "features", "*-*"),
        export_folder(cache_dir),
        *sorted(thumbnails),
    ):
        sweep(folder)
    for path in stale_thumbnails(cache_dir, known_photos(cache_dir)):
        _remove(path)


def removable_files(stored: StoredBlock) -> tuple[Path, ...]:
    """The files of a block: its parts, whole, damaged or left half-written, and the networks that make it."""
    parts = [path for pattern in (PARTS, "part-*.broken") for path in listed(stored.folder, pattern)]
    parts += leftovers(stored.folder)
    cache_dir = stored.folder.parents[1]
    networks = (*exported_networks(cache_dir), *damaged_networks(cache_dir))
    return (*parts, *(each.path for each in networks if each.block_folder == stored.folder.name))


def clear(cache_dir: Path, stored: Sequence[StoredBlock], *, everything: bool) -> None:
    """Removes some blocks and the networks that make them; nothing of anyone else.

    everything: also what is known about photos and weights, all thumbnails, downloaded networks, and every
    exported network, damaged or left half-written ones too.
    Raises OutputError where something cannot be removed, FeatureError where a folder cannot be read.
    """
    for path in [path for each in stored for path in removable_files(each)]:
        _remove(path)
    _remove(cache_dir / "shards")  # they say that photos are measured
    for each in stored:
        with suppress(OSError):  # something of another's lies in it
            each.folder.rmdir()
    if not everything:
        return
    for network in (*exported_networks(cache_dir), *damaged_networks(cache_dir)):
        _remove(network.path)
    sweep(export_folder(cache_dir))
    sweep(cache_dir)
    _remove(thumbnail_folder(cache_dir))
    _remove(model_folder(cache_dir))
    _remove(weights_record(cache_dir))
    files = index_files(cache_dir)
    if files:
        with PhotoIndex(cache_dir) as photos:
            photos.forget_all()
        for path in files[:-1]:
            for ending in ("", "-wal", "-shm", "-journal"):
                _remove(path.with_name(path.name + ending))


def _remove(path: Path) -> None:
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    except FileNotFoundError:  # another process did
        return
    except OSError as error:
        raise OutputError(f"cannot remove {path}: {error.strerror}") from error
