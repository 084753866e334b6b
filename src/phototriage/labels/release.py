"""The files of the PhotoTriage release, and the keys of its series and photos."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["VOTE_TABLE", "Release", "find_release", "photo_key", "photo_numbers", "photo_root", "series_key"]

VOTE_TABLE = "photo_triage_pairs_embedding_labels.csv"
_REVIEWS = "reviews_trainval"
_PHOTOS = "train_val_imgs"
_PHOTO_PATTERN = "[0-9][0-9][0-9][0-9][0-9][0-9]-[0-9][0-9].JPG"
_PHOTO_KEY = re.compile(r"(\d{6,})-(\d{2,})\.JPG")


@dataclass(frozen=True)
class Release:
    """The files of the release in a folder; None or () for missing ones."""

    folder: Path
    train_pairlist: Path | None
    val_pairlist: Path | None
    reviews: tuple[Path, ...]
    vote_table: Path | None

    @property
    def pairlists(self) -> tuple[Path, ...]:
        """The existing pairlists, train first."""
        return tuple(path for path in (self.train_pairlist, self.val_pairlist) if path)

    @property
    def files(self) -> tuple[Path, ...]:
        """All existing files."""
        return (*self.pairlists, *self.reviews, *filter(None, [self.vote_table]))


def series_key(series: int) -> str:
    """The key of a series: 7 → '7'."""
    return str(series)


def photo_key(series: int, photo: int) -> str:
    """The key of a photo, which is its file name: series 7, photo 2 (counted from 1) → '000007-02.JPG'."""
    return f"{series:06d}-{photo:02d}.JPG"


def photo_numbers(key: str) -> tuple[int, int] | None:
    """The series and the photo of a `photo_key`; None if it is another name."""
    match = _PHOTO_KEY.fullmatch(key)
    return (int(match[1]), int(match[2])) if match else None


def find_release(folder: Path) -> Release:
    """Searches the folder, and train_val/ below it, for the files of the release.

    Raises:
        OSError: one of these folders cannot be listed.
    """
    return Release(
        folder=folder,
        train_pairlist=_first_file(folder, "train_pairlist.txt"),
        val_pairlist=_first_file(folder, "val_pairlist.txt"),
        reviews=_review_files(folder),
        vote_table=_first_file(folder, VOTE_TABLE),
    )


def photo_root(folder: str | Path) -> Path | None:
    """The folder of the release's photos: train_val_imgs/ below this one, this one if flat, or None."""
    for place in _places(Path(folder)):
        for root in (place / _PHOTOS, place / _PHOTOS / _PHOTOS, place):
            if any(root.glob(_PHOTO_PATTERN)):
                return root
    return None


def _places(folder: Path) -> Iterator[Path]:
    # Unpacking an archive into a folder of the same name nests the name twice.
    yield from (folder, folder / "train_val", folder / "train_val" / "train_val")


def _first_file(folder: Path, name: str) -> Path | None:
    return next((place / name for place in _places(folder) if (place / name).is_file()), None)


def _review_files(folder: Path) -> tuple[Path, ...]:
    """The review files in reviews_trainval/ (at any depth) or flat, in the order of their series."""
    for place in _places(folder):
        for files in (_files_below(place / _REVIEWS), _files_below(place, flat=place.name != _REVIEWS)):
            # Only numbers name a series; archives from a Mac also contain '._000001.json'.
            found = [path for path in files if path.suffix == ".json" and path.stem.isdecimal()]
            if found:
                return tuple(sorted(found, key=lambda path: (int(path.stem), path)))
    return ()


def _files_below(folder: Path, *, flat: bool = False) -> Iterator[Path]:
    """The files of a folder, at any depth or directly in it; glob would silently skip unreadable folders."""
    if folder.is_dir():
        for place, folders, names in os.walk(folder, onerror=_raise):
            yield from (Path(place, name) for name in names)
            if flat:
                folders.clear()


def _raise(error: OSError) -> None:
    raise error
