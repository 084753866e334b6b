"""What one photo shows and another does not, as far as their measured numbers can tell.

Each difference is in units of the smallest one that is told. A photo that is only reframed, re-encoded or a
tenth of a stop brighter or darker reaches that in at most three of a hundred takes, all differences together.
`benchmarks/reasons.py` prints how often each is told where it is true and where it is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Difference", "Numbers", "differences"]

Numbers = Mapping[str, NDArray[np.float64]]
"""Numbers of n photos, float64 (n,), by the names of the `iqa` and `iqa_plus` columns, and of the `detail`
columns with `full_` before them; those are NaN for photos that were not measured at full size. Those of faces
(`People`) are NaN for photos that show none."""

_OUT_OF_FOCUS = 4.0
"""Blur of so many times the least that is told is out of focus, less is softer."""
_DARK, _BRIGHT = np.log(85 + 8), np.log(150 + 8)
"""`brightness` of a photo that is too dark or too bright where another of its scene is far from it."""
_FAR = 2.0
_BLUR_BEFORE_NOISE = 2.0
"""Noise must stand out so many times more than sharpness that goes with it, not to be owed to that."""
_MOTION, _MOTION_PER_BLUR = 0.03, 0.002

_FULL_NOISE = 0.8
"""Grey levels of noise. This and the next three were chosen on 16 full-size photos and tried on 16 others."""
_FULL_ACUTANCE = 0.1
_FULL_OUT_OF_FOCUS = 1.1
"""Pixels of blur at 2,400 pixels, from which it is out of focus; less is softer."""
_FULL_MOTION, _FULL_MOTION_PER_BLUR = 2.0, 4.0
"""Pixels of motion, and times the blur in its sharpest direction, from which it is motion blur."""
_FULL_CRISP = 1.4
"""Acutance of a photo that is not blurred: ideal edges have 1.05, and none of 32 photos kept more than 1.34
after a blur of 1.3 pixels or a shake of 5. Among such photos the subject decides who has more of it."""


@dataclass(frozen=True)
class Difference:
    """One difference, of n photos to those they are compared with.

    strength: float64 (n,), 1 and above is told as more of it, −1 and below as less, in between not at all.
    words: (n,) what is said of the photo. feature: (n,) the column that the words rest on first.
    """

    strength: NDArray[np.float64]
    words: NDArray[np.str_]
    feature: NDArray[np.str_]


def differences(of: Numbers, against: Numbers) -> dict[str, Difference]:
    """What photos show and those they are compared with do not, by the names of the differences.

    Without the `iqa_plus` numbers it is told from the four of `iqa` alone, which noise and light sway;
    without any there are none. Whatever is told, its own number is higher where the words say more of it.
    """
    if "brightness" in of:
        told = _by_iqa_plus(of, against)
        return _at_full_size(told, of, against) if "full_acutance" in of else told
    if "contrast" in of:
        return _by_iqa(of, against)
    return {}


def _by_iqa(of: Numbers, against: Numbers) -> dict[str, Difference]:
    return {
        "sharpness": _named(
            _log_change("sharpness", 0.02, of, against) / 0.4, "sharper", "softer", "sharpness"
        ),
        "exposure": _named(
            _log_change("exposure", 0.02, of, against) / 0.06, "better exposed", "worse exposed", "exposure"
        ),
        "colour": _named(
            _log_change("colorfulness", 0.02, of, against) / 0.15,
            "more colour",
            "less colour",
            "colorfulness",
        ),
        "contrast": _contrast(of, against),
    }


def _by_iqa_plus(of: Numbers, against: Numbers) -> dict[str, Difference]:
    change = {name: of[name] - against[name] for name in of}
    compression, lighter = change["blockiness"] / 0.17, change["brightness"]
    contrast = _contrast(of, against).strength if "contrast" in of else np.zeros_like(lighter)
    # Light and contrast scale noise and detail alike, and squared detail twice as much in its logarithm;
    # what is left of noise is the grain. Blur takes it away too, so the noise itself must agree.
    grain = change["noise"] - 0.5 * change["sharpest_half"]
    noise = _agreeing(grain / 0.5, change["noise"] / 0.35)
    # Each is faintly moved by much else, and strongly by nothing but itself.
    noise, compression = (each * np.maximum(1, np.abs(each)) for each in (noise, compression))
    # A sky just below white comes and goes with less than a change of light.
    highlights = _agreeing(_share_change("clipped_highlights", of, against) / 0.015, lighter / 0.05)
    shadows = _agreeing(_share_change("clipped_shadows", of, against) / 0.02, -lighter / 0.05)
    # Grain looks like a lack of smoothness, light like detail.
    crispness = -(change["smoothness_half"] + 0.04 * grain)
    detail = change["sharpest_half"] - 1.75 * lighter
    sharpness = _agreeing(_agreeing(crispness / 0.0155, detail / 0.13), -change["smoothness_half"] / 0.01)
    # Flat and blown photos have less detail, and are not blurred.
    for flatness in (-contrast, highlights, lighter / 0.09):
        sharpness = _beside(flatness, -1, sharpness)
    # Blur takes fine texture away, which the numbers take for noise, even where it is too slight to be told.
    blurs = noise * np.where(np.abs(sharpness) > 0, sharpness, detail) > 0
    texture = np.maximum(_BLUR_BEFORE_NOISE * np.abs(sharpness), 3)
    # Compression takes noise away and adds edges; noise hides its blocks, and passes for detail, as detail
    # does for noise. What stands out more is told, and not what it explains.
    compression, noise, sharpness = (
        _beside(noise, -1, compression),
        _beside(compression, -1, np.where(blurs & (np.abs(noise) < texture), 0, noise)),
        _beside(compression, 1, _beside(noise / _BLUR_BEFORE_NOISE, 1, sharpness)),
    )
    # So much of a change in light goes into the differences between the channels.
    colour = _log_change("red_green", 1.0, of, against) - 0.87 * lighter
    # A mean colour nearer to grey is no cast where all colours are.
    cast = change["warmth"] - (of["warmth"] + against["warmth"]) * np.tanh(colour / 2)
    cast = _agreeing(change["warmth"], cast) / 0.055
    colour = _unless(cast, _beside(noise, 1, colour / 0.15))
    for cause in (highlights, colour, noise):
        cast = _unless(cause, cast)
    told = {
        "sharpness": _sharpness(sharpness, change["motion"]),
        "noise": _named(noise, "noisier", "less noise", "noise"),
        "light": _light(lighter / 0.09, of["brightness"]),
        "highlights": _named(highlights, "highlights blown", "highlights kept", "clipped_highlights"),
        "shadows": _named(shadows, "shadows blocked", "shadows open", "clipped_shadows"),
        "cast": _named(cast, "warmer", "cooler", "warmth"),
        "colour": _named(
            _agreeing(colour, change["red_green"] / 0.5), "more colour", "less colour", "red_green"
        ),
        "compression": _named(compression, "compression marks", "fewer compression marks", "blockiness"),
    }
    if "contrast" in of:
        # Noise adds to the spread of levels, and is no contrast.
        told["contrast"] = _named(_beside(noise, 1, contrast), "more contrast", "less contrast", "contrast")
    return told


def _at_full_size(told: Mapping[str, Difference], of: Numbers, against: Numbers) -> dict[str, Difference]:
    """The differences, with noise and blur as full size shows them, where both photos were measured there."""
    change = {name: of[name] - against[name] for name in of if name.startswith("full_")}
    known = np.isfinite(change["full_acutance"]) & np.isfinite(change["full_noise"])
    change = {name: np.where(known, each, 0.0) for name, each in change.items()}
    crisper = change["full_acutance"] / _FULL_ACUTANCE
    both_crisp = np.minimum(of["full_acutance"], against["full_acutance"]) >= _FULL_CRISP
    crisper = np.where(both_crisp, 0.0, crisper)
    # Light adds contrast to fine texture, and is no sharpness.
    crisper = np.where((crisper > 0) & (np.abs(told["light"].strength) >= 1), 0.0, crisper)
    noise = change["full_noise"] / _FULL_NOISE
    # Blur takes noise away; that is no merit.
    noise = np.where((noise < 0) & (crisper <= -1), 0.0, noise)
    moved = (change["full_motion_length"] >= _FULL_MOTION) & (
        change["full_motion_length"] >= _FULL_MOTION_PER_BLUR * change["full_blur"]
    )
    kinds = [crisper > 0, moved, change["full_blur"] >= _FULL_OUT_OF_FOCUS]
    sharpness = Difference(
        crisper,
        np.select(kinds, ["sharper", "motion blur", "out of focus"], "softer"),
        np.where((crisper < 0) & moved, "full_motion_length", "full_acutance"),
    )
    replaced = {"sharpness": sharpness, "noise": _named(noise, "noisier", "less noise", "full_noise")}
    return {
        name: _where(known, replaced[name], difference) if name in replaced else difference
        for name, difference in told.items()
    }


def _where(chosen: NDArray[np.bool_], one: Difference, other: Difference) -> Difference:
    return Difference(
        np.where(chosen, one.strength, other.strength),
        np.where(chosen, one.words, other.words),
        np.where(chosen, one.feature, other.feature),
    )


def _contrast(of: Numbers, against: Numbers) -> Difference:
    strength = _log_change("contrast", 0.02, of, against) / 0.1
    return _named(strength, "more contrast", "less contrast", "contrast")


def _named(strength: NDArray[np.float64], more: str, less: str, feature: str) -> Difference:
    return Difference(strength, np.where(strength > 0, more, less), np.full(len(strength), feature))


def _sharpness(strength: NDArray[np.float64], motion: NDArray[np.float64]) -> Difference:
    """Blur by its kind: of one direction, or strong or slight in all."""
    moved = (strength < 0) & (motion >= _MOTION - _MOTION_PER_BLUR * strength)
    kinds = [strength > 0, moved, strength <= -_OUT_OF_FOCUS]
    return Difference(
        strength,
        np.select(kinds, ["sharper", "motion blur", "out of focus"], "softer"),
        np.where(moved, "motion", "smoothness_half"),
    )


def _light(strength: NDArray[np.float64], level: NDArray[np.float64]) -> Difference:
    kinds = [
        (strength <= -_FAR) & (level <= _DARK),
        strength < 0,
        (strength >= _FAR) & (level >= _BRIGHT),
    ]
    words = np.select(kinds, ["too dark", "darker", "too bright"], "brighter")
    return Difference(strength, words, np.full(len(strength), "brightness"))


def _log_change(name: str, soft: float, of: Numbers, against: Numbers) -> NDArray[np.float64]:
    return np.asarray(np.log((of[name] + soft) / (against[name] + soft)))


def _share_change(name: str, of: Numbers, against: Numbers) -> NDArray[np.float64]:
    """In shares of the area, of columns that are ln(share + 0.001)."""
    return np.asarray(np.exp(of[name]) - np.exp(against[name]))


def _agreeing(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smaller of two where their signs agree, else 0."""
    return np.where(one * other > 0, np.sign(one) * np.minimum(np.abs(one), np.abs(other)), 0.0)


def _beside(cause: NDArray[np.float64], sign: int, difference: NDArray[np.float64]) -> NDArray[np.float64]:
    """The difference, or 0 where a stronger cause that is told explains it.

    sign: 1 where more of the cause passes for more of it, −1 where it passes for less of it.
    """
    explained = (np.abs(cause) >= np.maximum(1, np.abs(difference))) & (sign * cause * difference > 0)
    return np.where(explained, 0.0, difference)


def _unless(cause: NDArray[np.float64], difference: NDArray[np.float64]) -> NDArray[np.float64]:
    """The difference, or 0 where a stronger cause that is told explains it either way."""
    return _beside(-np.abs(cause), 1, _beside(np.abs(cause), 1, difference))
