"""Where the photos of a cluster lie: folders, object stores, lists of paths, and archives."""

import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from phototriage.errors import Failure, PhotoError
from phototriage.photos import PHOTO_SUFFIXES, discover

__all__ = ["Item", "Source", "find_photos", "without_credentials"]

_URI = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")
_SECRET = re.compile(r"(?i)\b(\w*(?:key|secret|token|password|signature)\w*)=[^&\s]*")


@dataclass(frozen=True)
class Item:
    """What a worker reads: a photo, or an archive or a table of photos.

    key: of the photo; of an archive or table, what the keys of its photos begin with. place: a path or URI.
    kind: how the bytes are had from there.
    """

    key: str
    place: str
    kind: str = "file"


@dataclass(frozen=True)
class Source:
    """items: what there is. failures: folders that could not be searched. root: of the keys, for a local
    folder, whose photos the index knows by their paths; else None."""

    items: tuple[Item, ...]
    failures: tuple[Failure, ...]
    root: Path | None


def without_credentials(text: str) -> str:
    """Text without what a URI may tell that nobody else should read."""
    return _SECRET.sub(r"\1=…", _CREDENTIALS.sub("…@", text))


def find_photos(source: str) -> Source:
    """Lists the photos of a source, or the archives and tables in which they are.

    Args:
        source: a folder, or a URI of one that pyarrow reads (s3://, gs://, abfs://, hdfs://, file://); a
            Parquet file with the column `path`, or `key` and `bytes`; a .tar, or a folder of them, as
            img2dataset and WebDataset write them.

    Raises PhotoError if nothing is there or it cannot be listed. Credentials are never part of its text.
    """
    try:
        filesystem, path = _opened(source)
        kind = filesystem.get_file_info(path).type
        if kind == fs.FileType.NotFound:
            raise PhotoError(f"{without_credentials(source)} does not exist")
        if kind == fs.FileType.File:
            return Source((_container(path, source),), (), None)
        if _URI.match(source) is None:
            return _local(Path(source))
        listed = filesystem.get_file_info(fs.FileSelector(path, recursive=True))
    except (OSError, pa.ArrowException) as error:
        reason = without_credentials(str(error).splitlines()[0])
        raise PhotoError(f"{without_credentials(source)} cannot be listed: {reason}") from error
    base = source.rstrip("/")
    names = sorted(
        os.path.relpath(each.path, path).replace(os.sep, "/")
        for each in listed
        if each.type == fs.FileType.File
    )
    found = [_entry(name, f"{base}/{name}") for name in names if _is_wanted(name)]
    if not found:
        raise PhotoError(f"{without_credentials(source)} contains no photo")
    return Source(tuple(found), (), None)


def read_item(item: Item) -> Iterator[tuple[str, bytes]]:
    """(key, bytes) of the photos of an item, one after the other.

    Raises OSError or pa.ArrowException if it cannot be read.
    """
    filesystem, path = _opened(item.place)
    if item.kind == "file":
        with filesystem.open_input_stream(path) as file:
            yield item.key, file.read()
    elif item.kind == "tar":
        with filesystem.open_input_stream(path) as file, tarfile.open(fileobj=file, mode="r|*") as archive:
            for member in archive:
                if member.isfile() and _suffix(member.name) in PHOTO_SUFFIXES:
                    content = archive.extractfile(member)
                    if content is not None:
                        yield f"{item.key}/{member.name}", content.read()
    else:
        yield from _rows(item, filesystem, path)


def _rows(item: Item, filesystem: fs.FileSystem, path: str) -> Iterator[tuple[str, bytes]]:
    with filesystem.open_input_file(path) as file, pq.ParquetFile(file) as table:
        names = table.schema_arrow.names
        if "bytes" not in names and "path" not in names:
            raise OSError("it has neither a column bytes nor a column path")
        wanted = [name for name in ("key", "path", "bytes") if name in names]
        for batch in table.iter_batches(batch_size=64, columns=wanted):
            for row in batch.to_pylist():
                yield from _row(item, row)


def _row(item: Item, row: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    key = row.get("key") or row.get("path")
    if row.get("bytes") is not None:
        yield str(key or item.key), row["bytes"]
    elif row.get("path"):
        yield from read_item(Item(str(key), str(row["path"])))


def _opened(place: str) -> tuple[fs.FileSystem, str]:
    if _URI.match(place):
        return fs.FileSystem.from_uri(place)  # type: ignore[no-any-return]
    return fs.LocalFileSystem(), str(Path(place).absolute())


def _local(folder: Path) -> Source:
    failures: list[Failure] = []
    archives = sorted(folder.rglob("*.tar"))
    try:
        photos = discover(folder, on_failure=lambda path, reason: failures.append(Failure(path, reason)))
    except PhotoError:
        if not archives:
            raise
        photos = []
    root = folder.absolute()
    items = [Item(path.relative_to(folder).as_posix(), str(path.absolute())) for path in photos]
    items += [Item(path.relative_to(folder).as_posix(), str(path.absolute()), "tar") for path in archives]
    return Source(tuple(items), tuple(failures), root)


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _is_wanted(name: str) -> bool:
    return _suffix(name) in (*PHOTO_SUFFIXES, ".tar", ".parquet")


def _entry(key: str, place: str) -> Item:
    kinds = {".tar": "tar", ".parquet": "parquet"}
    return Item(key, place, kinds.get(_suffix(key), "file"))


def _container(path: str, source: str) -> Item:
    item = _entry(PurePosixPath(path).name, source)
    if item.kind == "file" and _suffix(path) not in PHOTO_SUFFIXES:
        raise PhotoError(f"{without_credentials(source)} is no folder, .tar, .parquet or photo")
    return item
