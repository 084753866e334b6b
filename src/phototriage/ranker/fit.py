"""What every training run has in common: epochs, early stopping, and a state from which it resumes."""

import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np

from phototriage.errors import ModelError
from phototriage.extras import extra
from phototriage.ranker.config import MultiFeatureConfig
from phototriage.ranker.state import BatchRecord, EpochRecord, TrainingState, is_finished

with extra("train"):
    import torch
    from torch import Tensor
    from torch.optim import Optimizer

__all__ = ["Fit"]

Batch = TypeVar("Batch")

_STEPS_PER_RECORD = 10
_SECONDS_BETWEEN_STATES = 60.0


class Fit(ABC, Generic[Batch]):
    """A training run. Subclasses define a step, and what is trained.

    Args:
        config: the seed, and when to stop.
        optimizer: of all that is trained.
        start_may_stay: whether an epoch must be better than the start to be the best.

    best_epoch: that of the highest validation accuracy; ties go to the lower validation loss. 0 before the
    first epoch, and while the start stays the best. best: its weights.
    """

    def __init__(
        self, config: MultiFeatureConfig, optimizer: Optimizer, *, start_may_stay: bool = False
    ) -> None:
        self._config, self._optimizer = config, optimizer
        self._rng = np.random.default_rng(config.seed)
        self._order = self._rng.bit_generator.state
        self._losses: list[float] = []
        self._accuracies: list[float] = []
        self._start_may_stay = start_may_stay
        self._start: EpochRecord | None = None
        self.best_epoch, self.best = 0, dict[str, Tensor]()
        self.batches: list[BatchRecord] = []
        self.epochs: list[EpochRecord] = []

    @abstractmethod
    def _steps(self) -> Sequence[Batch]:
        """The batches of an epoch, in an order that `self._rng` draws."""

    @abstractmethod
    def _step(self, batch: Batch, epoch: int, step: int) -> tuple[float, float]:
        """Takes a step of the optimizer; returns the loss and accuracy before it. Raises ModelError for a
        loss that is not finite."""

    @abstractmethod
    def _validate(self, place: str) -> tuple[float, float]:
        """The loss and accuracy on the validation pairs. Raises as `_step`, naming the place."""

    @abstractmethod
    def _weights(self) -> dict[str, Tensor]:
        """All that is trained, not copied."""

    @abstractmethod
    def _load(self, weights: Mapping[str, Tensor]) -> None:
        """Sets all that is trained."""

    def run(
        self,
        identity: str,
        state: TrainingState | None,
        on_epoch: Callable[[EpochRecord], None],
        on_batches: Callable[[BatchRecord], None],
        on_state: Callable[[TrainingState], None],
    ) -> None:
        """Trains until early stopping, from `state` or from the start; leaves the best weights loaded.

        See `training.train` for the callbacks. Raises ModelError for a damaged state, or a loss that is not
        finite.
        """
        if self._start_may_stay and (state is None or state.best_epoch == 0):
            self._start = self._validated(0)
            self._keep_best(0)
        if state is not None:
            self._restore(state)
        saved = time.monotonic()

        def keep_state(at_least: float) -> None:
            nonlocal saved
            if time.monotonic() - saved >= at_least:
                on_state(self._state(identity))
                saved = time.monotonic()

        while not is_finished(self._config, len(self.epochs), self.best_epoch):
            record = self._epoch(on_batches, after_step=lambda: keep_state(_SECONDS_BETWEEN_STATES))
            keep_state(0)
            on_epoch(record)
        self._load(self.best)

    def _state(self, identity: str) -> TrainingState:
        return TrainingState(
            identity=identity,
            network=self._weights(),
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

    def _restore(self, state: TrainingState) -> None:
        try:
            self._load(state.network)
            self._optimizer.load_state_dict(dict(state.optimizer))
            self.best, self.best_epoch = dict(state.best_network), state.best_epoch
            self._order = json.loads(state.order_rng)
            self._rng.bit_generator.state = self._order
            torch.set_rng_state(state.torch_rng)
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise ModelError(
                "the state of the interrupted training is damaged: start anew by --overwrite"
            ) from error
        self._losses, self._accuracies = list(state.losses), list(state.accuracies)
        self.batches, self.epochs = list(state.batches), list(state.epochs)

    def _epoch(
        self, on_batches: Callable[[BatchRecord], None], after_step: Callable[[], None]
    ) -> EpochRecord:
        number = len(self.epochs) + 1
        steps = self._steps()
        # A resumed epoch draws the same batches again and skips the finished ones.
        for step, batch in enumerate(steps[len(self._losses) :], start=len(self._losses) + 1):
            loss, accuracy = self._step(batch, number, step)
            self._losses.append(loss)
            self._accuracies.append(accuracy)
            if step % _STEPS_PER_RECORD == 0 or step == len(steps):
                recent = slice((step - 1) // _STEPS_PER_RECORD * _STEPS_PER_RECORD, None)
                self.batches.append(
                    BatchRecord(
                        number, step, float(np.mean(self._losses[recent])), _mean(self._accuracies[recent])
                    )
                )
                on_batches(self.batches[-1])
            after_step()
        record = self._validated(number)
        best = self.epochs[self.best_epoch - 1] if self.best_epoch else self._start
        self._losses, self._accuracies = [], []
        self._order = self._rng.bit_generator.state
        self.epochs.append(record)
        if best is None or _quality(record) > _quality(best):
            self._keep_best(number)
        return record

    def _validated(self, number: int) -> EpochRecord:
        loss, accuracy = self._validate(f"epoch {number}, on the validation pairs")
        train_loss = float(np.mean(self._losses)) if self._losses else math.nan
        return EpochRecord(number, train_loss, loss, accuracy)

    def _keep_best(self, number: int) -> None:
        self.best_epoch = number
        self.best = {name: each.detach().clone() for name, each in self._weights().items()}


def _quality(record: EpochRecord) -> tuple[float, float]:
    return record.validation_accuracy, -record.validation_loss


def _mean(accuracies: Sequence[float]) -> float:
    """The mean over the batches with at least one winner; NaN if there are none."""
    known = [accuracy for accuracy in accuracies if not math.isnan(accuracy)]
    return float(np.mean(known)) if known else math.nan
