"""All training settings in one place."""

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from phototriage.clear_pairs import MIN_AGREEMENT, MIN_REVIEWERS
from phototriage.errors import ModelError
from phototriage.plain_values import shown, with_values

__all__ = ["InputNormalization", "LabelTreatment", "Loss", "MultiFeatureConfig"]

Loss = Literal["margin", "bradley_terry", "listwise"]
LabelTreatment = Literal["hard", "soft", "votes"]
InputNormalization = Literal["layernorm", "standardize", "none"]
_MOST_LAYERS, _WIDEST = 100, 65_536
_FEW_NUMBERS = 32


@dataclass(frozen=True)
class MultiFeatureConfig:
    """The settings of a ranker and its training."""

    mlp_hidden_dims: tuple[int, ...] = (512, 256)
    """Widths of the hidden layers, up to 100 of up to 65,536 units; no width makes the ranker linear."""
    dropout: float = 0.3
    """Dropout rate of the hidden units in training, in [0, 1)."""
    input_normalization: InputNormalization = "layernorm"
    """layernorm: normalize each photo over all its numbers. standardize: scale each number by its mean and
    standard deviation over the training photos. none: use the numbers as they are."""
    loss: Loss = "margin"
    """margin: the preferred photo leads by a margin. bradley_terry: logistic, pair by pair. listwise: softmax
    over the photos of a series."""
    labels: LabelTreatment = "soft"
    """hard: use only the winner. soft: use the preference itself (the margin loss still uses only winners).
    votes: as soft, with each pair weighted by its number of votes."""
    symmetric_pairs: bool = False
    """Also use each pair in reverse order. A photo's score does not depend on its side, so this does not
    change the loss; it doubles the steps per epoch."""
    margin: float = 1.0
    """The lead that the margin loss requires, greater than 0."""
    learning_rate: float = 1e-4
    """Learning rate of AdamW, greater than 0."""
    weight_decay: float = 0.01
    """Weight decay of AdamW, at least 0."""
    batch_size: int = 64
    """Pairs per step, at least 1."""
    max_epochs: int = 30
    """Largest number of epochs, at least 1."""
    patience: int = 5
    """Stop training after this many epochs without better validation accuracy, at least 1."""
    min_agreement: float = MIN_AGREEMENT
    """Train only on pairs for which at least this share of the votes agree, in [0.5, 1]."""
    min_reviewers: int = MIN_REVIEWERS
    """Train only on pairs with at least this many votes, if the votes are known."""
    seed: int = 0
    """Random seed for the initial weights, the order of the pairs, dropout, and the split by series."""

    def __post_init__(self) -> None:
        """Raises ModelError for an invalid value."""
        above_0 = "it must be a number greater than 0"
        checks = {
            "mlp_hidden_dims": (
                len(self.mlp_hidden_dims) <= _MOST_LAYERS
                and all(1 <= width <= _WIDEST for width in self.mlp_hidden_dims),
                f"it must be up to {_MOST_LAYERS} widths from 1 to {_WIDEST:,}",
            ),
            "dropout": (0 <= self.dropout < 1, "it must be at least 0 and below 1"),
            "input_normalization": _among(self.input_normalization, InputNormalization),
            "loss": _among(self.loss, Loss),
            "labels": _among(self.labels, LabelTreatment),
            "margin": (0 < self.margin < math.inf, above_0),
            "learning_rate": (0 < self.learning_rate < math.inf, above_0),
            "weight_decay": (0 <= self.weight_decay < math.inf, "it must be a number of at least 0"),
            "batch_size": (self.batch_size >= 1, "it must be at least 1"),
            "max_epochs": (self.max_epochs >= 1, "it must be at least 1"),
            "patience": (self.patience >= 1, "it must be at least 1"),
            "min_agreement": (0.5 <= self.min_agreement <= 1, "it must be a share from 0.5 to 1"),
            "min_reviewers": (self.min_reviewers >= 0, "it must be at least 0"),
            "seed": (0 <= self.seed < 2**63, "it must be from 0 to 2⁶³ − 1"),
        }
        for name, (sound, range_text) in checks.items():
            if not sound:
                raise ModelError(f"{name} cannot be {shown(getattr(self, name))}: {range_text}")

    def cautions(self, input_dim: int) -> list[str]:
        """What to know about these settings with so many numbers per photo, a line each."""
        if self.input_normalization != "layernorm" or input_dim > _FEW_NUMBERS:
            return []
        return [
            f"layernorm over only {input_dim} numbers loses most of what they say, because it removes the "
            "mean and the spread of each photo: use --preset best, or --input_normalization standardize"
        ]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "MultiFeatureConfig":
        """Rebuilds a config from the result of `plain_values`. Raises ModelError for an unknown key."""
        return with_values(cls(), values, "the ranker's settings")


def _among(value: str, choices: Any) -> tuple[bool, str]:
    return value in get_args(choices), f"choose from {', '.join(get_args(choices))}"
