"""Trains a ranker and its networks on pairs of photos."""

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

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
from phototriage.ranker.losses import batch_loss
from phototriage.ranker.state import (
    BatchRecord,
    EpochRecord,
    TrainingState,
    is_finished,
    training_identity,
)

with extra("train"):
    import torch

__all__ = ["Estimate", "FineTuningResult", "finetune"]

T = TypeVar("T")
_STEPS_PER_RECORD = 10
_SECONDS_BETWEEN_STATES = 60.0
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
    if state is not None and state.identity != identity:
        raise ModelError(
            "the interrupted training had other settings, labels or features: "
            "resume it with the same ones, or start anew"
        )
    problem = "fine-tuning needs more memory: lower --pairs_at_once, or add --checkpoint_activations"
    with torch.random.fork_rng(), memory_needed(problem):
        fit = _Fit(model, features, config, settings, clear, split.validation)
        if state is None:
            on_estimate(fit.estimate())
        else:
            fit.restore(state)
        saved = time.monotonic()

        def keep_state(at_least: float) -> None:
            nonlocal saved
            if time.monotonic() - saved >= at_least:
                on_state(fit.state(identity))
                saved = time.monotonic()

        while not is_finished(config, len(fit.epochs), fit.best_epoch):
            record = fit.epoch(on_batches, after_step=lambda: keep_state(_SECONDS_BETWEEN_STATES))
            keep_state(0)
            on_epoch(record)
    model.load_state_dict(fit.best, strict=False)
    return FineTuningResult(fit.best_epoch, tuple(fit.batches), tuple(fit.epochs))


def _identity(of_training: str, settings: FineTuning) -> str:
    learned = replace(settings, checkpoint_activations=False)  # which moves no number
    return hashlib.blake2b(f"{of_training} {learned}".encode(), digest_size=16).hexdigest()


class _Fit:
    """A fine-tuning run between steps."""

    def __init__(
        self,
        model: FineTuned,
        features: Features,
        config: MultiFeatureConfig,
        settings: FineTuning,
        clear: Comparisons,
        validation: Comparisons,
    ) -> None:
        self._model, self._config, self._settings = model, config, settings
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
        self._rng = np.random.default_rng(config.seed)
        self._order = self._rng.bit_generator.state
        self._optimizer = torch.optim.AdamW(
            [
                {"params": list(model.head.parameters()), "lr": config.learning_rate},
                {
                    "params": list(model.backbone_parameters().values()),
                    "lr": settings.backbone_learning_rate,
                },
            ],
            weight_decay=config.weight_decay,
        )
        self._losses: list[float] = []
        self._accuracies: list[float] = []
        self.batches: list[BatchRecord] = []
        self.epochs: list[EpochRecord] = []
        self.best_epoch, self.best = 0, self._copy()
        self._start = self._validated(0)

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

    def state(self, identity: str) -> TrainingState:
        return TrainingState(
            identity=identity,
            network=self._model.trained_state(),
            optimizer=self._optimizer.state_dict(),
            best_network=self.best,
            best_epoch=self.best_epoch,
            order_rng=json.dumps(self._order),
            torch_rng=torch.get_rng_state(),
            losses=tuple(self._losses),
            accuracies=tuple(self._accuracies),
            batches=tuple(self.batches),
            epochs=tuple(self.epochs),
        )

    def restore(self, state: TrainingState) -> None:
        """Raises ModelError for a damaged state."""
        try:
            self._model.load_state_dict(dict(state.network), strict=False)
            self._optimizer.load_state_dict(dict(state.optimizer))
            self.best, self.best_epoch = dict(state.best_network), state.best_epoch
            self._order = json.loads(state.order_rng)
            self._rng.bit_generator.state = self._order
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise ModelError(
                "the state of the interrupted training is damaged: start anew by --overwrite"
            ) from error
        self._losses, self._accuracies = list(state.losses), list(state.accuracies)
        self.batches, self.epochs = list(state.batches), list(state.epochs)

    def epoch(self, on_batches: Callable[[BatchRecord], None], after_step: Callable[[], None]) -> EpochRecord:
        number = len(self.epochs) + 1
        at_once = self._settings.pairs_at_once
        parts = list(self._train.batches(at_once, self._rng, self._loss.whole_series))
        steps = _grouped(parts, max(1, round(self._config.batch_size / at_once)))
        self._model.head.train()
        # A resumed epoch draws the same batches again and skips the finished ones.
        for step, batches in enumerate(steps[len(self._losses) :], start=len(self._losses) + 1):
            self._step(batches, number, step)
            if step % _STEPS_PER_RECORD == 0 or step == len(steps):
                recent = slice((step - 1) // _STEPS_PER_RECORD * _STEPS_PER_RECORD, None)
                known = [each for each in self._accuracies[recent] if not math.isnan(each)]
                accuracy = float(np.mean(known)) if known else math.nan
                self.batches.append(BatchRecord(number, step, float(np.mean(self._losses[recent])), accuracy))
                on_batches(self.batches[-1])
            after_step()
        record = self._validated(number)
        self._losses, self._accuracies = [], []
        self._order = self._rng.bit_generator.state
        self.epochs.append(record)
        best = self.epochs[self.best_epoch - 1] if self.best_epoch else self._start
        if _quality(record) > _quality(best):
            self.best_epoch, self.best = number, self._copy()
        return record

    def _step(self, batches: Sequence[Batch], epoch: int, step: int) -> None:
        """One step of the optimizer, on the gradients of some batches, each weighted by its pairs."""
        pairs = sum(len(batch.pairs) for batch in batches)
        loss_of_step, right = 0.0, []
        self._optimizer.zero_grad()
        for place, batch in enumerate(batches):
            seed = [self._config.seed, epoch, step, place]
            torch.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
            scores = self._scores(batch, View.drawn(np.random.default_rng(seed)))
            loss = self._loss(scores, batch) * (len(batch.pairs) / pairs)
            loss_of_step += _finite(loss.item(), f"epoch {epoch}, step {step}")
            known = scores.detach().numpy()
            right.append(known[batch.place_a] - known[batch.place_b])
            torch.autograd.backward(loss)
        self._optimizer.step()
        self._losses.append(loss_of_step)
        preference = self._train.preference[np.concatenate([batch.pairs for batch in batches])]
        self._accuracies.append(compute_pairwise_accuracy(np.concatenate(right), preference))

    def _scores(self, batch: Batch, view: View) -> torch.Tensor:
        return torch.as_tensor(self._model([self._train_photos[row] for row in batch.photos], view)).cpu()

    def _validated(self, number: int) -> EpochRecord:
        photos, pairs = self._validation_photos, self._validation
        self._model.eval()
        with torch.no_grad():
            scores = torch.cat([self._model(some).cpu() for some in _grouped(photos, _PHOTOS_AT_ONCE)])
            loss = self._validation_loss(scores, pairs.batch(np.arange(len(pairs))))
        known = scores.numpy()
        return EpochRecord(
            number,
            float(np.mean(self._losses)) if self._losses else math.nan,
            _finite(loss.item(), f"epoch {number}, on the validation pairs"),
            compute_pairwise_accuracy(known[pairs.row_a] - known[pairs.row_b], pairs.preference),
        )

    def _copy(self) -> dict[str, Any]:
        return {name: each.detach().clone() for name, each in self._model.trained_state().items()}


def _grouped(items: list[T], size: int) -> list[list[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _quality(record: EpochRecord) -> tuple[float, float]:
    return record.validation_accuracy, -record.validation_loss


def _finite(loss: float, place: str) -> float:
    if not math.isfinite(loss):
        raise ModelError(
            f"the loss became {loss} in {place}: lower --backbone_learning_rate and --learning_rate"
        )
    return loss
