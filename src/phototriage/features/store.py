"""Vectors on disk, by content hash and fingerprint, so that no photo is measured twice.

<cache_dir>/features/<block name>-<digest of the fingerprint>/part-*.parquet

A part is written under a temporary name, flushed to disk and renamed, so it is there whole or not at all.
Parts are only ever added: two processes may share a store, and of equal rows any one is right.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

import numpy as np
import platformdirs
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from phototriage.atomic_write import atomic_write
from phototriage.errors import OutputError
from phototriage.features.block import Block

__all__ = ["FeatureStore", "default_cache_dir"]

_FORMAT = "1"


def default_cache_dir() -> Path:
    """The user's cache folder of this platform."""
    return Path(platformdirs.user_cache_dir("phototriage", appauthor=False))


class FeatureStore:
    """The vectors of one block, in memory and on disk.

    Args:
        cache_dir: the folder that all blocks share; made when the first vector is kept.
        block: what the vectors are.

    `torn` lists the parts that could not be read; they were set aside under the ending `.broken`, and their
    photos count as not yet measured.
    """

    def __init__(self, cache_dir: Path, block: Block) -> None:
        digest = hashlib.sha256(json.dumps(asdict(block)).encode()).hexdigest()[:12]
        self.block = block
        self.folder = cache_dir / "features" / f"{block.name}-{digest}"
        self.torn: list[Path] = []
        self._vectors: dict[str, NDArray[np.float32]] = {}
        for part in sorted(self.folder.glob("part-*.parquet")):
            self._read(part)

    def __contains__(self, content_hash: object) -> bool:
        return content_hash in self._vectors

    def __len__(self) -> int:
        return len(self._vectors)

    @property
    def content_hashes(self) -> frozenset[str]:
        """The photos whose vectors are here."""
        return frozenset(self._vectors)

    def vectors(self, content_hashes: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of photos that are here: float32 (n, dim)."""
        if not content_hashes:
            return np.empty((0, self.block.dim), np.float32)
        return np.stack([self._vectors[content_hash] for content_hash in content_hashes])

    def add(self, content_hashes: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keeps the vectors, float32 (n, dim), as a new part. On return they are safely on disk.

        Raises OutputError where the store cannot be written.
        """
        if not content_hashes:
            return
        vectors = np.ascontiguousarray(vectors, np.float32)
        rows = pa.table(
            {
                "content_hash": pa.array([bytes.fromhex(each) for each in content_hashes], pa.binary(16)),
                # Raw bytes rather than lists of floats: they load ten times faster.
                "vector": pa.Array.from_buffers(
                    pa.binary(4 * self.block.dim), len(content_hashes), [None, pa.py_buffer(vectors)]
                ),
            },
            metadata={"phototriage": self._label()},
        )
        try:
            with atomic_write(self.folder / f"part-{uuid4().hex}.parquet") as file:
                pq.write_table(rows, file, compression="none", write_page_checksum=True)
        except OutputError as error:
            raise OutputError(
                f"{error}; free some space, or choose another place with --cache_dir"
            ) from error
        self._vectors.update(zip(content_hashes, vectors, strict=True))

    def _label(self) -> str:
        return json.dumps({"format": _FORMAT, **asdict(self.block)})

    def _read(self, part: Path) -> None:
        try:
            table = pq.read_table(part, page_checksum_verification=True)
            label = (table.schema.metadata or {}).get(b"phototriage", b"").decode()
            if label != self._label():
                raise pa.ArrowInvalid("not a part of this block")
        except FileNotFoundError:
            return
        except (pa.ArrowException, OSError, ValueError):
            self.torn.append(part)
            part.rename(part.with_suffix(".broken"))
            return
        for rows in table.to_batches():
            start = rows.column("vector").offset * self.block.dim
            flat = np.frombuffer(rows.column("vector").buffers()[1], np.float32)[start:]
            vectors = flat[: len(rows) * self.block.dim].reshape(len(rows), self.block.dim)
            hashes = (content_hash.hex() for content_hash in rows.column("content_hash").to_pylist())
            self._vectors.update(zip(hashes, vectors, strict=True))
