"""Trains a ranker on pairs."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import LabelError, ModelError
from phototriage.extras import extra
from phototriage.features import Features
from phototriage.labels import Split, filter_comparisons
from phototriage.ranker.accuracy import compute_pairwise_accuracy
from phototriage.ranker.calibration import fit_temperature
from phototriage.ranker.config import MultiFeatureConfig
from phototriage.ranker.dataset import Batch, MultiFeaturePairwiseDataset
from phototriage.ranker.fit import Fit
from phototriage.ranker.frozen_features import score_frozen
from phototriage.ranker.losses import batch_loss
from phototriage.ranker.network import MultiFeaturePairwiseRanker
from phototriage.ranker.state import (
    BatchRecord,
    EpochRecord,
    Training,
    TrainingState,
    training_identity,
)
from phototriage.ranker.trained import TrainedRanker

with extra("train"):
    import torch
    import torch.nn.functional as F
    from torch import Tensor

__all__ = ["train"]

_WORTH_THREADS = 1e7  # multiplications per step
_HUGE = 1e4  # a network cannot learn from an input this large after normalization


def train(
    split: Split,
    features: Features,
    config: MultiFeatureConfig,
    on_epoch: Callable[[EpochRecord], None] = lambda record: None,
    on_batches: Callable[[BatchRecord], None] = lambda record: None,
    on_state: Callable[[TrainingState], None] = lambda state: None,
    state: TrainingState | None = None,
    init: TrainedRanker | None = None,
) -> Training:
    """Trains on the clear pairs of `split.train` (as the config defines them). Early stopping and calibration
    use all of `split.validation`; `split.test` is not used.

    Args:
        on_epoch: called after each epoch.
        on_batches: called after every ten batches, and after the last batch of an epoch.
        on_state: called after each epoch, and every minute within a longer epoch, with a value for `state`.
            Its tensors change after the call returns.
        state: the state of an earlier, interrupted training run with the same inputs. Training resumes from
            it and ends with the same numbers as an uninterrupted run. `max_epochs` and `patience` may have
            changed.
        init: start from the weights of this ranker, which has the same features and the same layers. What it
            has seen counts as seen by the result.

    The best epoch has the highest validation accuracy; ties go to the lower validation loss.
    On the CPU of one machine, the same inputs give bit-identical numbers.
    Raises FeatureError for a photo without features; LabelError if the labels do not suffice for training or
    early stopping; ModelError if the loss is not finite, `state` belongs to another training run, or the
    weights of `init` do not fit.
    """
    clear = filter_comparisons(split.train, config.min_agreement, config.min_reviewers)
    train_pairs = MultiFeaturePairwiseDataset.of(clear, features)
    validation_pairs = MultiFeaturePairwiseDataset.of(split.validation, features)
    for side, pairs in (("training", train_pairs), ("validation", validation_pairs)):
        if (pairs.preference == 0.5).all():
            raise LabelError(
                f"not one of the {len(pairs)} {side} pairs has a winner, all preferences are ½: "
                "there is nothing to learn from them; look at them by `phototriage labels`"
            )
    if config.labels == "votes" and not train_pairs.votes.any():
        raise LabelError(
            "labels votes weighs pairs by their votes, and none is known: use labels soft or hard"
        )
    if init is not None:
        init.check_settings(config)
        init.check_features(features.blocks)
    identity = training_identity(config, features.blocks, train_pairs, validation_pairs, init=init)
    if state is not None:
        state.check(identity)
    with torch.random.fork_rng(devices=[]), _few_threads(features.matrix.shape[1], config):
        torch.manual_seed(config.seed)
        network = MultiFeaturePairwiseRanker(features.matrix.shape[1], config)
        if init is None:
            network.fit_normalization(torch.from_numpy(train_pairs.matrix))
        else:
            network.load_state_dict({name: torch.tensor(array) for name, array in init.weights.items()})
        fit = _NetworkFit(network, config, train_pairs, validation_pairs)
        fit.run(identity, state, on_epoch, on_batches, on_state)
    photos_seen = [*split.train.photos, *split.validation.photos]
    difference = _score_differences(_all_scores(network, validation_pairs), validation_pairs)
    seen_keys = TrainedRanker.digests(photos_seen)
    seen_contents = TrainedRanker.digests(features.known_hashes(photos_seen))
    if init is not None:
        seen_keys = np.union1d(init.seen_keys, seen_keys)
        seen_contents = np.union1d(init.seen_contents, seen_contents)
    ranker = TrainedRanker(
        weights={name: tensor.numpy().copy() for name, tensor in network.state_dict().items()},
        config=config,
        blocks=features.blocks,
        temperature=fit_temperature(difference, validation_pairs.preference),
        seen_keys=seen_keys,
        seen_contents=seen_contents,
        tuned=init.tuned if init else (),
    )
    return Training(ranker, fit.best_epoch, tuple(fit.batches), tuple(fit.epochs))


class _NetworkFit(Fit[Batch]):
    """Trains a ranker alone."""

    def __init__(
        self,
        network: MultiFeaturePairwiseRanker,
        config: MultiFeatureConfig,
        train_pairs: MultiFeaturePairwiseDataset,
        validation_pairs: MultiFeaturePairwiseDataset,
    ) -> None:
        optimizer = torch.optim.AdamW(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        super().__init__(config, optimizer)
        self._network = network
        self._train = train_pairs.with_swapped() if config.symmetric_pairs else train_pairs
        self._validation = validation_pairs
        self._batch_loss = batch_loss(config, self._train)
        self._validation_loss = batch_loss(config, validation_pairs)
        self._matrix = torch.from_numpy(self._train.matrix)

    def _weights(self) -> dict[str, Tensor]:
        return self._network.state_dict()

    def _load(self, weights: Mapping[str, Tensor]) -> None:
        self._network.load_state_dict(dict(weights))

    def _steps(self) -> Sequence[Batch]:
        self._network.train()
        return list(self._train.batches(self._config.batch_size, self._rng, self._batch_loss.whole_series))

    def _step(self, batch: Batch, epoch: int, step: int) -> tuple[float, float]:
        scores = score_frozen(self._network, self._matrix.index_select(0, torch.from_numpy(batch.photos)))
        loss = self._batch_loss(scores, batch)
        value = self._finite(loss.item(), f"epoch {epoch}, batch {step}")
        known = scores.detach().numpy()
        accuracy = compute_pairwise_accuracy(
            known[batch.place_a] - known[batch.place_b], self._train.preference[batch.pairs]
        )
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        self._optimizer.step()
        return value, accuracy

    def _validate(self, place: str) -> tuple[float, float]:
        scores = _all_scores(self._network, self._validation)
        with torch.no_grad():
            loss = self._validation_loss(
                torch.from_numpy(scores), self._validation.batch(np.arange(len(self._validation)))
            )
        value = self._finite(loss.item(), place)
        differences = _score_differences(scores, self._validation)
        return value, compute_pairwise_accuracy(differences, self._validation.preference)

    def _finite(self, loss: float, place: str) -> float:
        if math.isfinite(loss):
            return loss
        normalization = self._config.input_normalization
        # Without layernorm's own weights, which the loss may have damaged.
        inputs = (
            F.layer_norm(self._matrix, self._matrix.shape[1:])
            if normalization == "layernorm"
            else self._network.normalize(self._matrix)
        )
        if float(inputs.abs().max()) < _HUGE:
            cause = f"lower --learning_rate (it is {self._config.learning_rate:g})"
        elif normalization == "standardize":
            cause = "fix the features, some are huge compared to the others of their kind"
        else:
            largest = f"{self._matrix.abs().max():.3g}"
            cause = f"the features reach up to {largest}, try --input_normalization standardize"
        raise ModelError(f"the loss became {loss} in {place}: {cause}")


@contextmanager
def _few_threads(dim: int, config: MultiFeatureConfig) -> Iterator[None]:
    """Uses one thread if a step is so small that threads would mostly wait for each other."""
    before = torch.get_num_threads()
    widths = [dim, *config.mlp_hidden_dims, 1]
    if sum(wide * narrow for wide, narrow in pairwise(widths)) * config.batch_size < _WORTH_THREADS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _all_scores(
    network: MultiFeaturePairwiseRanker, pairs: MultiFeaturePairwiseDataset
) -> NDArray[np.float32]:
    network.eval()
    with torch.no_grad():
        return np.asarray(network(torch.from_numpy(pairs.matrix)).numpy())


def _score_differences(
    scores: NDArray[np.float32], pairs: MultiFeaturePairwiseDataset
) -> NDArray[np.float32]:
    return np.asarray(scores[pairs.row_a] - scores[pairs.row_b])
