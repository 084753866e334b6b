"""The network that gives a photo its score."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from phototriage.errors import ModelError
from phototriage.extras import extra
from phototriage.plain_values import shown
from phototriage.ranker.config import InputNormalization, MultiFeatureConfig

with extra("train"):
    import torch
    from torch import Tensor, nn

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
        """Takes mean and standard deviation from (n, dim) features; a constant number is only centered."""
        std, mean = torch.std_mean(features.double(), dim=0, correction=0)
        self.mean.copy_(mean)
        self.std.copy_(torch.where(std > 1e-6, std, 1.0))

    def forward(self, features: Tensor) -> Tensor:
        return (features - self.mean) / self.std


_NORMALIZATIONS: dict[InputNormalization, Callable[[int], nn.Module]] = {
    "layernorm": nn.LayerNorm,
    "standardize": Standardize,
    "none": nn.Identity,
}


class MultiFeaturePairwiseRanker(nn.Module):
    """Input normalization → [Linear → ReLU → Dropout] per hidden layer → Linear to one score.

    Args:
        input_dim: numbers per photo, at least 1; at least 2 with `layernorm`.
        hidden_dims: widths of the hidden layers; no width makes the ranker linear. Or a config, which
            provides the widths, the dropout and the normalization.
        dropout: dropout rate of the hidden units in training, in [0, 1).
        input_normalization: `layernorm`, `standardize` or `none`; `standardize` needs one call of
            `fit_normalization`.

    With 1540 inputs, the defaults have 923,657 parameters. Gradients reach the input, so a backbone in front
    of the ranker learns with it. Raises ModelError for an invalid argument.
    """

    def __init__(
        self,
        input_dim: int,
        hidden_dims: Sequence[int] | MultiFeatureConfig = (512, 256),
        dropout: float = 0.3,
        input_normalization: InputNormalization = "layernorm",
    ) -> None:
        super().__init__()
        config = (
            hidden_dims
            if isinstance(hidden_dims, MultiFeatureConfig)
            else MultiFeatureConfig(
                mlp_hidden_dims=tuple(hidden_dims), dropout=dropout, input_normalization=input_normalization
            )
        )
        if not isinstance(input_dim, int | np.integer) or input_dim < 1:
            raise ModelError(
                f"input_dim cannot be {shown(input_dim)}: it must be a whole number of at least 1"
            )
        if config.input_normalization == "layernorm" and input_dim == 1:
            raise ModelError(
                "layernorm makes any single feature constant: use input_normalization standardize"
            )
        self.input_dim = input_dim
        self.normalize = _NORMALIZATIONS[config.input_normalization](input_dim)
        widths = [input_dim, *config.mlp_hidden_dims, 1]
        self.layers = nn.ModuleList(nn.Linear(wide, narrow) for wide, narrow in pairwise(widths))
        self.dropout = config.dropout

    def fit_normalization(self, features: Tensor) -> None:
        """Takes the training statistics, if the normalization has any, from (n, input_dim) features."""
        if isinstance(self.normalize, Standardize):
            self.normalize.fit(features)

    def forward(self, features: Tensor) -> Tensor:
        """(…, input_dim) features to (…) scores; a higher score is a better photo."""
        if features.shape[-1:] != (self.input_dim,):
            raise ModelError(
                f"the ranker takes {self.input_dim} numbers per photo, "
                f"features of the shape (…, {self.input_dim}), not {tuple(features.shape)}"
            )
        return self.after_first(self.layers[0](self.normalize(features)))

    def after_first(self, hidden: Tensor) -> Tensor:
        """(…, w) outputs of the first layer to (…) scores."""
        for layer in self.layers[1:]:
            hidden = layer(self._dropped(torch.relu(hidden)))
        return hidden.squeeze(-1)

    def _dropped(self, hidden: Tensor) -> Tensor:
        # torch's own dropout draws one bit at a time, which takes three times as long on a CPU.
        if not self.training or not self.dropout:
            return hidden
        return hidden * (torch.rand_like(hidden) >= self.dropout) / (1 - self.dropout)
