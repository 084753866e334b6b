"""What moved a score from one photo to another: the difference, shared out among groups of features."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["attributions"]


def attributions(
    scores: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    groups: Sequence[NDArray[np.intp]],
    of: NDArray[np.float32],
    against: NDArray[np.float32],
) -> NDArray[np.float64]:
    """How far each group of features moved the score of a photo away from that of another.

    The features of one photo are swapped for those of the other, group by group, in the order of `groups` and
    in the opposite order; a group's part is the mean of what its swap did. The parts add up to the difference
    of the scores, change sign when the photos change places, and are Shapley values wherever groups act alone
    or two by two (such pairs of orders: Mitchell, Cooper, Frank and Holmes, JMLR 2022). All orders would take
    2^groups scores for each pair of photos, these two take 2 · groups.

    Args:
        scores: of rows, float32 (n, dim) to float32 (n,).
        groups: columns of each group; together all columns, each once.
        of, against: float32 (n, dim), the photos and those they are compared with.

    Returns:
        float64 (n, len(groups)), in the unit of the scores.
    """
    parts = np.zeros((len(of), len(groups)))
    ends = [scores(each).astype(np.float64) for each in (against, of)]
    for order in (range(len(groups)), range(len(groups))[::-1]):
        mixed, before = against.copy(), ends[0]
        for group in order:
            mixed[:, groups[group]] = of[:, groups[group]]
            after = ends[1] if group == order[-1] else scores(mixed).astype(np.float64)
            parts[:, group] += (after - before) / 2
            before = after
    return parts
