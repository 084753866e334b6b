"""The loss of a training, over the pairs of a batch or the series of a batch."""

from typing import Protocol

import numpy as np

from phototriage.extras import extra
from phototriage.ranker.config import MultiFeatureConfig
from phototriage.ranker.dataset import Batch, MultiFeaturePairwiseDataset
from phototriage.ranker.losses import PAIR_LOSSES, listwise_loss
from phototriage.ranker.targets import pair_targets, series_targets

with extra("train"):
    import torch
    from torch import Tensor

__all__ = ["Objective", "build_objective"]


class Objective(Protocol):
    """What is made small."""

    whole_series: bool
    """Whether a batch must not cut a series in two."""

    def __call__(self, scores: Tensor, batch: Batch) -> Tensor:
        """The weighted mean loss, a scalar, of (k,) scores of the photos of a batch."""


def build_objective(config: MultiFeatureConfig, pairs: MultiFeaturePairwiseDataset) -> Objective:
    """The objective that the config asks for."""
    return _OverSeries(config, pairs) if config.loss == "listwise" else _OverPairs(config, pairs)


class _OverPairs:
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


class _OverSeries:
    whole_series = True

    def __init__(self, config: MultiFeatureConfig, pairs: MultiFeaturePairwiseDataset) -> None:
        targets = series_targets(pairs, config.labels)
        self._series_of, self._rows = pairs.series, targets.rows
        self._shares, self._present = torch.from_numpy(targets.shares), torch.from_numpy(targets.present)
        self._weight = torch.from_numpy(targets.weight)

    def __call__(self, scores: Tensor, batch: Batch) -> Tensor:
        series = np.unique(self._series_of[batch.pairs])
        # Where a series has no further photo, row 0 stands, and the place of any photo will do.
        places = np.searchsorted(batch.photos, self._rows[series]).clip(max=len(batch.photos) - 1)
        chosen = torch.from_numpy(series)
        losses = listwise_loss(scores[torch.from_numpy(places)], self._shares[chosen], self._present[chosen])
        return (losses * self._weight[chosen]).mean()
