"""What one photo's faces show and another's do not, in words."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from phototriage.series.differences import Difference, Numbers

__all__ = ["SOFTER", "face_differences"]

_SHUT = 0.5
"""Of `eyes_shut`, which one person who blinks raises by at least so much."""
SOFTER = 0.6
"""Doublings of the detail in a face by which one is softer than another."""
_SMILE = 0.35
_SMILES = 0.5
"""A number from which a face smiles."""

_COUNTS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def face_differences(of: Numbers, against: Numbers, told: Mapping[str, Difference]) -> dict[str, Difference]:
    """As `differences`, of faces; nothing where one of the photos shows none.

    told: the other differences of the same photos. A whole photo that is softer or sharper says it of its
    faces, too, and noise and marks of compression pass for detail in them.
    """
    return {
        "eyes": _eyes(of, against),
        "face focus": _focus(_change("face_softness", of, against) / SOFTER, told),
        "smile": _smile(of, against),
    }


def _change(name: str, of: Numbers, against: Numbers) -> NDArray[np.float64]:
    return np.asarray(np.nan_to_num(of[name] - against[name]))


def _eyes(of: Numbers, against: Numbers) -> Difference:
    strength = _change("eyes_shut", of, against) / _SHUT
    # Who is not seen is no reason: the eyes that are must differ.
    agrees = strength * _change("blinks", of, against) > 0
    words = [
        _eyes_words(*each) for each in zip(of["people"], of["judged"], of["blinks"], strength, strict=True)
    ]
    return Difference(
        np.where(agrees, strength, 0), np.array(words, np.str_), np.full(len(strength), "blinks")
    )


def _eyes_words(people: float, judged: float, blinks: float, strength: float) -> str:
    if strength < 0:
        if blinks or judged < people:
            return "fewer blink"
        return "eyes open" if people == 1 else "all eyes open"
    if people == 1:
        return "eyes closed"
    if blinks == people:
        return "all eyes closed"
    return f"{_count(blinks)} of {_count(people)} {'blinks' if blinks == 1 else 'blink'}"


def _count(number: float) -> str:
    if np.isnan(number):
        return ""
    return _COUNTS[int(number)] if number < len(_COUNTS) else f"{number:.0f}"


def _focus(strength: NDArray[np.float64], told: Mapping[str, Difference]) -> Difference:
    for name in ("sharpness", "noise", "compression"):
        if name in told:
            other = told[name].strength
            strength = np.where((np.abs(other) >= 1) & (other * strength > 0), 0, strength)
    words = np.where(strength > 0, "face sharper", "face softer")
    return Difference(strength, words, np.full(len(strength), "face_softness"))


def _smile(of: Numbers, against: Numbers) -> Difference:
    strength = _change("smile", of, against) / _SMILE
    smiling = np.where(strength > 0, of["smile"], against["smile"]) >= _SMILES
    alone = of["people"] == 1
    words = np.select(
        [alone & (strength > 0), alone, strength > 0],
        ["smiles", "smiles less", "more smiles"],
        "fewer smiles",
    )
    return Difference(np.where(smiling, strength, 0), words, np.full(len(strength), "smile"))
