"""Trains a ranker and its networks on pairs of photos."""

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from phototriage.errors import LabelError, ModelError
from phototriage.experiments.finetuning.model import FineTuned
from phototriage.experiments.finetuning.photos import View
from phototriage.experiments.finetuning.settings import FineTuning
from phototriage.extras import extra
from phototriage.features import Features
from phototriage.features.runtime.device import memory_needed
from phototriage.labels import Comparisons, Split, filter_comparisons
from phototriage.ranker import MultiFeatureConfig, TrainedRanker
from phototriage.ranker.accuracy import compute_pairwise_accuracy
from phototriage.ranker.dataset import Batch, MultiFeaturePairwiseDataset
from phototriage.ranker.fit import Fit
from phototriage.ranker.losses import batch_loss
from phototriage.ranker.state import (
    BatchRecord,
    EpochRecord,
    TrainingState,
    training_identity,
)

with extra("train"):
    import torch
    from torch import Tensor

__all__ = ["Estimate", "FineTuningResult", "finetune"]

T = TypeVar("T")
_PHOTOS_AT_ONCE = 16


@dataclass(frozen=True)
class Estimate:
    """What fine-tuning will take.

    trained, weights: how many numbers are trained, of all. memory: bytes of weights, gradients, the state of
    the optimizer and what a batch keeps for the backward pass; without torch itself. seconds: of an epoch.
    """

    trained: int
    weights: int
    memory: int
    seconds: float


@dataclass(frozen=True)
class FineTuningResult:
    """The model with the weights of its best epoch; 0 is the start, where no epoch was better."""

    best_epoch: int
    batches: tuple[BatchRecord, ...]
    epochs: tuple[EpochRecord, ...]


def finetune(
    model: FineTuned,
    init: TrainedRanker,
    split: Split,
    features: Features,
    config: MultiFeatureConfig,
    settings: FineTuning,
    on_epoch: Callable[[EpochRecord], None] = lambda record: None,
    on_batches: Callable[[BatchRecord], None] = lambda record: None,
    on_state: Callable[[TrainingState], None] = lambda state: None,
    on_estimate: Callable[[Estimate], None] = lambda estimate: None,
    state: TrainingState | None = None,
) -> FineTuningResult:
    """Trains `model` on the clear pairs of `split.train`; leaves it with the weights of the best epoch.

    As `ranker.training.train`, whose arguments these are, with one learning rate for the ranker and another
    for the networks. The photos of a batch get the same crop and flip. Crops, flips and dropout follow from
    the seed, the epoch and the batch, so a resumed run ends with the same numbers.

    Args:
        on_estimate: called before the first step, which the measured time of one batch is taken from.

    Raises LabelError if there is nothing to learn, ModelError if the loss is not finite or `state` is of
    another run, FeatureError if the memory does not suffice.
    """
    clear = filter_comparisons(split.train, config.min_agreement, config.min_reviewers)
    train_pairs = MultiFeaturePairwiseDataset.of(clear, features)
    validation = MultiFeaturePairwiseDataset.of(split.validation, features)
    for side, pairs in (("training", train_pairs), ("validation", validation)):
        if (pairs.preference == 0.5).all():
            raise LabelError(f"not one of the {len(pairs)} {side} pairs has a winner: nothing can be learned")
    of_training = training_identity(config, features.blocks, train_pairs, validation, init=init)
    identity = _identity(of_training, settings)
    if state is not None:
        state.check(identity)
    problem = "fine-tuning needs more memory: lower --pairs_at_once, or add --checkpoint_activations"
    with torch.random.fork_rng(), memory_needed(problem):
        fit = _BackboneFit(model, features, config, settings, clear, split.validation)
        if state is None:
            on_estimate(fit.estimate())
        fit.run(identity, state, on_epoch, on_batches, on_state)
    return FineTuningResult(fit.best_epoch, tuple(fit.batches), tuple(fit.epochs))


def _identity(of_training: str, settings: FineTuning) -> str:
    learned = replace(settings, checkpoint_activations=False)  # which moves no number
    return hashlib.blake2b(f"{of_training} {learned}".encode(), digest_size=16).hexdigest()


class _BackboneFit(Fit[list[Batch]]):
    """Trains a ranker with its networks; the gradients of some batches make a step."""

    def __init__(
        self,
        model: FineTuned,
        features: Features,
        config: MultiFeatureConfig,
        settings: FineTuning,
        clear: Comparisons,
        validation: Comparisons,
    ) -> None:
        head, backbones = list(model.head.parameters()), list(model.backbone_parameters().values())
        optimizer = torch.optim.AdamW(
            [
                {"params": head, "lr": config.learning_rate},
                {"params": backbones, "lr": settings.backbone_learning_rate},
            ],
            weight_decay=config.weight_decay,
        )
        super().__init__(config, optimizer, start_may_stay=True)
        self._model, self._settings = model, settings
        train_pairs, self._validation = (
            MultiFeaturePairwiseDataset.of(side, features) for side in (clear, validation)
        )
        self._train_photos, self._validation_photos = (
            [features.photos[row] for row in np.unique(features.rows(side.photos))]
            for side in (clear, validation)
        )
        self._train = train_pairs.with_swapped() if config.symmetric_pairs else train_pairs
        self._loss = batch_loss(config, self._train)
        self._validation_loss = batch_loss(config, self._validation)

    def estimate(self) -> Estimate:
        """Measured on one batch, whose gradients are dropped."""
        order = np.random.default_rng(0)
        batches = list(self._train.batches(self._settings.pairs_at_once, order, self._loss.whole_series))
        kept: dict[int, int] = {}

        def note(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            kept[storage.data_ptr()] = storage.nbytes()
            return tensor

        began = time.monotonic()
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            loss = self._loss(self._scores(batches[0], View()), batches[0])
        torch.autograd.backward(loss)
        seconds = time.monotonic() - began
        self._optimizer.zero_grad()
        parameters = list(self._model.parameters())
        for parameter in parameters:
            kept.pop(parameter.untyped_storage().data_ptr(), None)
        weights = sum(each.numel() for each in parameters)
        trained = sum(each.numel() for each in parameters if each.requires_grad)
        # Validation photos go forward only, which takes about a third.
        forward = len(self._validation_photos) / len(batches[0].photos) / 3
        memory = 4 * weights + 12 * trained + sum(kept.values())
        return Estimate(trained, weights, memory, seconds * (len(batches) + forward))

    def _weights(self) -> dict[str, Tensor]:
        return self._model.trained_state()

    def _load(self, weights: Mapping[str, Tensor]) -> None:
        self._model.load_state_dict(dict(weights), strict=False)

    def _steps(self) -> Sequence[list[Batch]]:
        self._model.head.train()
        at_once = self._settings.pairs_at_once
        parts = list(self._train.batches(at_once, self._rng, self._loss.whole_series))
        return _grouped(parts, max(1, round(self._config.batch_size / at_once)))

    def _step(self, batch: list[Batch], epoch: int, step: int) -> tuple[float, float]:
        pairs = sum(len(part.pairs) for part in batch)
        loss_of_step, differences = 0.0, []
        self._optimizer.zero_grad()
        for place, part in enumerate(batch):
            seed = [self._config.seed, epoch, step, place]
            torch.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
            scores = self._scores(part, View.drawn(np.random.default_rng(seed)))
            loss = self._loss(scores, part) * (len(part.pairs) / pairs)
            loss_of_step += _finite(loss.item(), f"epoch {epoch}, step {step}")
            known = scores.detach().numpy()
            differences.append(known[part.place_a] - known[part.place_b])
            torch.autograd.backward(loss)
        self._optimizer.step()
        preference = self._train.preference[np.concatenate([part.pairs for part in batch])]
        return loss_of_step, compute_pairwise_accuracy(np.concatenate(differences), preference)

    def _validate(self, place: str) -> tuple[float, float]:
        photos, pairs = self._validation_photos, self._validation
        self._model.eval()
        with torch.no_grad():
            scores = torch.cat([self._model(some).cpu() for some in _grouped(photos, _PHOTOS_AT_ONCE)])
            loss = self._validation_loss(scores, pairs.batch(np.arange(len(pairs))))
        value = _finite(loss.item(), place)
        known = scores.numpy()
        return value, compute_pairwise_accuracy(known[pairs.row_a] - known[pairs.row_b], pairs.preference)

    def _scores(self, batch: Batch, view: View) -> torch.Tensor:
        return torch.as_tensor(self._model([self._train_photos[row] for row in batch.photos], view)).cpu()


def _grouped(items: list[T], size: int) -> list[list[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _finite(loss: float, place: str) -> float:
    if not math.isfinite(loss):
        raise ModelError(
            f"the loss became {loss} in {place}: lower --backbone_learning_rate and --learning_rate"
        )
    return loss
