"""What one photo shows and another does not, as far as their measured numbers can tell.

Each difference is in units of the smallest one that is told, which at most one pair in twenty of
near-identical takes reaches without that fault. `benchmarks/reasons.py` prints how often each is told where
it is true and where it is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIFFERENCES", "Difference", "Numbers", "differences"]

Numbers = Mapping[str, NDArray[np.float64]]
"""Numbers of n photos, float64 (n,), by the names of the `iqa` and `iqa_plus` columns."""


@dataclass(frozen=True)
class Difference:
    """A difference in words.

    more, less: said of the photo that has more of it, or less. feature: the column it rests on first.
    """

    more: str
    less: str
    feature: str


DIFFERENCES = {
    "sharpness": Difference("sharper", "softer", "sharpest_half"),
    "motion": Difference("motion blur", "less motion blur", "motion"),
    "noise": Difference("noisier", "less noise", "noise"),
    "light": Difference("brighter", "darker", "brightness"),
    "highlights": Difference("highlights clipped", "highlights kept", "clipped_highlights"),
    "shadows": Difference("shadows blocked", "shadows open", "clipped_shadows"),
    "cast": Difference("warmer", "cooler", "warmth"),
    "colour": Difference("more colour", "less colour", "red_green"),
    "contrast": Difference("more contrast", "less contrast", "contrast"),
    "compression": Difference("compression marks", "fewer compression marks", "blockiness"),
}


def differences(of: Numbers, against: Numbers) -> dict[str, NDArray[np.float64]]:
    """How much more photos have of what DIFFERENCES names than the photos they are compared with.

    Returns: float64 (n,) by the names in DIFFERENCES; 1 and above is `more`, −1 and below `less`, and in
    between is not told. Without the `iqa_plus` numbers only contrast can be told, without `iqa` all but
    contrast.
    """
    told: dict[str, NDArray[np.float64]] = {}
    if "brightness" in of:
        told |= _by_detail(of, against)
    if "contrast" in of:
        contrast = _log_change("contrast", 0.02, of, against) / 0.08
        # Noise adds to the spread of levels, and is no contrast.
        told["contrast"] = _beside(told["noise"], 1, contrast) if "noise" in told else contrast
    return told


def _by_detail(of: Numbers, against: Numbers) -> dict[str, NDArray[np.float64]]:
    change = {name: of[name] - against[name] for name in of}
    compression, lighter = change["blockiness"] / 0.12, change["brightness"]
    # Light and contrast scale noise and detail alike, and squared detail twice as much in its logarithm;
    # what is left of noise is the grain. Blur takes it away too, so the noise itself must agree.
    grain = change["noise"] - 0.5 * change["sharpest_half"]
    noise = _agreeing(grain / 0.4, change["noise"] / 0.05)
    # Each is faintly moved by much else, and strongly by nothing but itself.
    noise, compression = (each * np.maximum(1, np.abs(each)) for each in (noise, compression))
    # Grain looks like a lack of smoothness, light like detail.
    crispness = -(change["smoothness_half"] + 0.04 * grain)
    detail = change["sharpest_half"] - 1.75 * lighter
    sharpness = _agreeing(crispness / 0.015, detail / 0.15)
    # Compression takes noise away and adds edges; noise hides its blocks, and passes for detail, as detail
    # does for noise. What stands out more is told, and not what it explains.
    compression, noise, sharpness = (
        _beside(noise, -1, compression),
        _beside(compression, -1, _beside(sharpness, 1, noise)),
        _beside(compression, 1, _beside(noise, 1, sharpness)),
    )
    motion = np.where((np.abs(sharpness) >= 1) & (sharpness * change["motion"] < 0), change["motion"], 0)
    # So much of a change in light goes into the differences between the channels.
    colour = _log_change("red_green", 1.0, of, against) - 0.87 * lighter
    # A mean colour nearer to grey is no cast where all colours are.
    cast = change["warmth"] - (of["warmth"] + against["warmth"]) * np.tanh(colour / 2)
    cast = _agreeing(change["warmth"], cast) / 0.05
    return {
        "sharpness": sharpness,
        "motion": motion / 0.065,
        "noise": noise,
        "light": lighter / 0.1,
        # A sky just below white comes and goes with less than a change of light.
        "highlights": _agreeing(_share_change("clipped_highlights", of, against) / 0.015, lighter / 0.03),
        "shadows": _agreeing(_share_change("clipped_shadows", of, against) / 0.01, -lighter / 0.03),
        "cast": cast,
        "colour": _beside(noise, 1, _beside(np.abs(cast), 1, _beside(-np.abs(cast), 1, colour / 0.1))),
        "compression": compression,
    }


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
