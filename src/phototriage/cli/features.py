"""`phototriage features`."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from phototriage.cli.feature_source import OptionalPath
from phototriage.cli.progress import note
from phototriage.errors import FeatureError, PhotoError
from phototriage.extras import require
from phototriage.features import EXTRACTORS, Block, FeatureStore, default_cache_dir
from phototriage.features.cache.exported import exported_networks
from phototriage.features.cache.index import PhotoIndex, index_files, known_photos
from phototriage.features.cache.maintenance import (
    StoredBlock,
    clear,
    merge_parts,
    removable_files,
    remove_leftovers,
    select_blocks,
    survey,
)
from phototriage.features.cache.store import set_aside
from phototriage.features.inspection import Inspection, nearest_photos
from phototriage.outputs.features.export import check_ending, write_feature_table
from phototriage.outputs.features.tables import (
    human_size,
    print_exported_networks,
    print_inspection,
    print_neighbours,
    print_stored_blocks,
)
from phototriage.photos import content_hash, read_photo

__all__ = ["Command"]

_DAMAGED = 1

Blocks = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME [NAME ...]")]
OptionalFolder = Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="[FOLDER]")]


@dataclass(frozen=True)
class Info:
    """Say what is stored: per block of features how it was made, photos, files, size; exported networks."""

    def run(self, cache_dir: Path) -> int:
        stored = survey(cache_dir)
        if stored:
            print_stored_blocks(stored)
        networks = exported_networks(cache_dir)
        if networks:
            print_exported_networks(networks)
        print(f"{human_size(sum(each.size for each in stored))} of features in {cache_dir}")
        print(f"{len(known_photos(cache_dir, note)):,} photos known by path, size and time")
        return 0


@dataclass(frozen=True)
class Check:
    """Read everything and verify checksums, shapes and numbers; exit code 1 where anything is damaged."""

    repair: bool = False
    """Set damaged files aside, and drop what are no numbers, so that photos are measured, or networks
    exported, again."""

    def run(self, cache_dir: Path) -> int:
        stored = survey(cache_dir)
        bad = [part for each in stored for part in each.unusable]
        left = len(bad)
        for part in bad:
            note(f"{part.kind}: {part.path}: {part.reason}")
            if self.repair and part.kind == "damaged" and set_aside(part.path):
                left -= 1
        networks = exported_networks(cache_dir)
        broken = []
        for each in networks:
            with suppress(FileNotFoundError):  # removed meanwhile
                if not each.sound:
                    broken.append(each.path)
        left += len(broken)
        for path in broken:
            note(f"damaged: {path}: is not the network that was exported")
            if self.repair and set_aside(path):
                left -= 1
        unsound = [each for each in stored if each.not_finite]
        if unsound:
            count = sum(each.not_finite for each in unsound)
            note(f"damaged: {count} photos have a NaN or an infinite number")
        if self.repair:
            for block in unsound:
                merge_parts(cache_dir, block)
            unsound = []
            stored = survey(cache_dir)
        index_was_sound = True
        for newest in index_files(cache_dir)[-1:]:
            with PhotoIndex(cache_dir, note) as index:
                index.verify()
                index_was_sound = index.path == newest
        if left or unsound or not index_was_sound:
            return _DAMAGED
        parts = sum(each.parts - len(each.unusable) for each in stored)
        vectors = sum(each.photos for each in stored)
        print(
            f"sound: {parts:,} parts, {vectors:,} vectors, {len(networks) - len(broken)} exported networks "
            f"in {cache_dir}"
        )
        return 0


@dataclass(frozen=True)
class Compact:
    """Merge the files of each block into one; safe while other commands use them."""

    def run(self, cache_dir: Path) -> int:
        for each in _usable(survey(cache_dir)):
            merged = merge_parts(cache_dir, each)
            print(f"{each.folder.name}: {merged} {'part' if merged == 1 else 'parts, now 1'}")
        remove_leftovers(cache_dir)
        return 0


@dataclass(frozen=True)
class Export:
    """Write stored features as one table: series, photo, then a column per number.

    It has every photo that was read before and has numbers in all chosen blocks. --feature_table of the
    other commands reads it again. A name that an earlier block has too is led by that of its block, as in
    look_brightness.
    """

    output: Annotated[Path, tyro.conf.Positional]
    """The table to write, .csv or .parquet."""
    folder: OptionalPath = None
    """Only the photos in this folder, by their paths relative to it; a series is a sub-folder. Without it all
    photos, by absolute paths."""
    block: Blocks = ()
    """Only these blocks, by the names that `info` shows or by the names of their folders."""

    def run(self, cache_dir: Path) -> int:
        check_ending(self.output)
        stores = _stores(cache_dir, self.block)
        names = [store.block.name for store in stores]
        doubled = [store.folder.name for store in stores if names.count(store.block.name) > 1]
        if doubled:
            raise FeatureError(f"a block was made in several ways: choose by --block {' or '.join(doubled)}")
        known = _photos_in(cache_dir, self.folder)
        if self.folder and not known:
            raise FeatureError(f"no photo in {self.folder} was measured yet")
        photos = {path: digest for path, digest in known.items() if all(digest in store for store in stores)}
        if not photos:
            raise FeatureError(f"no photo has numbers in all of {', '.join(names)}: nothing to export")
        base = _plain_path(self.folder) if self.folder else None
        keys = [path.relative_to(base) if base else path for path in photos]
        write_feature_table(
            self.output,
            [(key.parent.as_posix(), key.as_posix()) for key in keys],
            _column_names([store.block for store in stores]),
            np.hstack([store.vectors(list(photos.values())) for store in stores]),
        )
        note(f"wrote {len(keys):,} photos with {', '.join(names)} to {self.output}")
        return 0


@dataclass(frozen=True)
class Clear:
    """Remove stored features and exported networks; both are made again when they are needed. Photos are
    never touched."""

    block: Blocks = ()
    """Only these blocks, by the names that `info` shows or by the names of their folders."""
    yes: bool = False
    """Really remove them; nothing is asked."""
    dry_run: bool = False
    """Say what would be removed, and remove nothing."""

    def run(self, cache_dir: Path) -> int:
        stored = select_blocks(survey(cache_dir), self.block)
        for each in stored:
            files = removable_files(each)
            size = 0
            for path in files:
                with suppress(FileNotFoundError):  # merged by another process meanwhile
                    size += path.stat().st_size
            print(f"{each.folder}: {each.photos:,} photos, {len(files)} files, {human_size(size)}")
        if not self.block:
            for network in exported_networks(cache_dir):
                print(network.path)
            print(f"{len(known_photos(cache_dir, note)):,} photos known by path, size and time")
        if self.dry_run:
            return 0
        if not self.yes:
            raise FeatureError("nothing was removed: say --yes to remove this, --dry_run to look only")
        clear(cache_dir, stored, everything=not self.block)
        note("removed")
        return 0


@dataclass(frozen=True)
class Inspect:
    """Show what the numbers look like: what one looks at when a model does not learn.

    Per block: mean, spread, range, saturation (many photos at the smallest or largest value, which makes
    ties), zeros, NaN and infinities, constant and doubled columns, lengths of the vectors, and how alike two
    photos are.
    """

    folder: OptionalFolder = None
    """Only the photos in this folder and its sub-folders; without it everything that is stored."""
    block: Blocks = ()
    """Only these blocks, by the names that `info` shows or by the names of their folders."""
    output: OptionalPath = None
    """Draw the distributions here, as a PNG."""
    photo: OptionalPath = None
    """Show the photos that are nearest to this one, by the cosine of their numbers."""
    neighbours: int = 5
    """How many photos to show as nearest to --photo."""

    def run(self, cache_dir: Path) -> int:
        if self.neighbours < 1:
            raise FeatureError(f"--neighbours must be at least 1, not {self.neighbours}")
        if self.output:
            require("train")
        stores = _stores(cache_dir, self.block)
        known = _photos_in(cache_dir, self.folder)
        chosen: list[tuple[FeatureStore, list[str]]] = []
        for store in stores:
            asked = set(known.values()) if self.folder else store.content_hashes
            hashes = sorted(asked & store.content_hashes)
            if hashes:
                chosen.append((store, hashes))
        if not chosen:
            raise FeatureError(f"no photo in {self.folder} was measured yet")
        if self.photo:
            self._show_neighbours(self.photo, chosen, known)
            if not self.output:
                return 0
        inspections = [Inspection(store.block, store.vectors(hashes)) for store, hashes in chosen]
        if not self.photo:
            for inspection in inspections:
                print_inspection(inspection)
        if self.output:
            # Here, so that tables do not wait for matplotlib.
            from phototriage.outputs.features.distributions import distribution_chart

            distribution_chart(inspections, self.output)
            note(f"drew {self.output}")
        return 0

    def _show_neighbours(
        self, photo: Path, chosen: Sequence[tuple[FeatureStore, list[str]]], known: dict[Path, str]
    ) -> None:
        try:
            wanted = content_hash(read_photo(photo))
        except PhotoError as error:
            raise PhotoError(f"{photo}: {error}") from error
        paths: dict[str, list[str]] = {}
        for path, digest in known.items():
            paths.setdefault(digest, []).append(str(path))
        neighbours = {}
        for store, hashes in chosen:
            if wanted in store:
                others = [each for each in hashes if each != wanted]
                nearest = nearest_photos(store.vectors(others), store.vectors([wanted])[0], self.neighbours)
                neighbours[store.folder.name] = [
                    (cosine, ", ".join(paths.get(others[row], [f"content {others[row]}"])))
                    for row, cosine in nearest
                ]
        if not neighbours:
            raise FeatureError(f"{photo} was not measured yet, or has changed since")
        print_neighbours(neighbours)


@dataclass(frozen=True)
class _Features:
    """Look after the features that were measured, and look at them.

    For instance,

      phototriage features info
      phototriage features inspect ~/Pictures/2026-06 --output distributions.png
      phototriage features inspect --photo ~/Pictures/2026-06/IMG_0412.jpg
      phototriage features export features_cache.parquet --folder ~/Pictures/2026-06
      phototriage features clear --block resnet --yes
    """

    action: (
        Annotated[Info, tyro.conf.subcommand("info")]
        | Annotated[Check, tyro.conf.subcommand("check")]
        | Annotated[Compact, tyro.conf.subcommand("compact")]
        | Annotated[Export, tyro.conf.subcommand("export")]
        | Annotated[Clear, tyro.conf.subcommand("clear")]
        | Annotated[Inspect, tyro.conf.subcommand("inspect")]
    )
    cache_dir: Path = field(default_factory=default_cache_dir)
    """Where measured features are kept."""

    def run(self) -> int:
        return self.action.run(self.cache_dir)


# So that --cache_dir may stand before or after the action.
Command = Annotated[_Features, tyro.conf.CascadeSubcommandArgs]


def _stores(cache_dir: Path, names: Sequence[str]) -> list[FeatureStore]:
    """The chosen blocks, in the order in which features are concatenated. Raises FeatureError for none."""
    stored = _usable(select_blocks(survey(cache_dir), names))
    stores = [FeatureStore(cache_dir, each.block, merge=False) for each in stored if each.block]
    for part in (part for store in stores for part in store.torn):
        note(f"left out, damaged: {part}")
    stores = [store for store in stores if len(store)]
    if not stores:
        raise FeatureError(f"there are no features in {cache_dir} yet: rank or train on some photos first")
    order = list(EXTRACTORS)
    return sorted(stores, key=lambda store: (*order, store.block.name).index(store.block.name))


def _usable(stored: Sequence[StoredBlock]) -> list[StoredBlock]:
    """The blocks of which something can be read; the others are said."""
    for each in stored:
        if each.unusable and not each.block:
            note(f"left out: {each.unusable[0].path} is {each.unusable[0].kind}: {each.unusable[0].reason}")
    return [each for each in stored if each.block]


def _column_names(blocks: Sequence[Block]) -> list[str]:
    """A name per number, each once."""
    names: list[str] = []
    for block in blocks:
        names += [f"{block.name}_{name}" if name in names else name for name in block.columns]
    return names


def _photos_in(cache_dir: Path, folder: Path | None) -> dict[Path, str]:
    """Known photos → content hashes: all, or those in a folder."""
    base = _plain_path(folder or Path("/"))
    known = {_plain_path(path): digest for path, digest in known_photos(cache_dir, note).items()}
    return {path: digest for path, digest in known.items() if path.is_relative_to(base)}


def _plain_path(path: Path) -> Path:
    """Absolute and without `..`: the same file may have been named in another way when it was read."""
    return Path(os.path.normpath(path.absolute()))
