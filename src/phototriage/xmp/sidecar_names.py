"""The names of a photo's existing and new sidecars."""

import os
import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from phototriage.errors import OutputError

__all__ = ["SidecarName", "SidecarNames"]

SidecarName = Literal["adobe", "darktable"]
"""adobe: IMG.xmp. darktable: IMG.CR2.xmp."""

_SUFFIX = ".xmp"


class SidecarNames:
    """The sidecars of a folder's photos; every sub-folder is listed once."""

    def __init__(self, folder: Path, new: SidecarName) -> None:
        self._folder = folder
        self._new = new
        self._listed: dict[str, dict[str, list[str]]] = {}

    def of(self, files: Iterable[str]) -> dict[str, bool]:
        """The sidecars of a shot's files → whether they exist: those in either style, and the new one.

        files, sidecars: paths relative to the folder, with `/`. IMG.CR2 and IMG.JPG share IMG.xmp.
        Raises OutputError if a folder cannot be read.
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

    def _there(self, stem: str) -> list[str]:
        """The sidecars with this stem and a suffix in any letter case, as in IMG.XMP."""
        parent = posixpath.dirname(stem)
        if parent not in self._listed:
            self._listed[parent] = _sidecars_by_stem(self._folder, parent)
        alike = self._listed[parent].get(stem.casefold(), [])
        exact = [sidecar for sidecar in alike if sidecar[: -len(_SUFFIX)] == stem]
        # A case-insensitive file system finds img.xmp for IMG.xmp: then that is the sidecar.
        if alike and not exact and os.path.lexists(self._folder / (stem + _SUFFIX)):
            return [stem + _SUFFIX]
        return exact


def _sidecars_by_stem(folder: Path, parent: str) -> dict[str, list[str]]:
    """The sidecars of one sub-folder, by their lower-case path without the suffix."""
    try:
        names = sorted(path.name for path in (folder / parent).iterdir())
    except OSError as error:
        raise OutputError(f"{folder / parent}: the folder cannot be read ({error.strerror})") from error
    by_stem: dict[str, list[str]] = {}
    for name in names:
        if name.lower().endswith(_SUFFIX):
            sidecar = posixpath.join(parent, name)
            by_stem.setdefault(sidecar[: -len(_SUFFIX)].casefold(), []).append(sidecar)
    return by_stem
