"""What the scores of a training are pulled towards: preferences as the config treats them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phototriage.labels import bradley_terry
from phototriage.ranker.config import LabelTreatment
from phototriage.ranker.dataset import MultiFeaturePairwiseDataset

__all__ = ["PairTargets", "SeriesTargets", "pair_targets", "series_targets"]

# Pseudo-wins: a photo that always won gets a share near 1 and a strength that is still a number.
_RIDGE = 1e-3
_EQUAL_SHARES = 1e-6


@dataclass(frozen=True)
class PairTargets:
    """preference: float32 (n,), P(a over b). weight: float32 (n,), of each pair, 1 on average."""

    preference: NDArray[np.float32]
    weight: NDArray[np.float32]


@dataclass(frozen=True)
class SeriesTargets:
    """A row per series, as wide as the longest one.

    rows: (s, m) rows of the matrix; 0 where `present` is false. shares: float32 (s, m), P(best of the
    series), 0 where no photo is. present: bool (s, m). weight: float32 (s,), 1 on average.
    """

    rows: NDArray[np.intp]
    shares: NDArray[np.float32]
    present: NDArray[np.bool_]
    weight: NDArray[np.float32]


def pair_targets(pairs: MultiFeaturePairwiseDataset, labels: LabelTreatment) -> PairTargets:
    """Preferences and weights of pairs.

    hard: 1, ½ or 0 by who won. soft: the preference. votes: the preference, weighted by the number of votes;
    pairs whose votes are unknown weigh as much as the average of the others.
    """
    preference = pairs.preference
    if labels == "hard":
        preference = np.asarray((1 + np.sign(preference - 0.5)) / 2, np.float32)
    return PairTargets(preference, _weights(pairs.votes, labels))


def series_targets(pairs: MultiFeaturePairwiseDataset, labels: LabelTreatment) -> SeriesTargets:
    """How often each photo is the best of its series: softmax of the Bradley-Terry strengths that fit the
    series' preferences, which for two photos is the preference.

    Strengths, and not the share of wins, since where some pairs are missing the latter also counts whom a
    photo happened to meet. hard: all to the strongest photo, shared where several are. votes: as soft, and a
    series weighs as many votes as its pairs have together.
    """
    items, places = np.unique(
        np.stack([np.tile(pairs.series, 2), np.concatenate([pairs.row_a, pairs.row_b])]),
        axis=1,
        return_inverse=True,
    )
    sizes = np.bincount(items[0])
    first = np.cumsum(sizes) - sizes
    column = np.arange(items.shape[1]) - first[items[0]]
    a, b = column[places.reshape(2, -1)]
    series, longest = len(sizes), int(sizes.max())
    wins = np.zeros((series, longest, longest))
    # Set, not added: a pair that also stands there swapped says the same thing again.
    wins[pairs.series, a, b] = pairs.preference
    wins[pairs.series, b, a] = 1.0 - pairs.preference
    shares = np.zeros((series, longest), np.float32)
    for size in np.unique(sizes):
        of_size = np.flatnonzero(sizes == size)
        strengths = np.exp(bradley_terry.fit(wins[of_size, :size, :size], ridge=_RIDGE))
        if labels == "hard":
            strengths = strengths >= strengths.max(axis=1, keepdims=True) * (1 - _EQUAL_SHARES)
        shares[of_size, :size] = strengths / strengths.sum(axis=1, keepdims=True)
    rows = np.zeros((series, longest), np.intp)
    rows[items[0], column] = items[1]
    present = np.arange(longest) < sizes[:, None]
    votes = np.bincount(pairs.series, weights=pairs.votes).astype(np.int64)
    return SeriesTargets(rows, shares, present, _weights(votes, labels))


def _weights(votes: NDArray[np.int64], labels: LabelTreatment) -> NDArray[np.float32]:
    if labels != "votes" or not votes.any():
        return np.ones(len(votes), np.float32)
    known = votes[votes > 0].mean()
    return np.where(votes > 0, votes / known, 1.0).astype(np.float32)
