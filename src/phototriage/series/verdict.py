"""What each photo is taken for beside the others of its series."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["MANY", "Verdict", "alternatives", "verdicts"]

MANY = 6
"""A series of at least so many photos has up to two alternatives, a smaller one has one at most."""

Verdict = Literal["pick", "close", "rest", "kept"]
"""close: too close to call beside the last pick. rest: clearly beaten, or too small to be chosen.
kept: there was nothing to choose.
"""


def verdicts(
    selectable: NDArray[np.bool_],
    picked: NDArray[np.bool_],
    worse: NDArray[np.bool_],
    close: NDArray[np.bool_],
) -> list[Verdict]:
    """The rule, for n photos.

    Args:
        selectable: (n,) whether its series is one to choose from.
        picked: (n,) whether it stands among the first of its series, as many as are kept.
        worse: (n,) whether it is too small to be chosen, or shows a plain fault beside the last pick.
        close: (n,) whether P(last pick of its series over it) is below the ranker's `close_below`.
    """
    rules: list[tuple[NDArray[np.bool_], Verdict]] = [
        (~selectable, "kept"),
        (picked, "pick"),
        (worse, "rest"),
        (close, "close"),
    ]
    conditions, names = zip(*rules, strict=True)
    found: list[Verdict] = np.select(conditions, names, "rest").tolist()
    return found


def alternatives(
    close: NDArray[np.bool_], begins: NDArray[np.intp], sizes: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """(n,) whether a photo is one of the best that are too close to call, of n photos in order.

    However many are close, a person who looks at the pick and these has seen the best of the series.

    Args:
        close: (n,) whether it is too close to call.
        begins: (n,) row of the first photo of its series.
        sizes: (n,) how many photos its series has.
    """
    before: NDArray[np.intp] = np.cumsum(close) - close
    return np.asarray(close & (before - before[begins] < np.where(sizes >= MANY, 2, 1)))
