"""Why people preferred a photo: the reasons that their votes name, by pair of photos."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phototriage.labels.votes import VoteTable

__all__ = ["PairReasons", "pair_reasons"]


@dataclass(frozen=True)
class PairReasons:
    """The reasons that people gave for their choice between two photos, whichever photo they chose.

    Fields:
        names: r reasons.
        shares: (series, photo, photo), the photos sorted → (r,) in [0, 1], the share of the votes that name
            each reason.
    """

    names: tuple[str, ...]
    shares: Mapping[tuple[str, str, str], NDArray[np.float64]]

    def of(self, pairs: Iterable[tuple[str, str, str]]) -> NDArray[np.float64]:
        """(n, r) the shares for n pairs (series, photo, photo); 0 where no reasons are known."""
        unknown = np.zeros(len(self.names))
        rows = [self.shares.get((series, min(a, b), max(a, b)), unknown) for series, a, b in pairs]
        return np.array(rows).reshape(-1, len(self.names))


def pair_reasons(votes: VoteTable, photo_of: Mapping[tuple[str, int], str]) -> PairReasons | None:
    """The reasons of the votes whose photos are known; None if the votes name no reasons.

    Args:
        photo_of: (series, id in the votes) → photo, see `labels.alignment`.
    """
    if votes.reasons is None:
        return None
    counts: dict[tuple[str, str, str], NDArray[np.float64]] = {}
    columns = (votes.rows[name] for name in ("series", "first", "second", "left", "right"))
    for series, first, second, left, right, named in zip(*columns, votes.reasons.to_numpy(), strict=True):
        a, b = photo_of.get((series, first)), photo_of.get((series, second))
        if a is not None and b is not None:
            pair = (series, min(a, b), max(a, b))
            counts[pair] = counts.get(pair, 0) + np.array([left + right, *named], float)
    names = tuple(map(str, votes.reasons.columns))
    return PairReasons(names, {pair: row[1:] / row[0] for pair, row in counts.items() if row[0]})
