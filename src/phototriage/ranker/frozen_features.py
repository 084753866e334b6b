"""Training on features that need no gradient, as those of a frozen backbone: a shortcut of the trainer."""

from typing import Any

from phototriage.extras import extra
from phototriage.ranker.network import MultiFeaturePairwiseRanker

with extra("train"):
    import torch
    import torch.nn.functional as F
    from torch import Tensor, nn

__all__ = ["score_frozen"]


def score_frozen(network: MultiFeaturePairwiseRanker, features: Tensor) -> Tensor:
    """(n, input_dim) features to (n,) scores, with gradients of the network alone, never of the features.

    The scores and the gradients of the weights equal those of the network itself, up to rounding.
    """
    first, norm = network.layers[0], network.normalize
    if not isinstance(norm, nn.LayerNorm):
        return torch.as_tensor(network(features))
    normal = F.layer_norm(features, features.shape[1:], eps=norm.eps)
    hidden = ScaledLinear.apply(normal, norm.weight, norm.bias, first.weight, first.bias)  # type: ignore[no-untyped-call]
    return network.after_first(hidden)


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
