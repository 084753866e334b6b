"""A press of the shutter, which may have left several files, and series of them."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Literal

from phototriage.photos import RAW_SUFFIXES, Capture
from phototriage.photos.plain_name import plain_name
from phototriage.series.camera import Body, body_of, cameras, contradict
from phototriage.series.names import converted_from, original_stem, shot_stem

__all__ = ["ReadCaptures", "Series", "SeriesKind", "Shot", "merge_copies", "shots_of", "shots_of_names"]


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Series:
    """Shots of one moment, in the order in which they were taken.

    captured_at: when the first of them was, on the camera's clock; None where no file says.
    """

    name: str
    kind: SeriesKind
    shots: tuple[Shot, ...]
    captured_at: datetime | None


_MEASURED_FIRST = (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".heic", ".heif", ".hif", ".avif", ".webp")

ReadCaptures = Callable[[Sequence[str]], Sequence[Capture]]
"""From files, as paths relative to the photo root, to what their EXIF says, in the same order."""

_SAME_PRESS = 5.0
"""Seconds between the times that files of one press of the shutter may say: one is written before a long
exposure, another after it."""

_BIN = re.compile(
    r"(recycle ?bin|trash|bin|deleted( items)?|papierkorb|corbeille|papelera|lixeira|lixo|cestino|prullenbak"
    r"|papperskorg(en)?|papirkurv(en)?|roskakori|kosz|koš|kôš|lomtár|coş de gunoi|корзина|кошик|çöp( kutusu)?"
    r"|ゴミ箱|回收站|资源回收桶|휴지통)"
)


def _unknown(files: Sequence[str]) -> Sequence[Capture]:
    return [Capture()] * len(files)


def shots_of(
    folder: str | Path, photos: Sequence[str | Path], read_captures: ReadCaptures = _unknown
) -> list[Shot]:
    """`shots_of_names` of files below the photo root, `folder`."""
    before = len(str(Path(folder) / "x")) - 1
    paths = (Path(photo) if isinstance(photo, str) else photo for photo in photos)
    return shots_of_names([str(path)[before:].replace(os.sep, "/") for path in paths], read_captures)


def shots_of_names(names: Sequence[str], read_captures: ReadCaptures = _unknown) -> list[Shot]:
    """Gathers the files that show one moment.

    Files of one folder and one name but for the suffix (in any case) are one shot: it is measured by its
    JPEG, else its HEIC or other picture, and by a RAW only where there is nothing else. A version whose name
    says so (`IMG_1-Edit`, `IMG_E0001`, `IMG_1 copy`) goes with the original beside it, and the original is
    what is measured. Names are compared in Unicode's composed form.

    Files of one name are several shots where their EXIF says another time or another camera. So are files
    whose whole names differ only in case, unless they say the same time. A RAW goes with a picture of its
    name in another folder where both say the same second and the same camera.

    Args:
        names: files, as paths relative to the photo root, with `/`; shots come in the order in which each
            one's measured file stands here.
        read_captures: asked once, for the files of which the names alone do not decide.
    """
    place = {key: number for number, key in enumerate(names)}
    named = _by_name(names)
    asked = _undecided(named)
    captures = dict(zip(asked, read_captures(asked), strict=True)) if asked else {}
    presses = _Presses(captures)
    found: dict[str, list[list[str]]] = defaultdict(list)
    for (_, stem), files in named.items():
        found[stem] += presses.split(files) if len(files) > 1 else [files]
    shots = [
        Shot(files[0], tuple(files)) for alike in found.values() for files in presses.join_raws(alike, place)
    ]
    return sorted(shots, key=lambda shot: place[shot.photo])


def _by_name(keys: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """Files by folder and original stem, the one to be measured first."""
    folders: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key in keys:
        parent, _, name = key.rpartition("/")
        folders[parent][shot_stem(name)].append(key)
    named: dict[tuple[str, str], list[str]] = defaultdict(list)
    for parent, stems in folders.items():
        for stem in [stem for stem in stems if converted_from(stem) in stems]:
            stems[converted_from(stem)] += stems.pop(stem)
        original = {stem: original_stem(stem, stems) for stem in stems}
        for stem in sorted(stems, key=lambda stem: original[stem] != stem):
            files = stems[stem]
            named[parent, original[stem]] += sorted(files, key=_rank) if len(files) > 1 else files
    return named


def _undecided(named: Mapping[tuple[str, str], Sequence[str]]) -> list[str]:
    """The files whose EXIF decides: those that share a name, and RAWs with a namesake in another folder."""
    by_stem: dict[str, list[Sequence[str]]] = defaultdict(list)
    for (_, stem), files in named.items():
        by_stem[stem].append(files)
    undecided: list[str] = []
    for alike in by_stem.values():
        elsewhere = len(alike) > 1 and any(_is_raw(file) for files in alike for file in files)
        undecided += (file for files in alike if elsewhere or len(files) > 1 for file in files)
    return undecided


class _Presses:
    """Tells presses of the shutter apart by what files say about them."""

    def __init__(self, captures: Mapping[str, Capture]) -> None:
        self._captures = captures
        camera = cameras(captures.values())
        self._camera: dict[str, Body] = {file: camera[body_of(capture)] for file, capture in captures.items()}

    def split(self, files: Sequence[str]) -> list[list[str]]:
        """Files of one name as one list per press, each in their order."""
        presses: list[list[str]] = []
        for file in sorted(files, key=lambda file: self._captures[file].time is None):
            fits = [press for press in presses if not any(self._are_apart(file, other) for other in press)]
            if fits:
                # Of a file that does not say, the spelling of its name decides.
                next((press for press in fits if _stem(press[0]) == _stem(file)), fits[0]).append(file)
            else:
                presses.append([file])
        place = {file: number for number, file in enumerate(files)}
        return [sorted(press, key=place.__getitem__) for press in presses]

    def join_raws(self, alike: list[list[str]], place: Mapping[str, int]) -> list[list[str]]:
        """Adds shots that are only RAW to those of the same press in other folders.

        Args:
            alike: the files of shots of one name, wherever they lie.
            place: file → its place in the library.
        """
        if len(alike) == 1 or not any(_is_raw(files[0]) for files in alike):
            return alike
        joined: list[list[str]] = []
        for files in sorted(alike, key=lambda files: (_is_raw(files[0]), place[files[0]])):
            homes = [home for home in joined if _is_raw(files[0]) and self._is_one_press(files[0], home[0])]
            if homes:
                max(homes, key=lambda home: _common_folders(home[0], files[0])).extend(files)
            else:
                joined.append(list(files))
        return joined

    def _are_apart(self, one: str, other: str) -> bool:
        if contradict(self._camera[one], self._camera[other]):
            return True
        seconds = _seconds_apart(self._captures[one], self._captures[other])
        if seconds is None:
            return plain_name(one) == plain_name(other)  # two photos, on a disk that tells case apart
        return seconds > _SAME_PRESS

    def _is_one_press(self, one: str, other: str) -> bool:
        times = [self._captures[file].time for file in (one, other)]
        seconds = {time and time.local.replace(microsecond=0) for time in times}
        bodies = self._camera[one], self._camera[other]
        return (
            len(seconds) == 1 and None not in seconds and all(model for _, model, _ in bodies)
        ) and not contradict(*bodies)


def _seconds_apart(one: Capture, other: Capture) -> float | None:
    """By the cameras' clocks or by UTC, whichever is less; None where one of them has no time."""
    if one.time is None or other.time is None:
        return None
    local = one.time.local - other.time.local
    apart = abs(local.total_seconds())
    if one.time.utc_offset is not None and other.time.utc_offset is not None:
        utc = local - one.time.utc_offset + other.time.utc_offset
        apart = min(apart, abs(utc.total_seconds()))
    return apart


def _common_folders(one: str, other: str) -> int:
    """How many folders two paths begin with in common."""
    pairs = zip(one.split("/")[:-1], other.split("/")[:-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _stem(key: str) -> str:
    name = key.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def merge_copies(shots: Sequence[Shot], content_hash_of: Mapping[str, str]) -> list[Shot]:
    """Makes shots of equal content one, wherever they lie.

    Args:
        shots: in any order; one keeps the place of the first of those that become it.
        content_hash_of: measured photo → content hash; a shot that is not in it stays as it is.

    The shortest file name is measured and stands first, for copies have words added to theirs; but none that
    lies in a folder called a bin, in any of the languages of Google Takeout.
    """
    same: dict[object, list[Shot]] = {}
    for shot in shots:
        same.setdefault(content_hash_of.get(shot.photo, shot), []).append(shot)
    merged = []
    for copies in same.values():
        if len(copies) == 1:
            merged += copies
            continue
        ordered = sorted(copies, key=_rank_of_copy)
        merged.append(Shot(ordered[0].photo, tuple(file for shot in ordered for file in shot.files)))
    return merged


def _rank_of_copy(shot: Shot) -> tuple[bool, int, str]:
    *folders, name = shot.photo.split("/")
    return any(_BIN.fullmatch(plain_name(each)) for each in folders), len(name), shot.photo


def _rank(key: str) -> int:
    """The lower, the sooner a file is the one that is measured."""
    suffix = "." + key.rpartition(".")[2].lower()
    if suffix in _MEASURED_FIRST:
        return _MEASURED_FIRST.index(suffix)
    return len(_MEASURED_FIRST) + _is_raw(key)


def _is_raw(key: str) -> bool:
    return f".{key.rpartition('.')[2].lower()}" in RAW_SUFFIXES
