"""Losses on the scores of pairs and series, their training targets, and the loss of a whole batch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from phototriage.extras import extra
from phototriage.features import Features
from phototriage.labels import Comparisons, bradley_terry
from phototriage.ranker.config import LabelTreatment, MultiFeatureConfig
from phototriage.ranker.dataset import Batch, MultiFeaturePairwiseDataset
from phototriage.ranker.trained import TrainedRanker

with extra("train"):
    import torch
    import torch.nn.functional as F
    from torch import Tensor

__all__ = [
    "PAIR_LOSSES",
    "BatchLoss",
    "PairTargets",
    "SeriesTargets",
    "batch_loss",
    "bradley_terry_loss",
    "listwise_loss",
    "margin_loss",
    "pair_targets",
    "ranker_loss",
    "series_targets",
]

# Pseudo-wins: a photo that always won gets a share near 1 and a finite strength.
_RIDGE = 1e-3
_EQUAL_SHARES = 1e-6


def margin_loss(score_a: Tensor, score_b: Tensor, preference: Tensor, margin: float = 1.0) -> Tensor:
    """max(0, margin − lead of the preferred photo), per pair.

    Args:
        score_a, score_b: (n,) scores.
        preference: (n,) P(a over b) in [0, 1]; only the side of ½ matters, and pairs at ½ have no loss.
        margin: pairs with at least this lead have no loss.

    Returns: (n,).
    """
    side = (preference - 0.5).sign()
    # A pair at ½ has no winner; with side 0, its loss would be the constant margin.
    return F.margin_ranking_loss(score_a, score_b, side, margin=margin, reduction="none") * side.abs()


def bradley_terry_loss(score_a: Tensor, score_b: Tensor, preference: Tensor, margin: float = 1.0) -> Tensor:
    """Cross-entropy between the preference and σ(score_a − score_b) (Bradley and Terry, 1952), per pair.

    Arguments and result are those of `margin_loss`; the margin is ignored.
    """
    del margin
    return F.binary_cross_entropy_with_logits(score_a - score_b, preference, reduction="none")


def listwise_loss(scores: Tensor, shares: Tensor, present: Tensor) -> Tensor:
    """Cross-entropy between P(best of the series) and softmax(scores), per series.

    The softmax is the first choice of the Plackett-Luce model (Luce 1959, Plackett 1975); with soft targets
    the loss is ListNet's (Cao et al., Learning to Rank, ICML 2007). In a series of two photos it is
    `bradley_terry_loss`.

    Args:
        scores: (s, m) scores, a row per series.
        shares: (s, m) P(best of the series); each row adds up to 1 and is 0 in empty positions.
        present: (s, m) bool; false in the empty positions of series with fewer than m photos.

    Returns: (s,).
    """
    lowest = torch.finfo(scores.dtype).min
    return -(shares * F.log_softmax(scores.masked_fill(~present, lowest), dim=1)).sum(dim=1)


PAIR_LOSSES: dict[str, Callable[[Tensor, Tensor, Tensor, float], Tensor]] = {
    "margin": margin_loss,
    "bradley_terry": bradley_terry_loss,
}


@dataclass(frozen=True)
class PairTargets:
    """preference: float32 (n,), P(a over b). weight: float32 (n,), of each pair, 1 on average."""

    preference: NDArray[np.float32]
    weight: NDArray[np.float32]


@dataclass(frozen=True)
class SeriesTargets:
    """A row per series, as wide as the longest one.

    rows: (s, m) rows of the matrix; 0 if `present` is false. shares: float32 (s, m), P(best of the series), 0
    if `present` is false. present: bool (s, m). weight: float32 (s,), 1 on average.
    """

    rows: NDArray[np.intp]
    shares: NDArray[np.float32]
    present: NDArray[np.bool_]
    weight: NDArray[np.float32]


def pair_targets(pairs: MultiFeaturePairwiseDataset, labels: LabelTreatment) -> PairTargets:
    """Preferences and weights of pairs.

    hard: 1, ½ or 0, by the winner. soft: the preference. votes: the preference, weighted by the number of
    votes; pairs with unknown votes get the average weight of the others.
    """
    preference = pairs.preference
    if labels == "hard":
        preference = np.asarray((1 + np.sign(preference - 0.5)) / 2, np.float32)
    return PairTargets(preference, _weights(pairs.votes, labels))


def series_targets(pairs: MultiFeaturePairwiseDataset, labels: LabelTreatment) -> SeriesTargets:
    """P(best of the series) for each photo: softmax of the Bradley-Terry strengths that fit the preferences
    of the series. For two photos, this is the preference.

    The strengths replace the share of wins, which depends on a photo's opponents if some pairs are missing.
    hard: all weight on the strongest photo, shared by ties. votes: as soft, with each series weighted by the
    total votes of its pairs.
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
    # Set, not added, because a swapped duplicate of a pair contains no new information.
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


class BatchLoss(Protocol):
    """The loss of a batch, which training minimizes."""

    whole_series: bool
    """Whether a batch must not split a series."""

    def __call__(self, scores: Tensor, batch: Batch) -> Tensor:
        """The weighted mean loss, a scalar, of (k,) scores of the photos of a batch."""


def batch_loss(config: MultiFeatureConfig, pairs: MultiFeaturePairwiseDataset) -> BatchLoss:
    """The loss named in the config, over the pairs or the series of a batch."""
    return _SeriesLoss(config, pairs) if config.loss == "listwise" else _PairLoss(config, pairs)


def ranker_loss(ranker: TrainedRanker, comparisons: Comparisons, features: Features) -> float:
    """The loss of the ranker's config over all of these pairs, as training computes it for a batch.

    Raises FeatureError for a photo without features.
    """
    pairs = MultiFeaturePairwiseDataset.of(comparisons, features)
    scores = torch.from_numpy(ranker.scores_of(pairs.matrix))
    return float(batch_loss(ranker.config, pairs)(scores, pairs.batch(np.arange(len(pairs)))))


class _PairLoss:
    whole_series = False

    def __init__(self, config: MultiFeatureConfig, pairs: MultiFeaturePairwiseDataset) -> None:
        targets = pair_targets(pairs, config.labels)
        self._loss, self._margin = PAIR_LOSSES[config.loss], config.margin
        self._preference = torch.from_numpy(targets.preference)
        self._weight = torch.from_numpy(targets.weight)

    def __call__(self, scores: Tensor, batch: Batch) -> Tensor:
        pairs = torch.from_numpy(batch.pairs)
        score_a, score_b = scores[torch.from_numpy(batch.place_a)], scores[torch.from_numpy(batch.place_b)]
        losses = self._loss(score_a, score_b, self._preference[pairs], self._margin)
        return (losses * self._weight[pairs]).mean()


class _SeriesLoss:
    whole_series = True

    def __init__(self, config: MultiFeatureConfig, pairs: MultiFeaturePairwiseDataset) -> None:
        targets = series_targets(pairs, config.labels)
        self._series_of, self._rows = pairs.series, targets.rows
        self._shares, self._present = torch.from_numpy(targets.shares), torch.from_numpy(targets.present)
        self._weight = torch.from_numpy(targets.weight)

    def __call__(self, scores: Tensor, batch: Batch) -> Tensor:
        series = np.unique(self._series_of[batch.pairs])
        # Empty positions hold row 0, so any valid position works for them.
        places = np.searchsorted(batch.photos, self._rows[series]).clip(max=len(batch.photos) - 1)
        chosen = torch.from_numpy(series)
        losses = listwise_loss(scores[torch.from_numpy(places)], self._shares[chosen], self._present[chosen])
        return (losses * self._weight[chosen]).mean()


def _weights(votes: NDArray[np.int64], labels: LabelTreatment) -> NDArray[np.float32]:
    if labels != "votes" or not votes.any():
        return np.ones(len(votes), np.float32)
    known = votes[votes > 0].mean()
    return np.where(votes > 0, votes / known, 1.0).astype(np.float32)
