"""Vectors on disk, by content hash and fingerprint, so that no photo is measured twice.

<cache_dir>/features/<block name>-<digest of the fingerprint>/part-*.parquet

A part is written under a temporary name, flushed to disk and renamed, so it is there whole or not at all, and
never changes. Two processes may share a store: equal rows may stand in several parts, and any one is right.
Parts go only when a part with all their rows is there already; a reader that misses one lists again.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import compress
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from phototriage.atomic_write import sweep
from phototriage.contiguous import in_one_piece
from phototriage.errors import FeatureError, OutputError
from phototriage.features.block import Block, InStore
from phototriage.features.cache.mapped import MappedVectors
from phototriage.features.cache.part import PARTS, Part, Unusable, listed, read_part, write_part

__all__ = ["FeatureStore", "default_cache_dir", "set_aside"]

_MANY_PARTS = 64
"""More parts than these are merged when a store is opened: each costs a file to open, half a millisecond."""

_Matrix = NDArray[np.float32] | MappedVectors


def default_cache_dir() -> Path:
    """The user's cache folder of this platform."""
    return Path(platformdirs.user_cache_dir("phototriage", appauthor=False))


class FeatureStore:
    """The vectors of one block, in memory and on disk.

    Args:
        cache_dir: the folder that all blocks share; made when the first vector is kept.
        block: what the vectors are.
        merge: whether very many parts are made one on this occasion.

    `torn` lists the parts that are damaged; they were set aside under the ending `.broken` where the folder
    may be written, and their photos count as not yet measured. So does a photo with a NaN or an
    infinite number.
    Raises FeatureError where the folder or a part is unreadable for another reason; that of a newer version
    stays as it is.
    """

    def __init__(self, cache_dir: str | os.PathLike[str], block: Block, *, merge: bool = True) -> None:
        self.block = block
        self.folder = self.folder_of(Path(cache_dir), block)
        self.torn: list[Path] = []
        self._has_unsound = False
        self._parts: list[Path] = []
        # Where the vector of each photo is: its row in `_matrices`, one after the other.
        self._rows: dict[str, int] = {}
        self._matrices: list[_Matrix] = []
        self._begins: list[int] = [0]
        self._load()
        if merge and len(self._parts) > _MANY_PARTS:
            with suppress(OutputError):  # a full or read-only disk: they are of use as they are
                self.compact()
        if merge:
            sweep(self.folder)

    @staticmethod
    def folder_of(cache_dir: Path, block: Block) -> Path:
        """Where the parts of a block lie."""
        digest = hashlib.sha256(json.dumps(asdict(block)).encode()).hexdigest()[:12]
        return cache_dir / "features" / f"{block.name}-{digest}"

    def __contains__(self, content_hash: object) -> bool:
        return content_hash in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def content_hashes(self) -> frozenset[str]:
        """The photos whose vectors are here."""
        return frozenset(self._rows)

    def among(self, content_hashes: set[str]) -> set[str]:
        """Those of the photos whose vectors are here."""
        return content_hashes & self._rows.keys()

    def vectors(
        self, content_hashes: Sequence[str], into: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """The vectors of photos that are here: float32 (n, dim), written `into` such an array where given."""
        vectors = np.empty((len(content_hashes), self.block.dim), np.float32) if into is None else into
        _gather(self._matrices, self._begins, self._rows_of(content_hashes), vectors)
        return vectors

    def in_store(self, content_hashes: Sequence[str]) -> InStore:
        """The vectors of photos that are here, left where they are."""
        rows, block = self._rows_of(content_hashes), self.block
        # Not of `self`, whose table of all photos would stay in memory.
        matrices, begins = tuple(self._matrices), tuple(self._begins)

        def fetch(places: NDArray[np.intp]) -> NDArray[np.float32]:
            vectors = np.empty((len(places), block.dim), np.float32)
            _gather(matrices, begins, rows[places], vectors)
            return vectors

        return InStore(block, fetch)

    def _rows_of(self, content_hashes: Sequence[str]) -> NDArray[np.intp]:
        return np.fromiter(map(self._rows.__getitem__, content_hashes), np.intp, len(content_hashes))

    def add(self, content_hashes: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keeps the vectors, float32 (n, dim), as a new part. On return they are safely on disk.

        Raises OutputError where the store cannot be written.
        """
        if not content_hashes:
            return
        vectors = np.ascontiguousarray(vectors, np.float32)
        self._parts.append(write_part(self.folder, self.block, content_hashes, vectors))
        self._keep(content_hashes, vectors)

    def compact(self) -> int:
        """Merges the parts that this object read or wrote into one; returns how many there were.

        What is no finite number is left out, also where there is a single part.
        Safe beside other processes: what they add meanwhile is not touched, and the merged part is in place
        before the first of the old ones goes. Raises OutputError where the store cannot be written.
        """
        old = self._parts
        if len(old) > 1 or self._has_unsound:
            hashes = list(self._rows)
            self._parts = [write_part(self.folder, self.block, hashes, self.vectors)]
            self._has_unsound = False
            for part in old:
                try:
                    part.unlink(missing_ok=True)
                except OSError as error:
                    raise OutputError(f"cannot remove {part}: {error.strerror}") from error
        return len(old)

    def _keep(self, content_hashes: Sequence[str], vectors: _Matrix) -> None:
        begin = self._begins[-1]
        self._rows.update(zip(content_hashes, range(begin, begin + len(vectors)), strict=True))
        self._matrices.append(vectors)
        self._begins.append(begin + len(vectors))

    def _load(self) -> None:
        seen: set[Path] = set()
        # Listed again until nothing is new: where another process merged parts between the listing and the
        # reading, their rows are in a part that the first listing did not have.
        while new := sorted(set(listed(self.folder, PARTS)) - seen):
            seen.update(new)
            for path in new:
                with suppress(FileNotFoundError):
                    self._take(read_part(path))

    def _take(self, part: Part | Unusable) -> None:
        if isinstance(part, Part) and part.block != self.block:
            part = Unusable(part.path, "damaged", "belongs to another block")
        if isinstance(part, Part):
            self._parts.append(part.path)
            hashes, vectors = part.content_hashes, part.vectors
            if not (finite := part.finite).all():
                self._has_unsound = True
                hashes, vectors = tuple(compress(hashes, finite)), vectors[np.flatnonzero(finite)]
            self._keep(hashes, vectors)
        elif part.kind == "damaged":
            self.torn.append(part.path)
            set_aside(part.path)
        else:
            raise FeatureError(
                f"{part.path} {part.reason}; "
                + ("upgrade, or " if part.kind == "newer" else "")
                + "choose another place with --cache_dir"
            )


def _gather(
    matrices: Sequence[_Matrix],
    begins: Sequence[int],
    rows: NDArray[np.intp],
    into: NDArray[np.float32],
) -> None:
    """Copies rows of matrices, counted through all of them, where each begins at one of `begins`."""
    matrix = np.searchsorted(begins, rows, side="right") - 1
    for number in np.unique(matrix).tolist():
        here = np.flatnonzero(matrix == number)
        wanted = rows[here] - begins[number]
        into[in_one_piece(here)] = matrices[number][in_one_piece(wanted)]


def set_aside(part: Path) -> bool:
    """Renames a damaged part so that nobody reads it again; False where the folder does not let it."""
    try:
        part.rename(part.with_suffix(".broken"))
    except FileNotFoundError:  # another process did
        return True
    except OSError:
        return False
    return True
