"""Why one photo is placed before another, in a photographer's words."""

from dataclasses import dataclass

__all__ = ["MEGAPIXELS", "Reason"]

MEGAPIXELS = "megapixels"
"""The feature of the words "smaller" and "larger": the pixels of the file, in millions."""

_FLAWS = {"noisier": "noise", "motion blur": "motion blur", "compression marks": "compression marks"}
_LACK_OF_FLAWS = ("less noise", "less motion blur", "fewer compression marks")


@dataclass(frozen=True)
class Reason:
    """One difference between a photo and the one it is compared with.

    words: said of the photo it stands with, as in "sharper" or "highlights clipped".
    feature: the number it rests on, as in `sharpness`; `look` for the learned features as a whole;
    `megapixels` for the size of the file, which decides by itself, whatever the ranker says.
    value, other: that number of the photo and of the one it is compared with; None for `look`.
    log_odds: how far the difference moved the ranker's verdict, positive where it speaks for the photo; None
    where the photo shows it, but the ranker did not see it or was not moved by it, and for `megapixels`.
    """

    words: str
    feature: str
    value: float | None
    other: float | None
    log_odds: float | None

    @property
    def only_shown(self) -> bool:
        """Whether it had no part in the place of the photo."""
        return self.log_odds is None and self.feature != MEGAPIXELS

    @property
    def wrong_way(self) -> bool:
        """Whether a flaw spoke for the photo, or the lack of one against it: the ranker mistook it."""
        if self.log_odds is None:
            return False
        return self.words in (_FLAWS if self.log_odds > 0 else _LACK_OF_FLAWS)

    @property
    def scored(self) -> str:
        """Its words, such that none can take for praise what the ranker got the wrong way round."""
        if not self.wrong_way:
            return self.words
        if self.words in _FLAWS:
            return f"scored up for {_FLAWS[self.words]}"
        return f"scored down for {self.words}"
