"""Where the photos of labels lie."""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from phototriage.errors import LabelError
from phototriage.labels.fgaesthetics import Numbering
from phototriage.labels.release import photo_numbers

__all__ = ["has_numbered_photos", "photo_files"]

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
_NUMBER = re.compile(r"\d+")
_AS_RELEASED = Numbering()


def photo_files(folder: Path, photos: Iterable[str], numbering: Numbering = _AS_RELEASED) -> dict[str, Path]:
    """The file of each photo in `folder`, found whichever way the disk spells an accent.

    A photo may be a link to a file elsewhere, as in a folder of linked picks. A linked sub-folder may not
    lead out of `folder`: ranking does not enter it either.

    Photos of PhotoTriage that do not lie under their own names are looked for by their numbers, in any folder
    below: 000012-03.jpg, 12_3.png, 000012/03.jpg. Photos counted from 0 are recognized. A missing photo gets
    the path that it would have as released.

    Args:
        numbering: how the numbers of such files become PhotoTriage's.

    Raises:
        LabelError: a photo lies outside of `folder`, or two files have the numbers of one photo.
    """
    root = folder.resolve()

    @cache
    def is_inside(place: Path) -> bool:
        return place.resolve().is_relative_to(root)

    @cache
    def names(place: Path) -> dict[str, str]:
        try:
            return {unicodedata.normalize("NFC", name): name for name in os.listdir(place)}  # noqa: PTH208
        except OSError:
            return {}

    def found(photo: str) -> Path:
        path = folder / photo
        if photo.isascii() or path.exists():
            return path
        path = folder
        for part in photo.split("/"):
            path /= names(path).get(unicodedata.normalize("NFC", part), part)
        return path

    files = {photo: found(photo) for photo in photos}
    for photo, path in files.items():
        if not is_inside(path.parent):
            raise LabelError(f"{photo} lies outside of {folder}, behind a link: name the folder it is in")
    # One listing instead of thousands of look-ups, which are slow on a network drive.
    missing = [
        photo for photo, path in files.items() if photo_numbers(photo) and path.name not in names(path.parent)
    ]
    return files | _by_numbers(folder, missing, numbering)


def has_numbered_photos(folder: Path) -> bool:
    """Whether some file below has the numbers of a series and a photo."""
    return any(True for _ in _numbered(folder))


def _by_numbers(folder: Path, missing: Iterable[str], numbering: Numbering) -> dict[str, Path]:
    """The files of those of PhotoTriage's photos that are below the folder under other names."""
    wanted = {numbers: photo for photo in missing if (numbers := photo_numbers(photo))}
    if not wanted:
        return {}
    numbered = list(_numbered(folder))
    # Archives that count from 0 have such a number in about every series, as none lacks its first photo.
    from_zero = {series for series, photo, _ in numbered if photo == 0}
    shift = 1 if 2 * len(from_zero) >= len({series for series, *_ in numbered}) else min(numbering.photo, 0)
    found: dict[str, Path] = {}
    for series, number, path in numbered:
        photo = wanted.get((series + numbering.series, number + shift))
        if photo is not None and found.setdefault(photo, path) != path:
            raise LabelError(
                f"{found[photo]} and {path} both have the numbers of photo {photo}: name the folder of the "
                "right one by --photos"
            )
    return found


def _numbered(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """The series, the number and the path of each numbered photo below, of FGAesthetics only its Natural."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_of_another_part(name))
        for name in names:
            stem, suffix = os.path.splitext(name)  # noqa: PTH122
            if suffix.lower() not in _SUFFIXES or name.startswith("."):
                continue
            numbers = _NUMBER.findall(stem)
            if len(numbers) == 1 and place != str(folder):
                numbers = [*_NUMBER.findall(os.path.basename(place)), *numbers]  # noqa: PTH119
            if len(numbers) >= 2:
                yield int(numbers[-2]), int(numbers[-1]), Path(place, name)


def _is_of_another_part(folder: str) -> bool:
    """FGAesthetics numbers the series of its other parts from 1 too; archives from a Mac bring __MACOSX."""
    return folder.lower().startswith((".", "__", "aigc", "crop"))
