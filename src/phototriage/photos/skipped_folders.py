"""The folders of a library that hold what was thrown away, or what a program keeps for itself."""

import re
from collections.abc import Sequence

from phototriage.photos.plain_name import plain_name

__all__ = ["CACHE_MARK", "bin_or_cache"]

CACHE_MARK = "CACHEDIR.TAG"
"""A folder with a file of this name is a cache (https://bford.info/cachedir)."""

_BIN_OR_CACHE = re.compile(
    r"""
      \#recycle | @recycle | \$recycle\.bin | recycler  # Synology, QNAP, Windows
    | \.recycle(\.bin)? | \.(local)?trash(es|ed)?(-\w+)? | \.dtrash  # Samba, macOS, Linux, digiKam
    | network\ trash\ folder | files_trashbin | files_versions  # AppleShare, Nextcloud
    | lost\+found | found\.\d{3} | system\ volume\ information  # repaired disks, Windows
    | \#snapshot | @(recently-)?snapshot | \.snapshots? | ~snapshot  # the past of a network drive
    | @eadir | \.?@__thumb | \.thumb(nail)?s? | appdata_\w+  # Synology, QNAP, phones, Nextcloud
    | .+\.lr(data|library) | captureone | \.?bridgecache  # Lightroom, Capture One, Adobe
    | ipod\ photo\ cache  # iTunes
    """,
    re.VERBOSE,
)
_LIBRARIES = (
    *(".photoslibrary", ".photolibrary", ".migratedphotolibrary"),
    *(".aplibrary", ".migratedaplibrary", ".cocatalog"),
)
_ORIGINALS = ("originals", "masters")
"""The only folders of such a library that hold a person's photos; the others hold smaller versions."""
_IPHOTO, _OF_IPHOTO = "iphoto library", ("thumbnails", "previews", "data", "data.noindex")
"""Before it had a suffix, and its folders of smaller versions."""
_SESSION = ".cosessiondb"
_BIN_OF_SESSION = "trash"


def bin_or_cache(name: str, parent: str, beside: Sequence[str]) -> str | None:
    """What to call a folder that is a recycle bin or a program's cache, by its name in any case; else None.

    Args:
        name: of the folder.
        parent: the name of the folder that it is in.
        beside: the names of everything there.
    """
    plain = plain_name(name)
    if _BIN_OR_CACHE.fullmatch(plain):
        return name
    if parent.lower().endswith(_LIBRARIES):
        return None if plain in _ORIGINALS else f"{parent}/{name}"
    if parent.lower() == _IPHOTO and plain in _OF_IPHOTO:
        return f"{parent}/{name}"
    # Capture One keeps the bin of a session in the session.
    if plain == _BIN_OF_SESSION and any(other.lower().endswith(_SESSION) for other in beside):
        return f"{parent}/{name}"
    return None
