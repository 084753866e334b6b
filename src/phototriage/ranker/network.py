"""The network that gives a photo its score."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from phototriage.errors import ModelError
from phototriage.extras import extra
from phototriage.ranker.config import InputNormalization

with extra("train"):
    import torch
    import torch.nn.functional as F
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


class ScaledLinear(torch.autograd.Function):
    """linear(inputs · scale + shift, weight, bias) of (n, d) inputs that need no gradient.

    Autograd would compute the gradient of inputs · scale + shift, a matrix product as large as the other two
    of the layer, and then sum it over the photos to get the gradients of scale and shift. Both also follow
    from δᵀ inputs, which the weight's gradient needs anyway.
    """

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, scale: Tensor, shift: Tensor, weight: Tensor, bias: Tensor
    ) -> Tensor:
        ctx.save_for_backward(inputs, scale, shift, weight)
        return torch.addmm(bias, inputs * scale + shift, weight.T)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (delta,) = gradients
        inputs, scale, shift, weight = ctx.saved_tensors
        product, total = delta.T @ inputs, delta.sum(dim=0)
        of_scale = (product * weight).sum(dim=0)
        return None, of_scale, total @ weight, product.mul_(scale).addr_(total, shift), total


_NORMALIZATIONS: dict[InputNormalization, Callable[[int], nn.Module]] = {
    "layernorm": nn.LayerNorm,
    "standardize": Standardize,
    "none": nn.Identity,
}


class MultiFeaturePairwiseRanker(nn.Module):
    """Input normalization → [Linear → ReLU → Dropout] per hidden layer → Linear to one score.

    Args:
        input_dim: numbers per photo.
        hidden_dims: widths of the hidden layers; no width makes the ranker linear.
        dropout: dropout rate of the hidden units in training.
        input_normalization: `layernorm`, `standardize` or `none`; `standardize` needs one call of
            `fit_normalization`.

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
        self.normalize = _NORMALIZATIONS[input_normalization](input_dim)
        widths = [input_dim, *hidden_dims, 1]
        self.layers = nn.ModuleList(nn.Linear(wide, narrow) for wide, narrow in pairwise(widths))
        self.dropout = dropout

    def fit_normalization(self, features: Tensor) -> None:
        """Takes the training statistics, if the normalization has any, from (n, input_dim) features."""
        if isinstance(self.normalize, Standardize):
            self.normalize.fit(features)

    def forward(self, features: Tensor) -> Tensor:
        """(n, input_dim) features to (n,) scores; a higher score is a better photo."""
        hidden = self._first(features)
        for layer in self.layers[1:]:
            hidden = layer(self._dropped(torch.relu(hidden)))
        return hidden.squeeze(-1)

    def _first(self, features: Tensor) -> Tensor:
        """The first layer, applied to the normalized features."""
        first, norm = self.layers[0], self.normalize
        if self.training and isinstance(norm, nn.LayerNorm):
            normal = F.layer_norm(features, features.shape[1:], eps=norm.eps)
            return torch.as_tensor(
                ScaledLinear.apply(normal, norm.weight, norm.bias, first.weight, first.bias)  # type: ignore[no-untyped-call]
            )
        return torch.as_tensor(first(norm(features)))

    def _dropped(self, hidden: Tensor) -> Tensor:
        # torch's own dropout draws one bit at a time, which takes three times as long on a CPU.
        if not self.training or not self.dropout:
            return hidden
        return hidden * (torch.rand_like(hidden) >= self.dropout) / (1 - self.dropout)
