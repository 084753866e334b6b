from typing import Any

import pytest
import torch

from phototriage.ranker.config import InputNormalization
from phototriage.ranker.frozen_features import ScaledLinear, score_frozen
from phototriage.ranker.network import MultiFeaturePairwiseRanker


def test_the_first_layers_gradients_are_autograds() -> None:
    torch.manual_seed(0)
    inputs, scale, shift, weight, bias, delta = (
        torch.randn(*size, dtype=torch.float64) for size in ((5, 4), (4,), (4,), (3, 4), (3,), (5, 3))
    )
    learned = [tensor.requires_grad_() for tensor in (scale, shift, weight, bias)]
    apply: Any = ScaledLinear.apply
    ours = apply(inputs, *learned)
    plain = torch.nn.functional.linear(inputs * scale + shift, weight, bias)
    torch.testing.assert_close(ours, plain)
    expected = torch.autograd.grad(plain, learned, delta)
    for found, wanted in zip(torch.autograd.grad(ours, learned, delta), expected, strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("normalization", ["layernorm", "standardize", "none"])
@pytest.mark.parametrize("hidden_dims", [(), (7, 5)])
def test_the_shortcut_computes_the_networks_scores_and_gradients(
    hidden_dims: tuple[int, ...], normalization: InputNormalization
) -> None:
    torch.manual_seed(0)
    network = MultiFeaturePairwiseRanker(6, hidden_dims, 0.0, normalization).double()
    for parameter in network.normalize.parameters():
        torch.nn.init.normal_(parameter)
    photos = torch.randn(5, 6, dtype=torch.float64)
    learned = list(network.parameters())
    plain, ours = network(photos), score_frozen(network, photos)
    torch.testing.assert_close(ours, plain)
    delta = torch.randn(5, dtype=torch.float64)
    expected = torch.autograd.grad(plain, learned, delta)
    for found, wanted in zip(torch.autograd.grad(ours, learned, delta), expected, strict=True):
        torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(network.eval()(photos), ours)
