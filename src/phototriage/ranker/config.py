"""Every choice of a training, in one place."""

import math
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, Literal, get_args

from phototriage.errors import ModelError

__all__ = ["InputNormalization", "Loss", "MultiFeatureConfig"]

Loss = Literal["margin", "bradley_terry"]
InputNormalization = Literal["layernorm", "standardize"]


@dataclass(frozen=True)
class MultiFeatureConfig:
    """A ranker and how it is trained. Raises ModelError for a value that cannot work."""

    mlp_hidden_dims: tuple[int, ...] = (512, 256)
    """Widths of the hidden layers; none makes the ranker linear."""
    dropout: float = 0.3
    """Share of hidden units dropped while training, in [0, 1)."""
    input_normalization: InputNormalization = "layernorm"
    """layernorm: each photo over all its numbers. standardize: each number by its mean and spread over the
    training photos."""
    loss: Loss = "margin"
    """margin: the preferred photo leads by a margin. bradley_terry: logistic, on the preference itself."""
    margin: float = 1.0
    """The lead that the margin loss asks for, over 0."""
    learning_rate: float = 1e-4
    """Of AdamW, over 0."""
    weight_decay: float = 0.01
    """Of AdamW, at least 0."""
    batch_size: int = 64
    """Pairs per step, at least 1."""
    max_epochs: int = 30
    """At least 1."""
    patience: int = 5
    """Epochs without a better validation accuracy after which training stops, at least 1."""
    min_agreement: float = 0.7
    """Train only on pairs of which at least this share of the votes agree, in [0.5, 1]."""
    min_reviewers: int = 2
    """Train only on pairs with at least this many votes, where the votes are known."""
    seed: int = 0
    """Decides the first weights, the order of the pairs, dropout, and the split by series."""

    def __post_init__(self) -> None:
        checks = {
            "mlp_hidden_dims": all(width >= 1 for width in self.mlp_hidden_dims),
            "dropout": 0 <= self.dropout < 1,
            "input_normalization": self.input_normalization in get_args(InputNormalization),
            "loss": self.loss in get_args(Loss),
            "margin": 0 < self.margin < math.inf,
            "learning_rate": 0 < self.learning_rate < math.inf,
            "weight_decay": 0 <= self.weight_decay < math.inf,
            "batch_size": self.batch_size >= 1,
            "max_epochs": self.max_epochs >= 1,
            "patience": self.patience >= 1,
            "min_agreement": 0.5 <= self.min_agreement <= 1,
            "min_reviewers": self.min_reviewers >= 0,
            "seed": 0 <= self.seed < 2**63,
        }
        for name, sound in checks.items():
            if not sound:
                raise ModelError(f"{name} cannot be {getattr(self, name)!r}")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "MultiFeatureConfig":
        """The config that `dataclasses.asdict` took apart. Raises ModelError for an unknown key."""
        names = [field.name for field in fields(cls)]
        for key in values:
            if key not in names:
                near = get_close_matches(key, names, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(names)}"
                raise ModelError(f"there is no setting {key!r}: {hint}")
        return cls(**{**values, "mlp_hidden_dims": tuple(values.get("mlp_hidden_dims", cls.mlp_hidden_dims))})
