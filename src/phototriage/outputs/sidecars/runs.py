"""The journal of runs, with the previous versions of sidecars: the folder `.phototriage-undo`.

Every run that changes a sidecar creates a folder there, such as `0001-2026-06-14T18-31-07`, with the previous
versions under their own names and a `run.json`. It is complete before the first sidecar changes. The folder
name of an undone run ends in `-undone`. Nothing here is ever deleted.

Earlier versions kept their runs in `.phototriage/sidecars`, in a folder that another program also uses. These
runs still count, but no new run goes there.
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from phototriage.atomic_write import atomic_write
from phototriage.errors import OutputError

__all__ = ["Entry", "Mark", "Run", "begin_run", "runs_of"]

_FOLDER = ".phototriage-undo"
_FORMER = Path(".phototriage", "sidecars")
_JOURNAL = "run.json"
_UNDONE = "-undone"


@dataclass(frozen=True)
class Mark:
    """A property that we set. was: its value before any of our runs; empty if there was none."""

    name: str
    value: str
    was: str


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
        if path.is_absolute() or ".." in path.parts or path.suffix.lower() != ".xmp":
            raise ValueError(f"{self.sidecar} is no sidecar within the folder")


@dataclass(frozen=True)
class Run:
    """A run's folder and its content."""

    place: Path
    entries: tuple[Entry, ...]

    def previous(self, entry: Entry) -> Path:
        """The path of the version before the run."""
        return self.place / entry.sidecar

    def mark_undone(self) -> None:
        """Marks the run as undone, so that it cannot be undone again. Raises OutputError."""
        try:
            self.place.rename(self.place.with_name(self.place.name + _UNDONE))
        except OSError as error:
            raise OutputError(f"cannot rename {self.place}: {error.strerror}") from error


def runs_of(folder: Path) -> tuple[Run, ...]:
    """The runs over a folder that are not undone, oldest first. Raises OutputError if one is damaged."""
    return tuple(
        Run(place, _read_journal(place / _JOURNAL))
        for place in _places(folder)
        if not place.name.endswith(_UNDONE) and (place / _JOURNAL).exists()
    )


def begin_run(folder: Path, entries: Iterable[Entry], previous: Mapping[str, bytes]) -> Run:
    """Stores the previous versions (sidecar → content) and the journal. On OutputError, nothing is left."""
    number = max((int(place.name[:4]) for place in _places(folder)), default=0) + 1
    place = folder / _FOLDER / f"{number:04d}-{datetime.now():%Y-%m-%dT%H-%M-%S}"
    run = Run(place, tuple(entries))
    try:
        place.mkdir(parents=True)
    except OSError as error:
        raise OutputError(
            f"cannot keep the previous versions in {place}: {error.strerror}; nothing was written"
        ) from error
    try:
        for sidecar, data in previous.items():
            with atomic_write(place / sidecar) as file:
                file.write(data)
        document = {"sidecars": [asdict(entry) for entry in run.entries]}
        with atomic_write(place / _JOURNAL) as file:
            file.write(json.dumps(document, indent=1).encode())
    except OutputError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise OutputError(f"{error}; no sidecar was written") from error
    return run


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
    places = [place for top in tops for place in top.glob("[0-9][0-9][0-9][0-9]-*") if place.is_dir()]
    return sorted(places, key=lambda place: place.name)


def _read_journal(path: Path) -> tuple[Entry, ...]:
    try:
        document = json.loads(path.read_bytes())
        return tuple(
            Entry(**{**entry, "marks": tuple(Mark(**mark) for mark in entry["marks"])})
            for entry in document["sidecars"]
        )
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise OutputError(
            f"{path} is damaged ({error}): restore the files next to it by hand, then remove {path.parent}"
        ) from error
