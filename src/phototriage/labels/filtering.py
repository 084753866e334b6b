"""Filters the comparisons that are clear enough to train on."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phototriage.clear_pairs import MIN_AGREEMENT, MIN_REVIEWERS
from phototriage.errors import LabelError
from phototriage.labels.comparisons import Comparisons

__all__ = [
    "clear_comparisons",
    "clear_majority",
    "clear_preference",
    "filter_comparisons",
]

# Rounding errors must not make 55 of 100 votes fail 0.55, or 1 − 0.34 fail 0.66.
_ROUNDING = 1e-9


def filter_comparisons(
    comparisons: Comparisons, min_agreement: float = MIN_AGREEMENT, min_reviewers: int = MIN_REVIEWERS
) -> Comparisons:
    """The comparisons on which people agreed: for training, never for evaluation.

    Args:
        min_agreement: smallest share of the votes for the majority; without votes, the smallest
            max(p, 1 − p).
        min_reviewers: smallest number of votes; ignored without votes.

    Raises:
        LabelError: nothing is left (the text says which filter to loosen), or min_agreement is outside
            [0, 1].
    """
    kept = comparisons.select(clear_comparisons(comparisons, min_agreement, min_reviewers))
    if len(kept):
        return kept
    if not len(comparisons):
        raise LabelError("there are no comparisons to filter")
    fewer, lower = (
        bool(clear_comparisons(comparisons, *filters).any())
        for filters in ((min_agreement, 0), (0.0, min_reviewers))
    )
    loosen = {
        (True, False): f"min_reviewers (now {min_reviewers})",
        (False, True): f"min_agreement (now {min_agreement:g})",
        (True, True): f"min_agreement (now {min_agreement:g}) or min_reviewers (now {min_reviewers})",
        (False, False): f"both min_agreement (now {min_agreement:g}) and min_reviewers (now {min_reviewers})",
    }[fewer, lower]
    raise LabelError(
        f"none of the {len(comparisons)} comparisons is clear enough to train on: lower {loosen}"
    )


def clear_comparisons(
    comparisons: Comparisons, min_agreement: float, min_reviewers: int
) -> "pd.Series[bool]":
    """(n,) bool: the comparisons that ``filter_comparisons`` keeps."""
    table = comparisons.table
    by_votes = clear_majority(table["votes_a"], table["votes_b"], min_agreement, min_reviewers)
    preference = table["preference"]
    by_preference = clear_preference(preference.to_numpy(), min_agreement)
    return pd.Series(
        np.where(comparisons.votes > 0, by_votes, by_preference), index=table.index, dtype="bool"
    )


def clear_preference(preference: NDArray[np.float64], at_least: float) -> NDArray[np.bool_]:
    """(n,) bool: max(p, 1 − p) is at least min_agreement."""
    return np.asarray(np.maximum(preference, 1.0 - preference) >= at_least - _ROUNDING, dtype=bool)


def clear_majority(
    votes_1: "pd.Series[int]", votes_2: "pd.Series[int]", min_agreement: float, min_reviewers: int
) -> NDArray[np.bool_]:
    """(n,) bool: at least min_reviewers (and at least one) voted, and min_agreement of them agree.

    Raises:
        LabelError: min_agreement is outside [0, 1].
    """
    if not 0.0 <= min_agreement <= 1.0:
        raise LabelError(f"min_agreement is a share between 0 and 1, not {min_agreement:g}")
    one, other = votes_1.to_numpy(), votes_2.to_numpy()
    total = one + other
    clear = np.maximum(one, other) >= (min_agreement - _ROUNDING) * total
    return np.asarray(clear & (total >= max(min_reviewers, 1)), dtype=bool)
