"""The records, the resumable state, and the result of a training run."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from phototriage.atomic_write import atomic_write
from phototriage.errors import ModelError
from phototriage.extras import extra
from phototriage.features import Block
from phototriage.ranker.config import MultiFeatureConfig
from phototriage.ranker.dataset import MultiFeaturePairwiseDataset
from phototriage.ranker.torch_file import read_torch_file, torch_bytes
from phototriage.ranker.trained import TrainedRanker

with extra("train"):
    from torch import Tensor

__all__ = [
    "BatchRecord",
    "EpochRecord",
    "Training",
    "TrainingState",
    "is_finished",
    "load_state",
    "save_state",
    "training_identity",
]

_FORMAT = "phototriage-training-2"


_WHEN_TO_STOP = ("max_epochs", "patience")


@dataclass(frozen=True)
class BatchRecord:
    """Mean loss and accuracy over the last (up to 10) batches at a step."""

    epoch: int
    step: int
    loss: float
    accuracy: float


@dataclass(frozen=True)
class EpochRecord:
    """Results on the validation pairs after an epoch, and the training loss over the epoch."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class TrainingState:
    """The resumable state of a training run.

    identity: `training_identity` of the config and the data. network, optimizer, best_network: torch state
    dicts. best_epoch: 0 before the first. order_rng: numpy's generator, as JSON, at the start of the current
    epoch. torch_rng: torch's current state. losses, accuracies: those of the finished batches of the current
    epoch. batches, epochs: the records so far.
    """

    identity: str
    network: Mapping[str, Tensor]
    optimizer: Mapping[str, Any]
    best_network: Mapping[str, Tensor]
    best_epoch: int
    order_rng: str
    torch_rng: Tensor
    losses: tuple[float, ...]
    accuracies: tuple[float, ...]
    batches: tuple[BatchRecord, ...]
    epochs: tuple[EpochRecord, ...]

    def check(self, identity: str) -> None:
        """Raises ModelError if this is the state of another run."""
        if self.identity != identity:
            raise ModelError(
                "the interrupted training had other settings, labels or features: "
                "resume it with the same ones, or start anew"
            )


@dataclass(frozen=True)
class Training:
    """A finished training run: the ranker of the best epoch, and the records."""

    ranker: TrainedRanker
    best_epoch: int
    batches: tuple[BatchRecord, ...]
    epochs: tuple[EpochRecord, ...]


def is_finished(config: MultiFeatureConfig, epochs: int, best_epoch: int) -> bool:
    """Whether training stops after so many epochs, of which this one is the best."""
    return epochs >= config.max_epochs or epochs - best_epoch >= config.patience


def training_identity(
    config: MultiFeatureConfig,
    blocks: tuple[Block, ...],
    *sides: MultiFeaturePairwiseDataset,
    init: TrainedRanker | None = None,
) -> str:
    """A digest of everything that determines the epochs, and not of how many there are."""
    digest = hashlib.blake2b(digest_size=16)
    settings = {name: value for name, value in asdict(config).items() if name not in _WHEN_TO_STOP}
    digest.update(json.dumps([settings, *(block.fingerprint for block in blocks)]).encode())
    if init is not None:
        for array in (*init.weights.values(), init.seen_keys, init.seen_contents):
            digest.update(np.asarray(array).tobytes())
        digest.update("".join(tuned.identity for tuned in init.tuned).encode())
    for side in sides:
        for each in fields(side):
            array = getattr(side, each.name)
            digest.update(f"{array.dtype} {array.shape}".encode())
            digest.update(array)
    return digest.hexdigest()


def save_state(state: TrainingState, path: str | Path) -> None:
    """Writes a state, whole or not at all. Raises OutputError."""
    plain = {each.name: getattr(state, each.name) for each in fields(state)}
    for name, kind in (("batches", BatchRecord), ("epochs", EpochRecord)):
        plain[name] = [[getattr(record, each.name) for each in fields(kind)] for record in plain[name]]
    data = torch_bytes({"format": _FORMAT, **plain})
    with atomic_write(Path(path)) as file:
        file.write(data)


def load_state(path: str | Path) -> TrainingState:
    """Reads a state that `save_state` wrote. Raises ModelError for any other file."""
    path = Path(path)
    try:
        plain = read_torch_file(path)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    except ModelError as error:
        raise ModelError(f"{path} is no interrupted training: {error}; start anew by --overwrite") from error
    if not isinstance(plain, dict) or plain.pop("format", None) != _FORMAT:
        raise ModelError(
            f"{path} is not a training of this version of phototriage: start anew by --overwrite"
        )
    try:
        plain["batches"] = tuple(BatchRecord(*record) for record in plain["batches"])
        plain["epochs"] = tuple(EpochRecord(*record) for record in plain["epochs"])
        return TrainingState(**plain)
    except (KeyError, TypeError) as error:
        raise ModelError(
            f"{path} is no interrupted training: {error!r}; start anew by --overwrite"
        ) from error
