"""What is kept of a training."""

from dataclasses import dataclass

from phototriage.ranker.trained import TrainedRanker

__all__ = ["BatchRecord", "EpochRecord", "Training"]


@dataclass(frozen=True)
class BatchRecord:
    """Mean loss and accuracy over the up to 10 batches that end with a step."""

    epoch: int
    step: int
    loss: float
    accuracy: float


@dataclass(frozen=True)
class EpochRecord:
    """An epoch on the validation pairs, and the training loss over the epoch."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class Training:
    """A finished training: the ranker of the best epoch, and what happened on the way."""

    ranker: TrainedRanker
    best_epoch: int
    batches: tuple[BatchRecord, ...]
    epochs: tuple[EpochRecord, ...]
