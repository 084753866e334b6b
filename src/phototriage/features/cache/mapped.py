"""The vectors of a large part, which stay on disk."""

import mmap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from phototriage.contiguous import in_one_piece

__all__ = ["MappedVectors"]


class MappedVectors:
    """float32 (n, dim), read by rows: of a million photos, only those asked for are ever in memory.

    Args:
        path: an uncompressed Parquet file, which stays readable after another process removes it.
        begins: where the values of each row group begin, in bytes from the start of the file.
        per_group: rows of each row group, save the last.
        shape: (n, dim).
    """

    def __init__(self, path: Path, begins: Sequence[int], per_group: int, shape: tuple[int, int]) -> None:
        self._per_group, self._length = per_group, shape[0]
        width = 4 * shape[1]
        with path.open("rb") as file:
            self._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        whole = np.frombuffer(self._file, np.uint8)
        rows = [min(per_group, shape[0] - group * per_group) for group in range(len(begins))]
        self._groups = [
            whole[begin : begin + count * width].reshape(count, width)
            for begin, count in zip(begins, rows, strict=True)
        ]

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, rows: NDArray[np.intp] | slice) -> NDArray[np.float32]:
        if isinstance(rows, slice):
            rows = np.arange(len(self))[rows]
        vectors = np.empty((len(rows), self._groups[0].shape[1]), np.uint8)
        group = rows // self._per_group
        for number in np.unique(group).tolist():
            here = np.flatnonzero(group == number)
            wanted = rows[here] - number * self._per_group
            vectors[in_one_piece(here)] = self._groups[number][in_one_piece(wanted)]
        if hasattr(mmap, "MADV_DONTNEED"):
            self._file.madvise(mmap.MADV_DONTNEED)  # they stay in the system's cache, and not with us
        return vectors.view(np.float32)
