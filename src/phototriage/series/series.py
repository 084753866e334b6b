"""Photos that belong together."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from phototriage.series.shot import Shot

__all__ = ["Series", "SeriesKind"]

SeriesKind = Literal["series", "single", "exposure bracket", "focus stack", "panorama"]
"""A `series` is chosen from; of all others every photo is kept."""


@dataclass(frozen=True)
class Series:
    """Shots of one moment, in the order in which they were taken.

    taken: when the first of them was, on the camera's clock; None where no file says.
    """

    name: str
    kind: SeriesKind
    shots: tuple[Shot, ...]
    taken: datetime | None
