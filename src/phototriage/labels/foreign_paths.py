"""Which photo of a folder is meant by a path that another program, or another machine, wrote down."""

import posixpath
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from phototriage.errors import LabelError
from phototriage.photos.plain_name import plain_name
from phototriage.printable import printable

__all__ = ["ForeignPaths"]

_ABSOLUTE = re.compile(r"/|[A-Za-z]:(/|$)")


class ForeignPaths:
    r"""Finds photos by paths with `/` or `\`, whatever the case and the Unicode form of their letters.

    Args:
        folder: the photo folder.
        photos: paths of its photos, relative to it, with `/`.
        renamed: (old, new) beginnings of paths: what was `old` where the path was written is `new` here. The
            first that fits counts.

    Raises:
        LabelError: a beginning is no absolute path.
    """

    def __init__(self, folder: Path, photos: Sequence[str], renamed: Sequence[tuple[str, str]] = ()) -> None:
        self._folder = folder
        self._roots = tuple(
            dict.fromkeys(_directory(place.as_posix()) for place in (folder.absolute(), folder.resolve()))
        )
        self._renamed = []
        for old, new in renamed:
            beginning = _directory(old)
            if not _ABSOLUTE.match(beginning) or not new.strip():
                raise LabelError(
                    f"'{old}={new}' renames no folder: write the whole path there was, =, and the path here"
                )
            self._renamed.append((beginning, _directory(Path(new).expanduser().absolute().as_posix())))
        self._exact = {unicodedata.normalize("NFC", photo) for photo in photos}
        self._alike: dict[str, list[str]] = defaultdict(list)
        self._named: dict[str, list[str]] = defaultdict(list)
        for photo in self._exact:
            key = plain_name(photo)
            self._alike[key].append(photo)
            self._named[posixpath.basename(key)].append(photo)
        self._below = lru_cache(1 << 16)(self._directory_below)

    def photo(self, directory: str, name: str) -> str | None:
        """The photo in Unicode's composed form; None if it is not one of the folder.

        directory: absolute, or relative to the photo folder.
        """
        below = self._below(directory)
        if below is None:
            return None
        path = unicodedata.normalize("NFC", f"{below}/{name}" if below else name)
        if path in self._exact:
            return path
        alike = self._alike.get(plain_name(path), ())
        return alike[0] if len(alike) == 1 else None

    def by_name(self, name: str) -> str | None:
        """The one photo of this name, wherever it lies; None if there is none, or several."""
        named = self._named.get(plain_name(name), ())
        return named[0] if len(named) == 1 else None

    def is_below(self, directory: str) -> bool:
        """Whether a directory is the photo folder or one below it."""
        return self._below(directory) is not None

    def here(self, directory: str) -> str:
        """The path of a directory here, as far as it was renamed."""
        path = _directory(directory)
        for old, new in self._renamed:
            if (rest := _rest(path, old)) is not None:
                return posixpath.join(new, rest) if rest else new
        return path

    def none_of_them(self, which: str, files: Iterable[tuple[str, str]]) -> str:
        """A line that none of these (directory, name) is here, and how to rename most of them."""
        text = printable(f"none of {which} lies in {self._folder}")
        if suggestion := self._suggestion(files):
            old, new = map(printable, suggestion)
            text += f"; if what was {old} is {new} here, add --map '{old}={new}'"
        return text

    def _suggestion(self, files: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
        """The (old, new) beginning that would find most of them; None if there is none."""
        found: Counter[tuple[str, str]] = Counter()
        for directory, name in files:
            photo = self.by_name(name)
            if not (photo and _ABSOLUTE.match(_directory(directory))):
                continue
            old, below = _directory(directory).split("/"), photo.split("/")[:-1]
            while len(old) > 1 and below and plain_name(old[-1]) == plain_name(below[-1]):
                old.pop()
                below.pop()
            found["/".join(old) or "/", "/".join((self._roots[0], *below))] += 1
        return max(found, key=lambda pair: (found[pair], pair)) if found else None

    def _directory_below(self, directory: str) -> str | None:
        """Relative to the photo folder, "" for that itself; None for a directory elsewhere."""
        path = self.here(directory)
        if not _ABSOLUTE.match(path):
            return None if path.startswith("..") else "" if path == "." else path
        return next((rest for root in self._roots if (rest := _rest(path, root)) is not None), None)


def _directory(path: str) -> str:
    """With `/` between its parts and none at the end."""
    return posixpath.normpath(path.strip().replace("\\", "/")) if path.strip() else ""


def _rest(path: str, beginning: str) -> str | None:
    """What is behind a beginning of whole parts; None if the path begins otherwise."""
    parts, first = path.split("/"), beginning.rstrip("/").split("/")
    if list(map(plain_name, parts[: len(first)])) != list(map(plain_name, first)):
        return None
    return "/".join(parts[len(first) :])
