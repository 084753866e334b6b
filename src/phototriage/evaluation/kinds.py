"""Kinds of pairs for which accuracy is reported."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import LabelError
from phototriage.labels import clear_preference

__all__ = [
    "CLEAR",
    "STRONG",
    "preference_kinds",
    "reason_kinds",
    "series_size_kinds",
    "threshold_kinds",
    "threshold_name",
]

CLEAR = 0.7
"""Published figures use the pairs with max(p, 1 − p) of at least this."""

STRONG = 0.9
"""Pairs with max(p, 1 − p) of at least this are strong preferences; weak ones are those below CLEAR."""

NAMED = 1 / 3
"""A pair counts for a reason if at least this share of its votes name it."""

Masks = dict[str, NDArray[np.bool_]]

_PREFERENCES = (0.5, 0.6, 0.7, 0.8, 0.9)
_SIZES = ((2, 2), (3, 3), (4, 4), (5, 8), (9, None))


def threshold_name(threshold: float) -> str:
    """The name of the figure for pairs with max(p, 1 − p) of at least `threshold`."""
    return "accuracy_clear" if threshold == CLEAR else f"accuracy_{threshold:g}"


def threshold_kinds(preference: NDArray[np.float64], thresholds: Sequence[float]) -> Masks:
    """Name of the figure → mask of the pairs with that strength of preference; none contains p = ½.

    accuracy: all. accuracy_clear: max(p, 1 − p) ≥ CLEAR. accuracy_strong: ≥ STRONG. accuracy_weak: below
    CLEAR. In addition, one kind for each of `thresholds`.

    Args:
        preference: (n,) P(a over b).

    Raises LabelError for a threshold outside [0.5, 1].
    """
    for threshold in thresholds:
        if not 0.5 <= threshold <= 1:
            raise LabelError(f"a threshold is a share of people between 0.5 and 1, not {threshold:g}")
    won = preference != 0.5
    kinds = {
        "accuracy": won,
        "accuracy_clear": clear_preference(preference, CLEAR),
        "accuracy_strong": clear_preference(preference, STRONG),
        "accuracy_weak": won & ~clear_preference(preference, CLEAR),
    }
    return kinds | {
        threshold_name(threshold): won & clear_preference(preference, threshold) for threshold in thresholds
    }


def preference_kinds(preference: NDArray[np.float64]) -> Masks:
    """Pairs by max(p, 1 − p) in steps of a tenth, the last up to 1; pairs with p = ½ are in none."""
    kinds = {}
    for low in _PREFERENCES:
        high = round(low + 0.1, 1)
        inside = (preference != 0.5) & clear_preference(preference, low)
        if high < 1:
            inside &= ~clear_preference(preference, high)
        kinds[f"{low:g}–{high:g}"] = inside
    return kinds


def reason_kinds(preference: NDArray[np.float64], names: Sequence[str], shares: NDArray[np.float64]) -> Masks:
    """Pairs with a winner by the reasons that at least a third of their votes name; a pair may have several.

    Args:
        names: r reasons.
        shares: (n, r) the share of the votes that name each.
    """
    return {
        name: (preference != 0.5) & (share >= NAMED - 1e-9)
        for name, share in zip(names, shares.T, strict=True)
    }


def series_size_kinds(preference: NDArray[np.float64], photos: NDArray[np.integer]) -> Masks:
    """Pairs with a winner, by the number of photos in their series, `photos` (n,)."""
    return {
        (f"{low}" if low == high else f"{low}–{high}" if high else f"{low} or more"): (preference != 0.5)
        & (photos >= low)
        & (photos <= (high or np.inf))
        for low, high in _SIZES
    }
