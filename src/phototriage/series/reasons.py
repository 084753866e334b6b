"""Why one photo is placed before another, in a photographer's words."""

from dataclasses import dataclass

__all__ = ["Reason"]


@dataclass(frozen=True)
class Reason:
    """One difference between a photo and the one it is compared with.

    words: said of the photo it stands with, as in "sharper" or "highlights clipped".
    feature: the number it rests on, as in `sharpness`; `look` for the learned features as a whole.
    value, other: that number of the photo and of the one it is compared with; None for `look`.
    log_odds: how far the difference moved the ranker's verdict, positive where it speaks for the photo; None
    where the photo shows it, but the ranker did not see it or was not moved by it.
    """

    words: str
    feature: str
    value: float | None
    other: float | None
    log_odds: float | None
