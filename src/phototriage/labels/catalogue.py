"""Flags, stars and labels in a catalogue of Lightroom Classic.

Adobe does not publish the format. This follows descriptions by people who looked into catalogues of Lightroom
2 to 14, and was not tried on a real one yet:

- H. Figuière, lrcat_format.md of lrcat-extractor (https://github.com/hfiguiere/lrcat-extractor), for
  Lightroom 2 to 6: the database version, folders, files, `pick`, `rating`, `masterImage` and `copyName`.
- A. Siches, "Dive into Lightroom catalogues"
  (https://www.seachess.net/notes/dive-into-lightroom-catalogues/), for Lightroom 11: how images, files and
  folders hang together.
- P. Reinheimer, lrcat-details (https://github.com/preinheimer/lrcat-details), for Lightroom 8: the tables.
- Lr AI Editor, example_lrcat_schema.sql (https://github.com/TurbulentRice/lr-ai-editor), the whole schema.
- F. Denivac, lrtools (https://github.com/fdenivac/lrtools): `touchTime` is when an image was last changed, in
  seconds since the beginning of 2001.

Numbers are stored as REAL or not at all; `rating` is NULL without stars, `pick` is 1, 0 or −1. A virtual copy
is a row of `Adobe_images` more, with the same file. `colorLabels` holds the word for the color in the
language of the program.
"""

import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from phototriage.choices import Flag
from phototriage.errors import LabelError
from phototriage.labels.foreign_paths import ForeignPaths
from phototriage.labels.marks import label_name
from phototriage.labels.sourced import SourcedDecision, SourceReading, best_version
from phototriage.printable import printable

__all__ = ["read_catalogue"]

_COLUMNS = {
    "Adobe_images": (
        "id_local",
        "rootFile",
        "rating",
        "pick",
        "colorLabels",
        "touchTime",
        "masterImage",
        "fileFormat",
    ),
    "AgLibraryFile": ("id_local", "folder", "baseName", "extension"),
    "AgLibraryFolder": ("id_local", "rootFolder", "pathFromRoot"),
    "AgLibraryRootFolder": ("id_local", "absolutePath"),
}
_QUERY = """
    SELECT root.absolutePath, folder.pathFromRoot, file.baseName, file.extension,
           image.rootFile, image.rating, image.pick, image.colorLabels, image.touchTime, image.masterImage
    FROM Adobe_images AS image
    LEFT JOIN AgLibraryFile AS file ON file.id_local = image.rootFile
    LEFT JOIN AgLibraryFolder AS folder ON folder.id_local = file.folder
    LEFT JOIN AgLibraryRootFolder AS root ON root.id_local = folder.rootFolder
    WHERE image.fileFormat IS NOT 'VIDEO'
    ORDER BY image.rootFile, image.masterImage IS NOT NULL, image.id_local
"""
_VERSIONS = range(2, 16)
_UNTRIED = (
    "the reader of Lightroom catalogues follows published descriptions and was not tried on a real catalogue "
    "yet: check these counts"
)
_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)
_FLAGS: dict[int, Flag] = {1: "pick", -1: "reject"}
_MOST_STARS = 5
_TRIES = 3
_MAGIC = b"SQLite format 3\0"


def read_catalogue(
    catalogue: Path,
    folder: Path,
    photos: Sequence[str],
    *,
    map: Sequence[tuple[str, str]] = (),
) -> SourceReading:
    """What a catalogue of Lightroom Classic says of the photos of a folder.

    A copy of the catalogue, with what Lightroom has not merged into it yet (`-wal`), is read; the catalogue
    itself is only copied. A virtual copy is a version of its photo, of which the best counts. A decision has
    the time at which the image was last changed in any way, which is when it was rated or later.

    Args:
        catalogue: the file `.lrcat`.
        folder: the photo folder.
        photos: paths below it, with `/`, of all files of the shots.
        map: (old, new) beginnings of paths, for a catalogue of another machine: `D:\\Photos` is `/mnt/photos`
            here.

    Raises:
        LabelError: the file is no catalogue, cannot be read, is incomplete or damaged, or lacks a table or
            column.
    """
    paths = ForeignPaths(folder, photos, map)
    with _snapshot(catalogue) as database, closing(database):
        try:
            notes = [*_version(database, catalogue), _UNTRIED]
            rows = database.execute(_QUERY).fetchall()
        except sqlite3.Error as error:
            raise LabelError(
                f"{catalogue} is damaged ({error}): copy it again, or take the last backup of it"
            ) from error
    decisions, left_out, elsewhere = [], Counter[str](), []
    is_here: dict[str, bool] = {}
    copies = 0
    for _, group in groupby(rows, key=lambda row: row[4]):
        images = list(group)
        root, below, stem, suffix = (str(each or "") for each in images[0][:4])
        if not (root and stem):
            left_out["images whose file the catalogue does not know"] += len(images)
            continue
        name = f"{stem}.{suffix}" if suffix else stem
        photo = paths.photo(root + below, name)
        if photo is None:
            if root not in is_here:
                is_here[root] = Path(paths.here(root)).is_dir()
            if paths.is_below(root + below):
                reason = "files that are not among the photos of this folder"
            elif is_here[root]:
                reason = "photos in other folders"
            else:
                reason = "photos in folders that are not here (offline, or of another machine)"
            left_out[reason] += 1
            elsewhere.append((root + below, name))
            continue
        copies += len(images) - 1
        decision = best_version([_decision(photo, row, catalogue) for row in images])
        if decision:
            decisions.append(decision)
        else:
            left_out["photos without a flag, stars or label"] += 1
    if copies:
        notes.append(f"virtual copies, which count with their photos: {copies:,}")
    if elsewhere and len(elsewhere) == sum(left_out.values()) and not decisions:
        notes.append(paths.none_of_them(f"the {len(elsewhere):,} photos of {catalogue.name}", elsewhere))
    return SourceReading(
        tuple(decisions), len(decisions), left_out, tuple(notes), f"Lightroom catalogue {catalogue.name}"
    )


@contextmanager
def _snapshot(catalogue: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a copy of the catalogue. Raises LabelError."""
    _check(catalogue)
    with tempfile.TemporaryDirectory(prefix="phototriage-") as place:
        copy = Path(place, "catalogue.lrcat")
        _copy(catalogue, copy)
        try:
            database = sqlite3.connect(copy)
            database.execute("PRAGMA query_only = ON")
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA temp_store = MEMORY")
        except sqlite3.Error as error:
            raise LabelError(f"{catalogue} cannot be read ({error})") from error
        database.text_factory = lambda data: data.decode("utf-8", "replace")
        yield database


def _check(catalogue: Path) -> None:
    """Raises LabelError for what cannot be a whole SQLite database."""
    try:
        if catalogue.is_dir():
            inside = sorted(catalogue.glob("*.lrcat"))
            hint = f"try {inside[0]}" if inside else "name the file .lrcat"
            raise LabelError(f"{catalogue} is a folder, but a Lightroom catalogue is needed: {hint}")
        size = catalogue.stat().st_size
        with catalogue.open("rb") as file:
            header = file.read(100)
    except OSError as error:
        raise _unreadable(catalogue, error) from error
    if header.startswith(b"PK"):
        raise LabelError(f"{catalogue} is a ZIP archive, as Lightroom makes of backups: unpack it first")
    if not header.startswith(_MAGIC):
        raise LabelError(f"{catalogue} is no catalogue of Lightroom Classic: those are SQLite databases")
    # https://www.sqlite.org/fileformat.html, 1.3: bytes 16 and 28 hold the size of a page and their number.
    page = int.from_bytes(header[16:18], "big")
    whole = (65_536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
    if size < whole:
        raise LabelError(f"{catalogue} is incomplete, {size:,} of {whole:,} bytes: copy it again")


def _copy(catalogue: Path, copy: Path) -> None:
    """Copies a catalogue and its `-wal` as they are at one time. Raises LabelError."""
    files = {catalogue: copy, _wal(catalogue): _wal(copy)}
    try:
        for _ in range(_TRIES):
            before = [_state(file) for file in files]
            for file, target in files.items():
                if file.exists():
                    shutil.copyfile(file, target)
                else:
                    target.unlink(missing_ok=True)
            if before == [_state(file) for file in files]:
                return
    except OSError as error:
        raise _unreadable(catalogue, error) from error
    raise LabelError(f"{catalogue} changes while it is read: close Lightroom and try again")


def _wal(database: Path) -> Path:
    return database.with_name(database.name + "-wal")


def _state(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns


def _unreadable(catalogue: Path, error: OSError) -> LabelError:
    if isinstance(error, FileNotFoundError):
        return LabelError(f"{catalogue}: there is no such file; is its drive connected?")
    if isinstance(error, PermissionError):
        return LabelError(f"{catalogue} cannot be read ({error.strerror}): close Lightroom and try again")
    return LabelError(f"{catalogue} cannot be read ({error.strerror or error})")


def _version(database: sqlite3.Connection, catalogue: Path) -> Iterator[str]:
    """A note about a version that is not known. Raises LabelError if tables or columns are missing."""
    missing = []
    for table, columns in _COLUMNS.items():
        known = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
        missing += [f"{table}.{column}" if known else table for column in columns if column not in known]
    version = 0
    if next(iter(database.execute("PRAGMA table_info(Adobe_variablesTable)")), None):
        for (value,) in database.execute(
            "SELECT value FROM Adobe_variablesTable WHERE name = 'Adobe_DBVersion'"
        ):
            version = _major(str(value))
    called = f"version {version} of Lightroom" if version else "an unknown version of Lightroom"
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise LabelError(f"{catalogue} is of {called}, which this program cannot read: it lacks {names}")
    if version not in _VERSIONS:
        yield f"{printable(catalogue.name)} is of {called}: what its numbers mean may have changed"


def _major(version: str) -> int:
    """13 of `1300025`, 6 of `0600008`."""
    digits = version.partition(".")[0]
    return int(digits[:-5] or 0) if digits.isdecimal() else 0


def _decision(photo: str, row: Sequence[Any], catalogue: Path) -> SourcedDecision:
    rating, pick, label, touched = row[5:9]
    stars = _whole(rating)
    return SourcedDecision(
        photo,
        _FLAGS.get(_whole(pick), ""),
        stars if 1 <= stars <= _MOST_STARS else None,
        label_name(str(label or "")),
        _time(touched),
        catalogue.name,
    )


def _whole(value: Any) -> int:
    """A number that may be stored as REAL or text; 0 for anything else."""
    try:
        return round(float(value))
    except (TypeError, ValueError, OverflowError):
        return 0


def _time(seconds: Any) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=float(seconds)) if float(seconds) > 0 else None
    except (TypeError, ValueError, OverflowError):
        return None
