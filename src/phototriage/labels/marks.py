"""What the marks in XMP and EXIF say of a photo: a flag, stars and a label."""

from collections.abc import Mapping
from math import isfinite

from phototriage.choices import Flag
from phototriage.xmp.signs import KIND_OF_SIGN, is_reject, percent_stars, says_something

__all__ = ["flag_stars_label", "label_name"]

_PICK = {"xmpDM:pick": 1.0, "digiKam:PickLabel": 3.0}
_MOST_STARS = 5
_DIGIKAM = ("", "red", "orange", "yellow", "green", "blue", "magenta", "gray", "black", "white")
_DARKTABLE = ("red", "yellow", "green", "blue", "purple")


def flag_stars_label(marks: Mapping[str, str]) -> tuple[Flag, int | None, str]:
    """What marks say together.

    A rating of −1 is a reject, whoever writes it. Of several ratings or labels, the first in `KIND_OF_SIGN`
    that says something counts.

    Args:
        marks: property → value, of `XMP_SIGNS` and `EXIF_SIGNS`.

    Returns:
        As in a `SourcedDecision`. The numbers by which digiKam and darktable name colors become words.
    """
    flag: Flag = ""
    if is_reject(marks):
        flag = "reject"
    elif any(_number(marks.get(name, "")) == value for name, value in _PICK.items()) or says_something(
        "photomechanic:Tagged", marks.get("photomechanic:Tagged", "")
    ):
        flag = "pick"
    stars = [_stars(name, marks[name]) for name in _of_kind("rating") if name in marks]
    labels = [_label(name, marks[name]) for name in _of_kind("label") if name in marks]
    return flag, next(filter(None, stars), None), next(filter(None, labels), "")


def label_name(text: str) -> str:
    """One spelling of a label."""
    name = " ".join(text.split()).lower()
    return "" if name in ("none", "0") else name


def _of_kind(kind: str) -> list[str]:
    return [name for name, its_kind in KIND_OF_SIGN.items() if its_kind == kind]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _stars(name: str, value: str) -> int | None:
    number = _number(value)
    if number is None or not number > 0:
        return None
    stars = percent_stars(name, number) or round(number)
    return stars if 1 <= stars <= _MOST_STARS else None


def _label(name: str, value: str) -> str:
    if name == "digiKam:ColorLabel":
        number = _number(value)
        return _DIGIKAM[int(number)] if number is not None and 0 <= number < len(_DIGIKAM) else ""
    if name == "darktable:colorlabels":
        numbers = [int(digit) for digit in value if digit.isdecimal()]
        return " ".join(sorted(_DARKTABLE[each] for each in numbers if each < len(_DARKTABLE)))
    if name == "photomechanic:ColorClass":
        return f"class {value}" if value.isdecimal() and says_something(name, value) else ""
    return label_name(value)
