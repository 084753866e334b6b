"""One file of a feature store: the vectors of some photos, in Parquet."""

import json
import stat
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path
from sys import intern
from typing import Literal
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from phototriage.atomic_write import atomic_write
from phototriage.errors import FeatureError, OutputError
from phototriage.features.block import Block
from phototriage.features.cache.mapped import MappedVectors

__all__ = ["PARTS", "Part", "Unusable", "listed", "read_part", "write_part"]

PARTS = "part-*.parquet"
"""Matches the names of parts."""

_FORMAT = 1
_HASH_BYTES = 16
_ROWS = 4096
"""Of a row group, which is one page: so the place of each row is known."""
_TWO_HEADERS = 60
"""Bytes: the header of a page has about 40."""
_LARGE = 8 << 20
"""Bytes of vectors that stay on disk."""
_WRONG = "does not hold the rows and columns that it should"


@dataclass(frozen=True, eq=False)
class Part:
    """What a part holds: `vectors`, float32 (n, block.dim), of the n photos `content_hashes`.

    Those of a large part stay on disk. finite: (n,) which photos have neither a NaN nor an infinite number.
    """

    path: Path
    block: Block
    content_hashes: tuple[str, ...]
    vectors: NDArray[np.float32] | MappedVectors
    finite: NDArray[np.bool_]


@dataclass(frozen=True)
class Unusable:
    """A part that is there and cannot be used, and the reason in a few words.

    damaged: it is not what was written. newer: a later version of phototriage wrote it. unreadable: the disk
    or the permissions do not let it be read, which says nothing about what it holds.
    """

    path: Path
    kind: Literal["damaged", "newer", "unreadable"]
    reason: str


def listed(folder: Path, pattern: str) -> list[Path]:
    """What lies in `folder` under names that match `pattern`, sorted; nothing where there is no such folder.

    Raises FeatureError where it cannot be read: `Path.glob` would find nothing, and all be measured again.
    """
    try:
        return sorted(path for path in folder.iterdir() if fnmatch(path.name, pattern))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise FeatureError(
            f"cannot read the folder {folder}: {error.strerror}; choose another place with --cache_dir"
        ) from error


def write_part(
    folder: Path,
    block: Block,
    content_hashes: Sequence[str],
    vectors: NDArray[np.float32] | Callable[[Sequence[str]], NDArray[np.float32]],
) -> Path:
    """Writes the vectors, float32 (n, block.dim), as a new part; on return it is safely on disk.

    vectors: those of all, or what fetches those of some, so that not all are in memory. Raises OutputError
    where that cannot be done; then nothing is left behind.
    """
    # The checksums are those of pages: the number of rows stands in none of them.
    label = json.dumps({"format": str(_FORMAT), "rows": len(content_hashes), **asdict(block)})
    schema = _schema(block).with_metadata({"phototriage": label})
    path = folder / f"part-{uuid4().hex}.parquet"
    try:
        with (
            atomic_write(path) as file,
            pq.ParquetWriter(
                file,
                schema,
                compression="none",
                use_dictionary=False,
                write_statistics=False,
                write_page_checksum=True,
                data_page_size=_ROWS * max(_HASH_BYTES, 4 * block.dim) + 1,  # one page a group
            ) as writer,
        ):
            for start in range(0, len(content_hashes), _ROWS):
                some = content_hashes[start : start + _ROWS]
                rows = vectors(some) if callable(vectors) else vectors[start : start + _ROWS]
                writer.write_table(_table(schema, some, rows), row_group_size=_ROWS)
    except OutputError as error:
        raise OutputError(f"{error}; free some space, or choose another place with --cache_dir") from error
    return path


def _table(schema: pa.Schema, content_hashes: Sequence[str], vectors: NDArray[np.float32]) -> pa.Table:
    # Arrays of buffers, since `pa.array` and `pa.table` import pandas. Raw bytes rather than lists of floats,
    # since they load ten times faster.
    values = (bytes.fromhex("".join(content_hashes)), np.ascontiguousarray(vectors, np.float32))
    columns = [
        pa.Array.from_buffers(column.type, len(content_hashes), [None, pa.py_buffer(each)])
        for column, each in zip(schema, values, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def read_part(path: Path) -> Part | Unusable:
    """Reads a part and verifies its checksums. Raises FileNotFoundError where it is gone by now."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return Unusable(path, "damaged", "is no file")
        file = pa.OSFile(str(path))
    except FileNotFoundError:
        raise
    except OSError as error:
        return Unusable(path, "unreadable", f"cannot be read: {error.strerror or error}")
    try:
        with file, pq.ParquetFile(file, page_checksum_verification=True) as parquet:
            metadata = parquet.schema_arrow.metadata or {}
            label = json.loads(metadata.get(b"phototriage", b"{}"))
            version = int(label.pop("format", 0))
            if version > _FORMAT:
                reason = f"was written by a newer version of phototriage (format {version})"
                return Unusable(path, "newer", reason)
            rows = label.pop("rows", parquet.metadata.num_rows)  # the first parts do not say
            block = Block(**{**label, "columns": tuple(label["columns"])})
            # Before it is read: a part is not compressed, so one that claims more than its size is none.
            expected = _schema(block)
            claimed = parquet.metadata.num_rows * (_HASH_BYTES + 4 * block.dim)
            if claimed > status.st_size or not parquet.schema_arrow.equals(expected):
                return Unusable(path, "damaged", _WRONG)
            text, vectors, finite = _contents(path, parquet, block)
    # Whatever a flipped bit makes of a Parquet file or its label, it ends in one of these.
    except (
        pa.ArrowException,
        OSError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        return Unusable(path, "damaged", _one_line(error))
    if len(finite) != rows:
        return Unusable(path, "damaged", _WRONG)
    # Interned, since every block of a library and its index name the same photos.
    names = tuple(intern(text[at : at + 2 * _HASH_BYTES]) for at in range(0, len(text), 2 * _HASH_BYTES))
    return Part(path, block, names, vectors, finite)


def _contents(
    path: Path, parquet: pq.ParquetFile, block: Block
) -> tuple[str, NDArray[np.float32] | MappedVectors, NDArray[np.bool_]]:
    """The hashes one after the other, the vectors, and as of a `Part` which are finite; all was verified."""
    count = parquet.metadata.num_rows
    begins = _begins(parquet.metadata, block) if 4 * block.dim * count >= _LARGE else None
    if begins is None:
        hashes, vectors = _columns(parquet.read(use_threads=False), block)
        return hashes, vectors, _finite(vectors)
    read = []
    for group in range(len(begins)):  # one after the other, and none stays
        hashes, vectors = _columns(parquet.read_row_group(group, use_threads=False), block)
        read.append((hashes, _finite(vectors)))
    return (
        "".join(hashes for hashes, _ in read),
        MappedVectors(path, begins, _ROWS, (count, block.dim)),
        np.concatenate([finite for _, finite in read]),
    )


def _begins(metadata: pq.FileMetaData, block: Block) -> list[int] | None:
    """Where the vectors of each row group begin in the file, if each is one page of `_ROWS` as they are.

    So `write_part` writes them. Parts of older versions have more pages, and so may have what others wrote.
    """
    begins, left = [], metadata.num_rows
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        size = group.num_rows * 4 * block.dim
        chunk = group.column(1)
        if group.num_rows != min(_ROWS, left) or chunk.has_dictionary_page:
            return None
        if not 0 <= chunk.total_compressed_size - size < _TWO_HEADERS:
            return None
        begins.append(chunk.data_page_offset + chunk.total_compressed_size - size)  # they end the page
        left -= group.num_rows
    return begins


def _columns(table: pa.Table, block: Block) -> tuple[str, NDArray[np.float32]]:
    """The hashes of a part's rows one after the other, and the vectors. Raises ValueError for other rows."""
    table = table.combine_chunks()
    if not table.schema.equals(_schema(block)) or any(column.null_count for column in table.columns):
        raise ValueError(_WRONG)
    hashes, vectors = (_values(table.column(name)) for name in table.column_names)
    return hashes.tobytes().hex(), vectors.view(np.float32).reshape(len(table), block.dim)


def _finite(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    # The extremes, which a NaN spreads to, are found without a table of all numbers.
    if not vectors.size or np.isfinite([vectors.min(), vectors.max()]).all():
        return np.ones(len(vectors), bool)
    return np.asarray(np.isfinite(vectors).all(axis=1))


def _schema(block: Block) -> pa.Schema:
    return pa.schema([("content_hash", pa.binary(_HASH_BYTES)), ("vector", pa.binary(4 * block.dim))])


def _values(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    """The bytes of all rows in one piece, without a copy."""
    if not len(column):
        return np.empty(0, np.uint8)
    (rows,) = column.chunks
    width = rows.type.byte_width
    flat = np.frombuffer(rows.buffers()[1], np.uint8)
    return flat[rows.offset * width :][: len(rows) * width]


def _one_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
