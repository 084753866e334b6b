"""The names of a photo's existing and new sidecars."""

import os
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from phototriage.errors import OutputError
from phototriage.photos.plain_name import plain_name

__all__ = ["SidecarName", "SidecarNames"]

SidecarName = Literal["adobe", "darktable"]
"""adobe: IMG.xmp. darktable: IMG.CR2.xmp."""

_SUFFIX = ".xmp"
_DUPLICATE = re.compile(r"(?P<stem>.+)_[0-9]{2,}(?P<suffix>\.[^./]+)", re.DOTALL)


class SidecarNames:
    """The sidecars of a folder's photos; every sub-folder is listed once."""

    def __init__(self, folder: Path, new: SidecarName) -> None:
        self._folder = folder
        self._new = new
        self._listed: dict[str, _Listing] = {}

    def of(self, files: Iterable[str]) -> dict[str, bool]:
        """The sidecars of a shot's files → whether they exist: those in either style, and the new one.

        files, sidecars: paths relative to the folder, with `/`. IMG.CR2 and IMG.JPG share IMG.xmp. A sidecar
        whose name differs only in letter case or in its Unicode normal form, as after a copy from a Mac,
        is that of the photo, unless it has a photo of its own. Raises OutputError if a folder cannot be read.
        """
        sidecars: dict[str, bool] = {}
        for file in files:
            for style, stem in (("adobe", posixpath.splitext(file)[0]), ("darktable", file)):
                there = self._there(stem)
                for sidecar in there:
                    sidecars[sidecar] = True
                if not there and style == self._new:
                    sidecars[stem + _SUFFIX] = False
        return sidecars

    def duplicates(self, files: Iterable[str]) -> list[str]:
        """The sidecars of darktable's duplicates of a shot's files: IMG_01.CR2.xmp for IMG.CR2.

        They hold other edits of the photo, with ratings of their own. Raises OutputError if a folder cannot
        be read.
        """
        return [
            sidecar
            for file in files
            for sidecar in self._listing(file).duplicates.get(plain_name(posixpath.basename(file)), ())
        ]

    def _there(self, stem: str) -> list[str]:
        """The sidecars with this stem and a suffix in any letter case, as in IMG.XMP."""
        listing = self._listing(stem)
        alike = listing.sidecars.get(plain_name(posixpath.basename(stem)), [])
        exact = [sidecar for sidecar in alike if sidecar[: -len(_SUFFIX)] == stem]
        # A case-insensitive file system finds img.xmp for IMG.xmp: then that is the sidecar.
        if alike and not exact and os.path.lexists(self._folder / (stem + _SUFFIX)):
            return [stem + _SUFFIX]
        return exact or [
            sidecar
            for sidecar in alike
            if posixpath.basename(sidecar)[: -len(_SUFFIX)] not in listing.stems_and_names
        ]

    def _listing(self, path: str) -> "_Listing":
        parent = posixpath.dirname(path)
        if parent not in self._listed:
            self._listed[parent] = _Listing(self._folder, parent)
        return self._listed[parent]


class _Listing:
    """One sub-folder.

    sidecars: key of the name without the suffix → paths. duplicates: key of a photo → paths of the sidecars
    of its duplicates. stems_and_names: of all files that are not sidecars.
    """

    def __init__(self, folder: Path, parent: str) -> None:
        try:
            names = sorted(os.listdir(folder / parent))  # noqa: PTH208 - Paths take ten times as long
        except OSError as error:
            raise OutputError(f"{folder / parent}: the folder cannot be read ({error.strerror})") from error
        others = [name for name in names if not name.lower().endswith(_SUFFIX)]
        self.stems_and_names = {*others, *(posixpath.splitext(name)[0] for name in others)}
        self.sidecars: dict[str, list[str]] = {}
        self.duplicates: dict[str, list[str]] = {}
        keys = {plain_name(name) for name in others}
        for name in names:
            if not name.lower().endswith(_SUFFIX):
                continue
            stem, path = name[: -len(_SUFFIX)], posixpath.join(parent, name)
            self.sidecars.setdefault(plain_name(stem), []).append(path)
            if (found := _DUPLICATE.fullmatch(stem)) and plain_name(stem) not in keys:
                self.duplicates.setdefault(plain_name(found["stem"] + found["suffix"]), []).append(path)
