"""`phototriage features info`, `check`, `compact` and `clear`."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from phototriage.cli.features.blocks import Blocks
from phototriage.cli.progress import note
from phototriage.errors import OptionError
from phototriage.exit_code import ExitCode
from phototriage.features.cache.exported import exported_networks
from phototriage.features.cache.index import known_photos
from phototriage.features.cache.maintenance import (
    clear,
    merge_parts,
    removable_files,
    remove_leftovers,
    select_blocks,
    survey,
)
from phototriage.features.cache.model_folder import model_folder
from phototriage.features.cache.thumbnails import stored_thumbnails
from phototriage.features.cache.verification import verify_cache
from phototriage.features.selection import usable_blocks
from phototriage.outputs.features.tables import human_size, print_exported_networks, print_stored_blocks
from phototriage.printable import printable

__all__ = ["Check", "Clear", "Compact", "Info"]


@dataclass(frozen=True)
class Info:
    """Show what is stored: for each block its settings, photos, files and size; exported networks; and
    thumbnails."""

    def run(self, cache_dir: Path) -> int:
        stored = survey(cache_dir)
        if stored:
            print_stored_blocks(stored)
        networks = exported_networks(cache_dir)
        if networks:
            print_exported_networks(networks)
        print(f"{human_size(sum(each.size for each in stored))} of features in {printable(str(cache_dir))}")
        _print_thumbnails(cache_dir)
        print(f"{len(known_photos(cache_dir, note)):,} photos known by path, size and time")
        return ExitCode.DONE


@dataclass(frozen=True)
class Check:
    """Verify all checksums, shapes and numbers; the exit code is 1 if anything is damaged."""

    repair: bool = False
    """Set damaged files aside and drop invalid numbers, so that the photos are measured again and the
    networks are exported again."""

    def run(self, cache_dir: Path) -> int:
        found = verify_cache(cache_dir, repair=self.repair, on_note=note)
        if not found.sound:
            return ExitCode.FAILED
        print(
            f"sound: {found.parts:,} parts, {found.vectors:,} vectors, {found.networks} exported networks "
            f"in {printable(str(cache_dir))}"
        )
        return ExitCode.DONE


@dataclass(frozen=True)
class Compact:
    """Merge the files of each block into one, and remove the thumbnails of photos that are gone and what
    killed commands left half-written. This is safe while other commands use them."""

    def run(self, cache_dir: Path) -> int:
        for each in usable_blocks(survey(cache_dir), note):
            merged = merge_parts(cache_dir, each)
            print(f"{each.folder.name}: {merged} {'part' if merged == 1 else 'parts, now 1'}")
        remove_leftovers(cache_dir)
        return ExitCode.DONE


@dataclass(frozen=True)
class Clear:
    """Remove stored features, networks and thumbnails. All are recreated when they are needed; downloaded
    networks for faces, when --faces on asks for them. Photos never change."""

    block: Blocks = ()
    """Use only these blocks, by the names that `info` shows, their layers or the names of their folders."""
    yes: bool = False
    """Remove them without asking."""
    dry_run: bool = False
    """Show what would be removed, without removing it."""

    def run(self, cache_dir: Path) -> int:
        stored = select_blocks(survey(cache_dir), self.block)
        for each in stored:
            files = removable_files(each)
            size = 0
            for path in files:
                with suppress(FileNotFoundError):  # another process has merged it
                    size += path.stat().st_size
            folder = printable(str(each.folder))
            print(f"{folder}: {each.photos:,} photos, {len(files)} files, {human_size(size)}")
        if not self.block:
            for network in exported_networks(cache_dir):
                print(printable(str(network.path)))
            for path in sorted(model_folder(cache_dir).glob("*")):
                print(printable(str(path)))
            _print_thumbnails(cache_dir)
            print(f"{len(known_photos(cache_dir, note)):,} photos known by path, size and time")
        if self.dry_run:
            return ExitCode.DONE
        if not self.yes:
            raise OptionError("nothing was removed: say --yes to remove this, --dry_run to look only")
        clear(cache_dir, stored, everything=not self.block)
        note("removed")
        return ExitCode.DONE


def _print_thumbnails(cache_dir: Path) -> None:
    thumbnails = stored_thumbnails(cache_dir)
    size = sum(path.lstat().st_size for path in thumbnails if os.path.lexists(path))
    print(f"{human_size(size)} of thumbnails, {len(thumbnails):,} files")
