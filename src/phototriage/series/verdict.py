"""What a photo is taken for beside the others of its series."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLOSE", "Verdict", "verdicts"]

CLOSE = 0.6
"""A photo is too close to call where P(last pick over it) is less, noise and the like not counted.

What noise, motion blur or compression marks of the pick added to its lead, as far as the photos show it, is
taken off the lead first: rankers take noise for sharpness, and the cleaner photo is then not clearly beaten.

On PhotoTriage the embedded ranker's order is that of the released preferences in 57 % of the pairs below, and
in 71 % of those above, as often as a single rater's (70 %): `benchmarks/close_calls.py`.
"""

Verdict = Literal["pick", "close", "rest", "kept"]
"""close: too close to call beside the last pick (`CLOSE`). rest: clearly beaten, or too small to be chosen.
kept: there was nothing to choose.
"""


def verdicts(
    selectable: NDArray[np.bool_],
    picked: NDArray[np.bool_],
    small: NDArray[np.bool_],
    p_behind: NDArray[np.float64],
) -> list[Verdict]:
    """The rule, for n photos.

    Args:
        selectable: (n,) whether its series is one to choose from.
        picked: (n,) whether it stands among the first of its series, as many as are kept.
        small: (n,) whether it is too small to be chosen.
        p_behind: (n,) P(last pick of its series over it), as `CLOSE` counts it.
    """
    rules: list[tuple[NDArray[np.bool_], Verdict]] = [
        (~selectable, "kept"),
        (picked, "pick"),
        (small, "rest"),
        (p_behind < CLOSE, "close"),
    ]
    conditions, names = zip(*rules, strict=True)
    found: list[Verdict] = np.select(conditions, names, "rest").tolist()
    return found
