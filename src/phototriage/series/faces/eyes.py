"""Whether a person's eyes are closed, judged against the same person's most open eyes in the series.

Glasses, a squint into the sun, and eyes that look down raise the number for closed eyes in every photo;
beside the person's own most open photo they cancel.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from phototriage.series.faces.tracks import Track

__all__ = ["JUDGED_FROM", "Eyes", "closedness", "eyes_of", "visibility"]

Eyes = Literal["open", "closed", "unclear"]
"""unclear: the face is too small to tell, or the person's eyes are open in no photo."""

OPEN = 0.15
"""`blink` of eyes that are simply open; nobody is measured against more open ones."""
CLOSED = 0.40
"""`blink` of closed eyes of such a person: 90 to 96 % of closed eyes have more, 0.6 % of open ones at
225 pixels of face height and 2.2 % at 64. It rises with the person's own most open eyes."""
_RISE = CLOSED - OPEN
_WIDTH = 0.20
"""Of the range around the threshold within which eyes are neither. Its lower end is above what `blink` varies
by in repeats at 48 pixels (0.16 in 95 % of them), below which faces hardly count."""

IGNORED_BELOW, JUDGED_FROM = 40.0, 64.0
"""Pixels of face height: smaller faces have no say, larger ones a full one."""


def visibility(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the eyes of faces of these heights can be judged, in [0, 1]."""
    return np.asarray(((pixels - IGNORED_BELOW) / (JUDGED_FROM - IGNORED_BELOW)).clip(0, 1))


def closedness(track: Track) -> NDArray[np.float64]:
    """(photos,) how sure one person's eyes are closed, in [0, 1]; NaN where it is not known.

    What is known of a small face counts for less, so its eyes are never surely closed.
    """
    blink, seen = _of(track)
    return np.where(
        seen > 0, seen * ((blink - _reference(blink, seen) - _RISE) / _WIDTH + 0.5).clip(0, 1), np.nan
    )


def eyes_of(track: Track) -> tuple[Eyes, ...]:
    """What one person's eyes are in each photo; "unclear" where the face was not found, too."""
    blink, seen = _of(track)
    closed = closedness(track)
    # Who is not seen with open eyes in any photo may look down, or wear glasses, or sleep.
    opens = _reference(blink, seen) < CLOSED
    is_open = (seen >= 0.5) & (closed < 0.5 * seen) & opens
    found: list[Eyes] = np.select([closed >= 0.5, is_open], ["closed", "open"], "unclear").tolist()
    return tuple(found)


def _of(track: Track) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(photos,) each: `blink`, and how far it can be judged, 0 where there is no face."""
    blink = np.array([face.blink if face else np.nan for face in track])
    return blink, visibility(np.array([face.pixels if face else 0.0 for face in track]))


def _reference(blink: NDArray[np.float64], seen: NDArray[np.float64]) -> float:
    """`blink` of the person's most open eyes; the usual one for who is seen once only."""
    judged = blink[seen > 0]
    return OPEN if len(judged) < 2 else max(OPEN, float(judged.min()))
