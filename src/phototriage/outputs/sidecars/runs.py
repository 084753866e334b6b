"""The journal of runs, with the previous versions of sidecars: the folder `.phototriage-undo`.

Every run that changes a sidecar creates a folder there, such as `0001-2026-06-14T18-31-07`, with the previous
versions under their own names and a `run.json`. It is complete before the first sidecar changes. The folder
name of an undone run ends in `-undone`. Nothing here is ever deleted.

Earlier versions kept their runs in `.phototriage/sidecars`, in a folder that another program also uses. These
runs still count, but no new run goes there.
"""

import json
import os
import re
import shutil
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePath, PurePosixPath

from phototriage.errors import OutputError
from phototriage.outputs.directory import open_directory
from phototriage.xmp.signs import XMP_SIGNS

__all__ = ["Entry", "Mark", "Run", "begin_run", "runs_of", "written_marks"]

_FOLDER = ".phototriage-undo"
_FORMER = Path(".phototriage", "sidecars")
_JOURNAL = "run.json"
_UNDONE = "-undone"
_NAME = re.compile(r"([0-9]{4,9})-.+")
_MOST_BYTES = 256 << 20
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # in XML


@dataclass(frozen=True)
class Mark:
    """A property that we set. was: its value before any of our runs; empty if there was none."""

    name: str
    value: str
    was: str

    def __post_init__(self) -> None:
        if self.name not in XMP_SIGNS:
            raise ValueError(f"{self.name!r:.80} is no mark")
        for text in (self.value, self.was):
            if not isinstance(text, str) or _UNWRITABLE.search(text):
                raise ValueError(f"{text!r:.80} is no value of a mark")


@dataclass(frozen=True)
class Entry:
    """What one run did to one sidecar.

    before, after: SHA-256 of its content, empty if there is no file. mode: its permissions before. created:
    whether we created all of it. marks: all of our marks in it afterward.
    """

    sidecar: str
    before: str
    after: str
    mode: int | None
    created: bool
    marks: tuple[Mark, ...]

    def __post_init__(self) -> None:
        path = PurePosixPath(self.sidecar)
        is_outside = path.is_absolute() or ".." in path.parts or bool(PurePath(self.sidecar).drive)
        if is_outside or path.suffix.lower() != ".xmp" or "\0" in self.sidecar:
            raise ValueError(f"{self.sidecar!r:.200} is no sidecar within the folder")
        if not (isinstance(self.before, str) and isinstance(self.after, str)):
            raise ValueError("a digest is no text")
        if self.mode is not None and not (isinstance(self.mode, int) and 0 <= self.mode <= 0o7777):
            raise ValueError(f"{self.mode!r:.80} is no mode")


@dataclass(frozen=True)
class Run:
    """A run's folder and its content."""

    place: Path
    entries: tuple[Entry, ...]

    def previous(self, entry: Entry) -> bytes:
        """The version before the run. Raises OutputError."""
        path = PurePosixPath(entry.sidecar)
        try:
            with open_directory(self.place, path.parent) as directory:
                return directory.read(path.name, _MOST_BYTES)
        except OSError as error:
            raise OutputError(
                f"its previous version {self.place / path} cannot be read ({error.strerror})"
            ) from error

    def mark_undone(self) -> None:
        """Marks the run as undone, so that it cannot be undone again. Raises OutputError."""
        try:
            self.place.rename(self.place.with_name(self.place.name + _UNDONE))
        except OSError as error:
            raise OutputError(f"cannot rename {self.place}: {error.strerror}") from error


def runs_of(folder: Path, on_damaged: Callable[[str], None] = lambda line: None) -> tuple[Run, ...]:
    """The runs over a folder that are not undone, oldest first.

    `on_damaged` is called with a line for each run that is left out because its journal is damaged.
    """
    runs = []
    for place in _places(folder):
        if place.name.endswith(_UNDONE) or not (place / _JOURNAL).exists():
            continue
        try:
            runs.append(Run(place, _read_journal(place)))
        except OutputError as error:
            on_damaged(str(error))
    return tuple(runs)


def written_marks(
    folder: Path, files: Iterable[str], on_damaged: Callable[[str], None] = lambda line: None
) -> dict[str, list[dict[str, str]]]:
    """All marks that any run ever wrote into sidecars in a folder, whichever folder the run was over.

    That may have been the folder, one above it, or one below it with photos in it. Undone runs are among
    them, since another program may have read their marks before.

    Args:
        folder: the photo folder.
        files: paths of its photos below it, with `/`.
        on_damaged: called with a line for each journal that is left out because it cannot be used.

    Returns: sidecar, below the folder, with `/` → property → value, one mapping per run; those of one journal
    in its order.
    """
    home = Path(os.path.realpath(folder))
    composed_home = _composed(home)
    below = {parent for file in files for parent in PurePosixPath(file).parents} | {PurePosixPath()}
    written: dict[str, list[dict[str, str]]] = defaultdict(list)
    for top in (*reversed(home.parents), *(home / each for each in sorted(below))):
        try:
            places = _places(top)
        except OutputError as error:
            on_damaged(str(error))
            continue
        for place in places:
            if not (place / _JOURNAL).exists():
                continue
            try:
                entries = _read_journal(place)
            except OutputError as error:
                on_damaged(str(error))
                continue
            for entry in entries:
                sidecar = _composed(top / entry.sidecar)
                if entry.marks and sidecar.is_relative_to(composed_home):
                    marks = {mark.name: mark.value for mark in entry.marks}
                    written[sidecar.relative_to(composed_home).as_posix()].append(marks)
    return dict(written)


def _composed(path: Path) -> Path:
    """The path in Unicode's composed form, in which paths are compared."""
    return Path(unicodedata.normalize("NFC", str(path)))


def begin_run(folder: Path, entries: Iterable[Entry], previous: Mapping[str, bytes]) -> Run:
    """Stores the previous versions (sidecar → content) and the journal. On OutputError, nothing is left."""
    number = max((_number(place) for place in _places(folder)), default=0) + 1
    name = f"{number:04d}-{datetime.now():%Y-%m-%dT%H-%M-%S}"
    place = folder / _FOLDER / name
    run = Run(place, tuple(entries))
    document = {"sidecars": [asdict(entry) for entry in run.entries]}
    try:
        with open_directory(folder, PurePosixPath(_FOLDER), create=True) as top:
            top.make_folder(name)
    except (OSError, OutputError) as error:
        raise OutputError(
            f"cannot keep the previous versions in {place}: {_reason(error)}; nothing was written"
        ) from error
    try:
        for file, data in {**previous, _JOURNAL: json.dumps(document, indent=1).encode()}.items():
            path = PurePosixPath(_FOLDER, name, file)
            with (
                open_directory(folder, path.parent, create=True) as directory,
                directory.writing(path.name) as new,
            ):
                new.write(data)
    except (OSError, OutputError) as error:
        with suppress(OSError):
            shutil.rmtree(place)
        raise OutputError(f"cannot write {place}: {_reason(error)}; no sidecar was written") from error
    return run


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _places(folder: Path) -> list[Path]:
    """The folders of all runs, in the order of their numbers, from both locations."""
    top, former = folder / _FOLDER, folder / _FORMER
    if top.is_symlink():
        raise OutputError(
            f"{top} leads elsewhere: the previous versions of sidecars are kept in the folder only"
        )
    # A link is another program's: nothing was ever kept behind one.
    linked = former.is_symlink() or former.parent.is_symlink()
    tops = [top] if linked else [top, former]
    places = [
        place
        for top in tops
        for place in top.glob("[0-9]*")
        if _NAME.fullmatch(place.name) and not place.is_symlink() and place.is_dir()
    ]
    return sorted(places, key=lambda place: (_number(place), place.name))


def _number(place: Path) -> int:
    return int(place.name.partition("-")[0])


def _read_journal(place: Path) -> tuple[Entry, ...]:
    """Raises OutputError, in one line, if the journal cannot be used."""
    path = place / _JOURNAL
    try:
        with open_directory(place, PurePosixPath()) as directory:
            document = json.loads(directory.read(_JOURNAL, _MOST_BYTES))
        return tuple(
            Entry(**{**entry, "marks": tuple(Mark(**mark) for mark in entry["marks"])})
            for entry in document["sidecars"]
        )
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise OutputError(
            f"{path} is damaged ({reason:.300}): restore the files next to it by hand, then remove {place}"
        ) from error
