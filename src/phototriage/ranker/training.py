"""Training a ranker on pairs."""

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from phototriage.errors import ModelError
from phototriage.features import Features
from phototriage.labels import Split, filter_comparisons
from phototriage.ranker.accuracy import compute_pairwise_accuracy
from phototriage.ranker.calibration import fit_temperature
from phototriage.ranker.config import MultiFeatureConfig
from phototriage.ranker.dataset import MultiFeaturePairwiseDataset
from phototriage.ranker.losses import LOSSES
from phototriage.ranker.network import MultiFeaturePairwiseRanker
from phototriage.ranker.record import BatchRecord, EpochRecord, Training
from phototriage.ranker.trained import TrainedRanker

__all__ = ["train"]

_BATCHES_PER_RECORD = 10


def train(
    split: Split,
    features: Features,
    config: MultiFeatureConfig,
    on_epoch: Callable[[EpochRecord], None] = lambda record: None,
) -> Training:
    """Trains on the clear pairs of `split.train` (the config says which pairs are clear), stops and
    calibrates by all of `split.validation`; `split.test` is not touched.

    The best epoch is the one with the highest validation accuracy; of equals, the lower validation loss.
    The same inputs give the same numbers to the last bit on the same machine's CPU.
    Raises FeatureError for a photo without features, ModelError where the loss is not a finite number.
    """
    clear = filter_comparisons(split.train, config.min_agreement, config.min_reviewers)
    train_pairs = MultiFeaturePairwiseDataset.of(clear, features)
    validation_pairs = MultiFeaturePairwiseDataset.of(split.validation, features)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = MultiFeaturePairwiseRanker(
            features.matrix.shape[1], config.mlp_hidden_dims, config.dropout, config.input_normalization
        )
        network.fit_normalization(torch.from_numpy(train_pairs.matrix))
        fit = _Fit(network, config, train_pairs, validation_pairs)
        while not fit.finished:
            on_epoch(fit.epoch())
    network.load_state_dict(fit.best_state)
    photos_seen = [*split.train.photos, *split.validation.photos]
    difference = _score_differences(network, validation_pairs)
    ranker = TrainedRanker(
        weights={name: tensor.numpy().copy() for name, tensor in network.state_dict().items()},
        config=config,
        blocks=features.blocks,
        temperature=fit_temperature(difference, validation_pairs.preference),
        seen_keys=TrainedRanker.digests(photos_seen),
        seen_contents=TrainedRanker.digests(features.contents_of(photos_seen)),
    )
    return Training(ranker, fit.best_epoch, tuple(fit.batch_records), tuple(fit.epoch_records))


class _Fit:
    """The state of a training between epochs."""

    def __init__(
        self,
        network: MultiFeaturePairwiseRanker,
        config: MultiFeatureConfig,
        train_pairs: MultiFeaturePairwiseDataset,
        validation_pairs: MultiFeaturePairwiseDataset,
    ) -> None:
        self._network, self._config = network, config
        self._train, self._validation = train_pairs, validation_pairs
        self._rng = np.random.default_rng(config.seed)
        self._optimizer = torch.optim.AdamW(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self._best = (-np.inf, -np.inf)
        self.best_epoch = 0
        self.best_state: dict[str, torch.Tensor] = {}
        self.batch_records: list[BatchRecord] = []
        self.epoch_records: list[EpochRecord] = []

    @property
    def finished(self) -> bool:
        done = len(self.epoch_records)
        return done >= self._config.max_epochs or done - self.best_epoch >= self._config.patience

    def epoch(self) -> EpochRecord:
        number = len(self.epoch_records) + 1
        train_loss = self._pass_over_pairs(number)
        difference = _score_differences(self._network, self._validation)
        preference = self._validation.preference
        zeros = torch.zeros(len(difference))
        loss = LOSSES[self._config.loss](
            torch.from_numpy(difference), zeros, torch.from_numpy(preference), self._config.margin
        )
        record = EpochRecord(
            number, train_loss, float(loss), compute_pairwise_accuracy(difference, preference)
        )
        self.epoch_records.append(record)
        if (quality := (record.validation_accuracy, -record.validation_loss)) > self._best:
            self._best, self.best_epoch = quality, number
            self.best_state = {name: value.clone() for name, value in self._network.state_dict().items()}
        return record

    def _pass_over_pairs(self, epoch: int) -> float:
        matrix = torch.from_numpy(self._train.matrix)
        self._network.train()
        steps = math.ceil(len(self._train) / self._config.batch_size)
        losses: list[float] = []
        accuracies: list[float] = []
        for step, pairs in enumerate(self._train.batches(self._config.batch_size, self._rng), start=1):
            photos, places = np.unique(
                np.stack([self._train.row_a[pairs], self._train.row_b[pairs]]), return_inverse=True
            )
            scores = self._network(matrix[torch.from_numpy(photos)])
            score_a, score_b = scores[torch.from_numpy(places.reshape(2, -1))]
            preference = self._train.preference[pairs]
            loss = LOSSES[self._config.loss](
                score_a, score_b, torch.from_numpy(preference), self._config.margin
            )
            self._optimizer.zero_grad()
            torch.autograd.backward(loss)
            self._optimizer.step()
            losses.append(loss.item())
            accuracies.append(compute_pairwise_accuracy((score_a - score_b).detach().numpy(), preference))
            if not np.isfinite(losses[-1]):
                raise ModelError(
                    f"the loss became {losses[-1]} in epoch {epoch}, batch {step}: lower --learning_rate "
                    f"(it is {self._config.learning_rate:g}), or look for huge numbers among the features"
                )
            if step % _BATCHES_PER_RECORD == 0 or step == steps:
                recent = slice((step - 1) // _BATCHES_PER_RECORD * _BATCHES_PER_RECORD, None)
                self.batch_records.append(
                    BatchRecord(epoch, step, float(np.mean(losses[recent])), _mean(accuracies[recent]))
                )
        return float(np.mean(losses))


def _score_differences(
    network: MultiFeaturePairwiseRanker, pairs: MultiFeaturePairwiseDataset
) -> NDArray[np.float32]:
    network.eval()
    with torch.no_grad():
        scores = network(torch.from_numpy(pairs.matrix)).numpy()
    return np.asarray(scores[pairs.row_a] - scores[pairs.row_b])


def _mean(accuracies: list[float]) -> float:
    """The mean over the batches that had a pair with a winner; NaN where none had."""
    known = [accuracy for accuracy in accuracies if not math.isnan(accuracy)]
    return float(np.mean(known)) if known else math.nan
