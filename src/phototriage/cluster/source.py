"""Where the photos of a cluster lie: folders, object stores, lists of paths, and archives."""

import lzma
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote
from urllib.request import url2pathname

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from phototriage.errors import Failure, PhotoError
from phototriage.photos import PHOTO_SUFFIXES, PICKS_MARK, photo_names
from phototriage.photos.loading import MAX_FILE_BYTES
from phototriage.photos.skipped_folders import CACHE_MARK, bin_or_cache

__all__ = [
    "UNREADABLE",
    "Item",
    "Source",
    "find_photos",
    "is_local",
    "read_item",
    "reason_of",
    "without_credentials",
]

UNREADABLE = (OSError, EOFError, ValueError, tarfile.TarError, zlib.error, lzma.LZMAError, pa.ArrowException)
"""What is raised where a photo, an archive or a table cannot be read, or ends too early."""

_URI = re.compile(
    r"(?P<root>(?P<scheme>[a-z][a-z0-9+.-]+)://[^/?]*)(?P<path>[^?]*)(?P<query>\?.*)?", re.IGNORECASE
)
_CREDENTIALS = re.compile(r"(?<=://)([^\s@?#/]*:[^\s?#]*|[^/@\s]*)@")
"""A name and a secret, in which there may be any sign where nobody quoted it; or a name alone."""
_SECRET = re.compile(r"(?i)\b(\w*(?:key|secret|token|password|signature|credential)\w*|sig)=[^&\s]*")
_ROWS_AT_ONCE = 16
_MOST_BYTES = MAX_FILE_BYTES + 1
"""What is larger is refused as such, and does not fill the memory."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a worker reads: a photo, an archive, or a row group of a table.

    key: of the photo; of an archive or table, its name. place: a path or URI. kind: "file", "tar" or
    "parquet". group: the row group. photos: how many these are; 0 where only reading tells.
    """

    key: str
    place: str
    kind: str = "file"
    group: int = 0
    photos: int = 1


@dataclass(frozen=True)
class Source:
    """items: what there is. failures: folders and tables that could not be read."""

    items: tuple[Item, ...]
    failures: tuple[Failure, ...] = ()


def without_credentials(text: str) -> str:
    """Text without what a URI may tell that nobody else should read."""
    return _SECRET.sub(r"\1=…", _CREDENTIALS.sub("…@", text))


def reason_of(error: BaseException) -> str:
    """The first line of what an error says, without credentials; its kind where it says nothing."""
    return without_credentials((str(error).strip() or type(error).__name__).splitlines()[0])


def is_local(item: Item) -> bool:
    """Whether it is a photo with a path of its own, by which the index knows it."""
    return item.kind == "file" and not _URI.match(item.place)


def find_photos(source: str, on_note: Callable[[str], None] = lambda note: None) -> Source:
    """Lists the photos of a source, or the archives and tables in which they are.

    What `photo_names` skips is skipped everywhere: hidden files, recycle bins, caches, picks.

    Args:
        source: a folder, or a URI of one that pyarrow reads (s3://, gs://, abfs://, hdfs://, file://); a
            Parquet file with the column `path`, or `key` and `bytes`; a .tar as img2dataset and WebDataset
            write them. Of a folder without photos, the archives are read, or else the tables.
        on_note: called with lines for people.

    Raises PhotoError if nothing is there or it cannot be listed. Credentials are never part of its text.
    """
    shown = without_credentials(source)
    try:
        filesystem, path = _opened(source)
        kind = filesystem.get_file_info(path).type
        if kind == fs.FileType.NotFound:
            raise PhotoError(f"{shown} does not exist")
        if kind == fs.FileType.File:
            found = _file(source)
        elif _URI.match(source):
            found = _among(source, _names(filesystem, path))
        else:
            found = _folder(Path(source), on_note)
    except UNREADABLE as error:
        raise PhotoError(f"{shown} cannot be read: {reason_of(error)}") from error
    if not found.items and not found.failures:
        raise PhotoError(f"{shown} contains no photo")
    return found


def read_item(item: Item) -> Iterator[tuple[str, bytes]]:
    """(key, bytes) of the photos of an item, one after the other.

    Raises one of UNREADABLE where it cannot be read, or no further.
    """
    filesystem, path = _opened(item.place)
    if item.kind == "file":
        with filesystem.open_input_stream(path) as file:
            yield item.key, file.read(_MOST_BYTES)
    elif item.kind == "tar":
        with filesystem.open_input_stream(path) as file, tarfile.open(fileobj=file, mode="r|*") as archive:
            for member in archive:
                if member.isfile() and _suffix(member.name) in PHOTO_SUFFIXES and not _hidden(member.name):
                    content = archive.extractfile(member)
                    if content is not None:
                        yield f"{item.key}/{member.name}", content.read(_MOST_BYTES)
    else:
        with filesystem.open_input_file(path) as file, pq.ParquetFile(file) as table:
            yield from _rows(item, table)


def _rows(item: Item, table: pq.ParquetFile) -> Iterator[tuple[str, bytes]]:
    columns = [name for name in ("key", "bytes") if name in table.schema_arrow.names]
    number = sum(table.metadata.row_group(group).num_rows for group in range(item.group))
    for batch in table.iter_batches(_ROWS_AT_ONCE, row_groups=[item.group], columns=columns):
        for row in batch.to_pylist():
            key = row.get("key")
            yield f"{item.key}/{number}" if key is None else str(key), row["bytes"] or b""
            number += 1


def _opened(place: str) -> tuple[fs.FileSystem, str]:
    uri = _URI.match(place)
    if uri is None:
        return fs.LocalFileSystem(), str(Path(place).absolute())
    if uri["scheme"].lower() == "file":
        return fs.LocalFileSystem(), url2pathname(uri["path"])
    filesystem, base = _filesystem(f"{uri['root']}/{uri['query'] or ''}")
    return filesystem, base.rstrip("/") + unquote(uri["path"]).rstrip("/")


@lru_cache(64)
def _filesystem(root: str) -> tuple[fs.FileSystem, str]:
    # Once for all photos of a bucket: to open one may ask the network for its region.
    return fs.FileSystem.from_uri(root)  # type: ignore[no-any-return]


def _file(source: str) -> Source:
    uri = _URI.match(source)
    name = PurePosixPath(unquote(uri["path"]) if uri else source).name
    if _suffix(name) == ".parquet":
        return _table(name, source)
    if _suffix(name) == ".tar":
        return Source((Item(name, source, "tar", photos=0),))
    if _suffix(name) in PHOTO_SUFFIXES:
        return Source((Item(name, source if uri else str(Path(source).absolute())),))
    raise PhotoError(f"{without_credentials(source)} is no folder, .tar, .parquet or photo")


def _folder(folder: Path, on_note: Callable[[str], None]) -> Source:
    failures: list[Failure] = []
    try:
        names = photo_names(
            folder, on_failure=lambda path, reason: failures.append(Failure(path, reason)), on_note=on_note
        )
    except PhotoError:
        found = _among(str(folder), _names(fs.LocalFileSystem(), str(folder.absolute())))
        if not found.items and not found.failures:
            raise
        return found
    root = folder.absolute()
    return Source(tuple(Item(name, str(root / name)) for name in names), tuple(failures))


def _names(filesystem: fs.FileSystem, path: str) -> list[str]:
    """The files below a folder, without those that are skipped everywhere."""
    listed = filesystem.get_file_info(fs.FileSelector(path, recursive=True))
    names = sorted(each.path[len(path.rstrip("/")) + 1 :] for each in listed if each.type == fs.FileType.File)
    marks = (PICKS_MARK, CACHE_MARK)
    marked = {parent for parent, _, name in (each.rpartition("/") for each in names) if name in marks}

    @cache
    def entered(folder: str) -> bool:
        above, _, name = folder.rpartition("/")
        return not folder or (
            folder not in marked
            and not _hidden(name)
            and not bin_or_cache(name, above.rpartition("/")[2], ())
            and entered(above)
        )

    return [name for name in names if not _hidden(PurePosixPath(name).name) and entered(_parent(name))]


def _among(base: str, names: Sequence[str]) -> Source:
    """The photos among names below a folder, or else its archives, or else its tables."""
    photos = [Item(name, _below(base, name)) for name in names if _suffix(name) in PHOTO_SUFFIXES]
    archives = [Item(name, _below(base, name), "tar", photos=0) for name in names if _suffix(name) == ".tar"]
    if photos or archives:
        return Source(tuple(photos or archives))
    items: list[Item] = []
    failures: list[Failure] = []
    for name in names:
        if _suffix(name) == ".parquet":
            try:
                table = _table(name, _below(base, name))
            except UNREADABLE as error:
                failures.append(Failure(name, f"cannot be read: {reason_of(error)}"))
                continue
            items += table.items
            failures += table.failures
    return Source(tuple(dict.fromkeys(items)), tuple(failures))


def _table(name: str, place: str) -> Source:
    """The paths of a table, or its row groups of bytes. Raises one of UNREADABLE."""
    filesystem, path = _opened(place)
    with filesystem.open_input_file(path) as file, pq.ParquetFile(file) as table:
        columns = table.schema_arrow
        if "bytes" in columns.names:
            if not pa.types.is_binary(kind := columns.field("bytes").type) and not pa.types.is_large_binary(
                kind
            ):
                raise ValueError(f"its column bytes holds {kind}, not binary")
            groups = range(table.num_row_groups)
            photos = [table.metadata.row_group(group).num_rows for group in groups]
            return Source(tuple(Item(name, place, "parquet", group, photos[group]) for group in groups))
        if "path" not in columns.names:
            raise ValueError("it has neither a column bytes nor a column path")
        rows = [
            each for batch in table.iter_batches(columns=["path"]) for each in batch.column(0).to_pylist()
        ]
    paths = dict.fromkeys(str(each) for each in rows if each)
    items = tuple(Item(without_credentials(each), _below(_above(place), each)) for each in paths)
    nothing = sum(not each for each in rows)
    return Source(items, (Failure(name, f"rows without a path: {nothing:,}"),) if nothing else ())


def _below(base: str, name: str) -> str:
    """The place of what a name says below a folder; a name may be a whole path or URI."""
    if _URI.match(name):
        return name
    uri = _URI.match(base)
    if uri is None or Path(name).is_absolute():
        return str(Path(base, name).absolute())
    return f"{uri['root']}{uri['path'].rstrip('/')}/{quote(name)}{uri['query'] or ''}"


def _above(place: str) -> str:
    uri = _URI.match(place)
    if uri is None:
        return str(Path(place).parent)
    return f"{uri['root']}{_parent(uri['path'])}{uri['query'] or ''}"


def _parent(name: str) -> str:
    return name.rpartition("/")[0]


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _hidden(name: str) -> bool:
    """Whether any part of a name is hidden, or of what macOS adds to archives."""
    return any(part == "__MACOSX" or (part.startswith(".") and part.strip(".")) for part in name.split("/"))
