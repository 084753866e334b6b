"""The network that gives a photo its score."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from phototriage.errors import ModelError
from phototriage.ranker.config import InputNormalization

__all__ = ["MultiFeaturePairwiseRanker"]


class Standardize(nn.Module):
    """(x − mean) / std per input number, with the statistics of the training photos."""

    mean: Tensor
    std: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("std", torch.ones(dim))

    def fit(self, features: Tensor) -> None:
        """Takes mean and spread from (n, dim) features; a constant number is only centred."""
        std, mean = torch.std_mean(features.double(), dim=0, correction=0)
        self.mean.copy_(mean)
        self.std.copy_(torch.where(std > 1e-6, std, 1.0))

    def forward(self, features: Tensor) -> Tensor:
        return (features - self.mean) / self.std


class MultiFeaturePairwiseRanker(nn.Module):
    """Input normalisation → [Linear → ReLU → Dropout] per hidden layer → Linear to one score.

    Args:
        input_dim: numbers per photo.
        hidden_dims: widths of the hidden layers; none makes the ranker linear.
        dropout: share of hidden units dropped while training.
        input_normalization: `layernorm` or `standardize`; the latter needs `fit_normalization` once.

    With 1540 inputs, the defaults have 923,657 parameters.
    """

    def __init__(
        self,
        input_dim: int,
        hidden_dims: Sequence[int] = (512, 256),
        dropout: float = 0.3,
        input_normalization: InputNormalization = "layernorm",
    ) -> None:
        super().__init__()
        if input_normalization == "layernorm" and input_dim == 1:
            raise ModelError(
                "layernorm makes any single feature constant: use input_normalization standardize"
            )
        self.normalize = (
            nn.LayerNorm(input_dim) if input_normalization == "layernorm" else Standardize(input_dim)
        )
        widths = [input_dim, *hidden_dims, 1]
        self.layers = nn.ModuleList(nn.Linear(wide, narrow) for wide, narrow in pairwise(widths))
        self.dropout = nn.Dropout(dropout)

    def fit_normalization(self, features: Tensor) -> None:
        """Takes the training statistics from (n, input_dim) features, where the normalisation has any."""
        if isinstance(self.normalize, Standardize):
            self.normalize.fit(features)

    def forward(self, features: Tensor) -> Tensor:
        """(n, input_dim) features to (n,) scores; a higher score is a better photo."""
        hidden = self.normalize(features)
        for layer in self.layers[:-1]:
            hidden = self.dropout(torch.relu(layer(hidden)))
        return torch.as_tensor(self.layers[-1](hidden)).squeeze(-1)
