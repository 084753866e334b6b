from typing import Any

import pytest
import torch

from phototriage.errors import ModelError
from phototriage.ranker.network import MultiFeaturePairwiseRanker, ScaledLinear


def test_the_specified_ranker_has_923657_parameters() -> None:
    ranker = MultiFeaturePairwiseRanker(1540)
    assert sum(parameter.numel() for parameter in ranker.parameters()) == 923_657


def test_without_hidden_layers_it_is_linear() -> None:
    ranker = MultiFeaturePairwiseRanker(3, hidden_dims=[], input_normalization="standardize").eval()
    x, y = torch.randn(2, 5, 3)
    middle = ranker((x + y) / 2)
    torch.testing.assert_close(middle, (ranker(x) + ranker(y)) / 2)


def test_a_score_per_photo_whatever_else_is_in_the_batch() -> None:
    ranker = MultiFeaturePairwiseRanker(6, hidden_dims=(8, 4)).eval()
    photos = torch.randn(5, 6)
    scores = ranker(photos)
    assert scores.shape == (5,)
    torch.testing.assert_close(ranker(photos[2:3]), scores[2:3])


def test_standardize_takes_the_training_statistics() -> None:
    ranker = MultiFeaturePairwiseRanker(3, input_normalization="standardize")
    photos = torch.tensor([[1.0, 10.0, 5.0], [3.0, 30.0, 5.0]])
    ranker.fit_normalization(photos)
    # The third number is constant: centred, not blown up.
    torch.testing.assert_close(ranker.normalize(photos), torch.tensor([[-1.0, -1.0, 0.0], [1.0, 1.0, 0.0]]))


def test_dropout_only_while_training() -> None:
    torch.manual_seed(0)
    ranker = MultiFeaturePairwiseRanker(4, hidden_dims=(64,), dropout=0.5)
    photos = torch.randn(8, 4)
    assert not torch.equal(ranker(photos), ranker(photos))
    ranker.eval()
    assert torch.equal(ranker(photos), ranker(photos))


def test_layernorm_of_one_feature_is_refused() -> None:
    with pytest.raises(ModelError, match="use input_normalization standardize"):
        MultiFeaturePairwiseRanker(1)


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


@pytest.mark.parametrize("hidden_dims", [(), (7, 5)])
def test_training_and_judging_compute_the_same_scores(hidden_dims: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    ranker = MultiFeaturePairwiseRanker(6, hidden_dims, dropout=0.0)
    torch.nn.init.normal_(ranker.normalize.weight)  # type: ignore[arg-type]
    torch.nn.init.normal_(ranker.normalize.bias)  # type: ignore[arg-type]
    photos = torch.randn(5, 6)
    trained = ranker(photos)
    torch.testing.assert_close(ranker.eval()(photos), trained)


def test_dropout_keeps_the_mean() -> None:
    torch.manual_seed(0)
    ranker = MultiFeaturePairwiseRanker(2, hidden_dims=(20_000,), dropout=0.3, input_normalization="none")
    dropped = ranker._dropped(torch.ones(1, 20_000))
    assert sorted(set(dropped.flatten().tolist())) == pytest.approx([0, 1 / 0.7])
    assert dropped.mean().item() == pytest.approx(1, abs=0.03)
