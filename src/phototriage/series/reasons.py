"""Why one photo is placed before another, in a photographer's words."""

from dataclasses import dataclass
from functools import cache

__all__ = ["BLINKS", "BLUR", "LOOK", "MEGAPIXELS", "Reason", "polarity"]

LOOK = "look"
"""The feature of what moved the verdict and shows in no number that has a name."""
MEGAPIXELS = "megapixels"
"""The feature of the words "smaller" and "larger": the pixels of the file, in millions."""
BLINKS = "blinks"
"""The feature of the words about eyes: how many main people of the photo have closed ones."""

BLUR = frozenset({"softer", "out of focus", "motion blur"})
"""The words for a photo that is blurred beside another."""
_FAULTS = BLUR | {"noisier", "highlights blown", "shadows blocked", "too dark", "too bright", "worse exposed"}
_FAULTS |= {"compression marks", "smaller", "face softer"}
_MERITS = frozenset({"sharper", "less noise", "highlights kept", "shadows open", "better exposed"})
_MERITS |= {"fewer compression marks", "larger", "face sharper"}
_OPEN = frozenset({"eyes open", "all eyes open", "fewer blink"})
_MERITS |= _OPEN


@cache
def polarity(words: str, feature: str) -> int:
    """−1: these words about this feature name a fault in any photo; 1: a merit; 0: a matter of taste."""
    if words in _FAULTS or (feature == BLINKS and words not in _OPEN):
        return -1
    return int(words in _MERITS)


@dataclass(frozen=True, slots=True)
class Reason:
    """One difference between a photo and those it is compared with.

    words: said of the photo it stands with, as in "out of focus" or "highlights blown".
    feature: the number it rests on, as in `smoothness_half`; `look` for what moved the verdict and has no
    name; `megapixels` for the size of the file, which decides by itself, whatever the ranker says.
    value, other: that number of the photo and of what it is compared with; None for `look`, and where a size
    is not known.
    log_odds: how far the difference moved the ranker's verdict, positive where it speaks for the photo; None
    where the photo shows it, but the ranker was not moved by it, and for `megapixels`.
    """

    words: str
    feature: str
    value: float | None
    other: float | None
    log_odds: float | None

    @property
    def is_fault(self) -> bool:
        """Whether it is a fault in any photo."""
        return polarity(self.words, self.feature) < 0

    @property
    def is_blur(self) -> bool:
        """Whether the photo is blurred beside the other."""
        return self.words in BLUR

    @property
    def is_plain(self) -> bool:
        """Whether it is a fault or a merit in any photo, and no matter of taste."""
        return polarity(self.words, self.feature) != 0

    @property
    def speaks(self) -> int:
        """1 for the photo, −1 against it, 0 neither: a merit, a fault, else as the ranker took it."""
        if judged := polarity(self.words, self.feature):
            return judged
        return 0 if self.log_odds is None else 1 if self.log_odds > 0 else -1

    @property
    def mistaken(self) -> float:
        """Log-odds, ≥ 0, by which the ranker took a fault for a merit, or a merit for a fault."""
        if not self.log_odds or not self.is_plain:
            return 0.0
        return max(0.0, -self.speaks * self.log_odds)
