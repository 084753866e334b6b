"""The folders of a library that hold what was thrown away, or what a program keeps for itself."""

import os
import re
import unicodedata

__all__ = ["CACHE_MARK", "is_bin_or_cache"]

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
    | .+\.lrdata | captureone | \.?bridgecache | ipod\ photo\ cache  # Lightroom, Capture One, Adobe, iTunes
    """,
    re.VERBOSE,
)
_LIBRARIES = (
    *(".photoslibrary", ".photolibrary", ".migratedphotolibrary"),
    *(".aplibrary", ".migratedaplibrary", ".cocatalog"),
)
_ORIGINALS = ("originals", "masters")
"""The only folders of such a library that hold a person's photos; the others hold smaller versions."""
_SESSION = ".cosessiondb"
_BIN_OF_SESSION = "trash"


def is_bin_or_cache(name: str, parent: str, beside: list[str]) -> bool:
    """Whether a folder is a recycle bin or a program's cache, by its name in any case.

    Args:
        name: of the folder.
        parent: the name of the folder that it is in.
        beside: the names of everything there.
    """
    name = unicodedata.normalize("NFC", name).casefold()
    if _BIN_OR_CACHE.fullmatch(name):
        return True
    if parent.lower().endswith(_LIBRARIES):
        return name not in _ORIGINALS
    # Capture One keeps the bin of a session in the session.
    return name == _BIN_OF_SESSION and any(os.path.splitext(other)[1].lower() == _SESSION for other in beside)  # noqa: PTH122
