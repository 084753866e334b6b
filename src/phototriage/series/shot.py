"""A press of the shutter, which may have left several files, and series of them."""

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from phototriage.photos import RAW_SUFFIXES

__all__ = ["Series", "SeriesKind", "Shot", "merge_copies", "shots_of"]


@dataclass(frozen=True)
class Shot:
    """One moment, however many files show it.

    photo: the file that is measured and shown, as a path relative to the photo root, with `/`.
    files: every file that goes with it, `photo` first: a RAW beside its JPEG, edited versions, copies.
    """

    photo: str
    files: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.files[:1] != (self.photo,):
            raise ValueError("the measured photo is the first of a shot's files")

    def measured_by(self, file: str) -> "Shot":
        """The shot with another of its files as the one that is measured; it comes first then."""
        if file == self.photo:
            return self
        return Shot(file, (file, *(each for each in self.files if each != file)))


SeriesKind = Literal["series", "single", "exposure bracket", "focus stack", "panorama"]
"""A `series` is chosen from; of all others every photo is kept."""


@dataclass(frozen=True)
class Series:
    """Shots of one moment, in the order in which they were taken.

    captured_at: when the first of them was, on the camera's clock; None where no file says.
    """

    name: str
    kind: SeriesKind
    shots: tuple[Shot, ...]
    captured_at: datetime | None


_MEASURED_FIRST = (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".heic", ".heif", ".hif", ".avif", ".webp")

# What programs put behind the name of the original, each only where such an original lies beside it.
# "(1)", "-2", "_01" and " 2" are left out on purpose: some programs number copies so, others other photos.
_VERSION = re.compile(
    r"""(
      [-_ ]edit(ed)?([-_ ]?\d+)?             # Lightroom IMG_1-Edit, IMG_1-Edit-2; Google Photos IMG_1-edited
    | -enhanced(-(nr|sr|rd))*                # Lightroom's noise removal and enlargement
    | ~\d+                                   # Android's and Google's editors
    | [-_ ]copy([ ]?\d+)? | [ ]-[ ]copy([ ]\(\d+\))?   # macOS and Photoshop; Windows
    | _dxo(_\w+)?                            # DxO PhotoLab
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
# Of the two files of a Pixel's RAW or portrait photo neither has the plain name.
_PIXEL_PART = re.compile(r"\.(raw|portrait)-\d\d\.(cover|original)$", re.IGNORECASE)
_IPHONE_EDIT = re.compile(r"(IMG_)E(\d{4})", re.IGNORECASE)


def shots_of(folder: str | Path, photos: Sequence[str | Path]) -> list[Shot]:
    """Gathers the files that show one moment.

    Files of one folder and one name but for the suffix (in any case) are one shot: it is measured by its
    JPEG, else its HEIC or other picture, and by a RAW only where there is nothing else. A version whose name
    says so (`IMG_1-Edit`, `IMG_E0001`, `IMG_1 copy`) goes with the original beside it, and the original is
    what is measured.

    Args:
        folder: the photo root.
        photos: files below it; shots come in the order in which each one's measured file stands here.
    """
    # Plain text, since a Path takes microseconds to make and a library has 100,000 of them.
    before = len(str(Path(folder) / "x")) - 1
    paths = (Path(photo) if isinstance(photo, str) else photo for photo in photos)
    keys = [str(path)[before:].replace(os.sep, "/") for path in paths]
    place = {key: number for number, key in enumerate(keys)}
    stems: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key in keys:
        parent, _, name = key.rpartition("/")
        plain = _PIXEL_PART.sub("", name.rpartition(".")[0] or name)
        stems[parent, plain.casefold()].append(key)
    files: dict[tuple[str, str], list[str]] = defaultdict(list)
    original = {stem: _original(stem, stems) for stem in stems}
    for stem in sorted(stems, key=lambda stem: (original[stem] != stem, place[stems[stem][0]])):
        files[original[stem]] += sorted(stems[stem], key=lambda key: (_rank(key), place[key]))
    shots = [Shot(members[0], tuple(members)) for members in files.values()]
    return sorted(shots, key=lambda shot: place[shot.photo])


def merge_copies(shots: Sequence[Shot], content_hash_of: Mapping[str, str]) -> list[Shot]:
    """Makes shots of equal content one, wherever they lie.

    Args:
        shots: in any order; one keeps the place of the first of those that become it.
        content_hash_of: measured photo → content hash; a shot that is not in it stays as it is.

    The shortest file name is measured and stands first, for copies have words added to theirs.
    """
    same: dict[object, list[Shot]] = {}
    for shot in shots:
        same.setdefault(content_hash_of.get(shot.photo, shot), []).append(shot)
    merged = []
    for copies in same.values():
        ordered = sorted(copies, key=lambda shot: (len(shot.photo.rpartition("/")[2]), shot.photo))
        merged.append(Shot(ordered[0].photo, tuple(file for shot in ordered for file in shot.files)))
    return merged


def _original(stem: tuple[str, str], stems: Mapping[tuple[str, str], object]) -> tuple[str, str]:
    """The stem of the photo that this one is a version of; itself where there is none."""
    parent, name = stem
    if (edited := _IPHONE_EDIT.fullmatch(name)) and (parent, "".join(edited.groups())) in stems:
        return parent, "".join(edited.groups())
    while found := _VERSION.search(name):
        name = name[: found.start()]
        if (parent, name) in stems:
            return _original((parent, name), stems)
    return stem


def _rank(key: str) -> int:
    """The lower, the sooner a file is the one that is measured."""
    suffix = "." + key.rpartition(".")[2].lower()
    if suffix in _MEASURED_FIRST:
        return _MEASURED_FIRST.index(suffix)
    return len(_MEASURED_FIRST) + (suffix in RAW_SUFFIXES)
