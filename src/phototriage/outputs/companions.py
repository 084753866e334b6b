"""The files that cameras and programs put beside a photo and call after it."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from phototriage.errors import OutputError
from phototriage.photos.plain_name import plain_name

__all__ = ["Companions"]

_EDITS = (".aae", ".pp3", ".dop", ".arp", ".cos", ".nksc", ".on1", ".dr4", ".vrd", ".json")
"""Suffixes of settings of programs (Apple Photos, RawTherapee, DxO, ART, Capture One, Nikon, ON1, Canon), and
of what Google Takeout tells. A program that edits the photo changes them."""
_RECORDINGS = (".mov", ".mp4", ".mp", ".wav", ".m4a", ".thm", ".lrv")
"""Suffixes of the video of a live or motion photo, voice notes and thumbnails."""


class Companions:
    """The companions of a folder's photos; every sub-folder is listed once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listed: dict[str, dict[str, list[str]]] = {}

    def of(self, files: Iterable[str]) -> dict[str, bool]:
        """The companions of a shot's files → whether they are settings, which change with every edit.

        files, companions: paths relative to the folder, with `/`. XMP sidecars are not among them.
        Raises OutputError if a folder cannot be read.
        """
        found: dict[str, bool] = {}
        for file in files:
            parent, name = posixpath.split(file)
            listed = self._listed.get(parent)
            if listed is None:
                listed = self._listed[parent] = self._list(parent)
            stem = posixpath.splitext(name)[0]
            shorter, suffix = posixpath.splitext(stem)
            video = shorter if suffix.lower() in _RECORDINGS else stem  # PXL_1.MP.jpg has PXL_1.MP
            for owner in (stem, name, video, _apple_settings(stem), _takeout_name(name)):
                for companion in listed.get(plain_name(owner), ()):
                    found[posixpath.join(parent, companion)] = companion.lower().endswith(_EDITS)
        return found

    def _list(self, parent: str) -> dict[str, list[str]]:
        """The companions of one sub-folder, by the name that they are called after."""
        try:
            names = sorted(path.name for path in (self._folder / parent).iterdir())
        except OSError as error:
            raise OutputError(
                f"{self._folder / parent}: the folder cannot be read ({error.strerror})"
            ) from error
        by_owner: dict[str, list[str]] = defaultdict(list)
        for name in names:
            owner, suffix = posixpath.splitext(name)
            if suffix.lower() in (*_EDITS, *_RECORDINGS):
                by_owner[plain_name(owner)].append(name)
                # Takeout cuts its second suffix where the whole name is too long: IMG_1.jpg.supplem.json
                shorter, _, tail = owner.rpartition(".")
                if suffix.lower() == ".json" and tail and "supplemental-metadata".startswith(tail):
                    by_owner[plain_name(shorter)].append(name)
        return by_owner


def _apple_settings(stem: str) -> str:
    """IMG_O0001.AAE holds the settings of IMG_0001.HEIC, as IMG_0001.AAE does."""
    return f"IMG_O{stem[4:]}" if stem.upper().startswith("IMG_") else stem


def _takeout_name(name: str) -> str:
    """IMG_1(2).jpg has IMG_1.jpg(2).json."""
    stem, suffix = posixpath.splitext(name)
    before, bracket, number = stem.rpartition("(")
    return f"{before}{suffix}({number}" if bracket and number.endswith(")") else name
