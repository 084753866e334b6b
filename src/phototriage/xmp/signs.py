"""The properties by which a person marks a photo."""

from bisect import bisect
from collections.abc import Mapping

__all__ = [
    "EXIF_SIGNS",
    "KIND_OF_SIGN",
    "XMP_SIGNS",
    "is_reject",
    "percent_stars",
    "said",
    "says_something",
]

EXIF_SIGNS = {0x4746: "EXIF:Rating", 0x4749: "EXIF:RatingPercent"}
"""EXIF tag → our name for it."""

KIND_OF_SIGN = {
    "xmp:Rating": "rating",
    "xmpDM:pick": "flag",
    "digiKam:PickLabel": "flag",
    "xmp:Label": "label",
    "digiKam:ColorLabel": "label",
    "darktable:colorlabels": "label",
    "MicrosoftPhoto:Rating": "rating",
    "acdsee:rating": "rating",
    "photomechanic:Tagged": "flag",
    "photomechanic:ColorClass": "label",
    **dict.fromkeys(EXIF_SIGNS.values(), "rating"),
}
"""Property → its meaning. We write the first four."""

XMP_SIGNS = tuple(name for name in KIND_OF_SIGN if name not in EXIF_SIGNS.values())
"""Those that a packet can hold."""

_PERCENT = ("MicrosoftPhoto:Rating", "EXIF:RatingPercent")
_STARS_ABOVE = (13, 38, 63, 88)  # halfway between 1, 25, 50, 75 and 99, which Windows writes for 1 to 5 stars
_NOTHING = ("", "none", "false", "no")


def says_something(name: str, value: str) -> bool:
    """Whether a property with this value marks a photo.

    Unrated, unflagged and unlabeled photos have 0, no, or nothing. But darktable lists labels by their
    numbers, and red is 0.
    """
    if name == "darktable:colorlabels":
        return bool(value.strip())
    try:
        return float(value) != 0
    except ValueError:
        return value.strip().lower() not in _NOTHING


def is_reject(own: Mapping[str, str]) -> bool:
    """Whether one of the marks says that a person rejected the photo."""
    rejecting = {"digiKam:PickLabel": 1.0, "xmpDM:pick": -1.0}
    for name, value in own.items():
        try:
            if float(value) == rejecting.get(name, -1.0 if KIND_OF_SIGN[name] == "rating" else None):
                return True
        except ValueError:
            continue
    return False


def percent_stars(name: str, value: float) -> int | None:
    """The stars, 1 to 5, of a rating in percent above 0; None for properties that hold stars."""
    return bisect(_STARS_ABOVE, value) + 1 if name in _PERCENT else None


def said(name: str, value: str) -> str:
    """A mark in words; percent become stars as well."""
    try:
        stars = percent_stars(name, float(value))
    except ValueError:
        stars = None
    return f"{name} {value} % ({stars} stars)" if stars else f"{name} {value}"
