import numpy as np
import pytest
import torch

from phototriage.errors import ModelError
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.config import InputNormalization
from phototriage.ranker.network import MultiFeaturePairwiseRanker


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


def test_dropout_keeps_the_mean() -> None:
    torch.manual_seed(0)
    ranker = MultiFeaturePairwiseRanker(2, hidden_dims=(20_000,), dropout=0.3, input_normalization="none")
    dropped = ranker._dropped(torch.ones(1, 20_000))
    assert sorted(set(dropped.flatten().tolist())) == pytest.approx([0, 1 / 0.7])
    assert dropped.mean().item() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("normalization", ["layernorm", "standardize", "none"])
def test_one_photo_a_batch_or_a_batch_of_series_get_the_same_scores(
    normalization: InputNormalization, training: bool
) -> None:
    torch.manual_seed(0)
    ranker = MultiFeaturePairwiseRanker(6, (8, 4), 0.0, normalization).train(training)
    photos = torch.randn(2, 3, 6)
    scores = ranker(photos)
    assert scores.shape == (2, 3)
    torch.testing.assert_close(ranker(photos[1]), scores[1])
    torch.testing.assert_close(ranker(photos[1, 2]), scores[1, 2])


def test_numbers_of_another_count_are_refused_with_both_counts() -> None:
    for shape in ((5,), (2, 5), ()):
        with pytest.raises(ModelError, match=r"takes 6 numbers per photo, .* \(…, 6\), not"):
            MultiFeaturePairwiseRanker(6)(torch.zeros(shape))


def test_a_config_provides_everything_but_the_input() -> None:
    config = MultiFeatureConfig(mlp_hidden_dims=(8,), dropout=0.5, input_normalization="standardize")
    torch.manual_seed(0)
    ranker = MultiFeaturePairwiseRanker(1540, config)
    torch.manual_seed(0)
    spelt_out = MultiFeaturePairwiseRanker(1540, [8], 0.5, "standardize")
    assert str(ranker) == str(spelt_out)
    assert ranker.dropout == spelt_out.dropout == 0.5
    photos = torch.randn(3, 1540)
    assert torch.equal(ranker.eval()(photos), spelt_out.eval()(photos))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "input_dim cannot be 0: it must be a whole number of at least 1"),
        ((3, (8, 0)), r"mlp_hidden_dims cannot be \(8, 0\): it must be up to 100 widths from 1 to 65,536"),
        ((3, (8,), 1.0), "dropout cannot be 1.0: it must be at least 0 and below 1"),
        (
            (3, (8,), 0.0, "batch"),
            "input_normalization cannot be 'batch': choose from layernorm, standardize",
        ),
    ],
)
def test_an_invalid_argument_names_its_range(arguments: tuple[int], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        MultiFeaturePairwiseRanker(*arguments)


@pytest.mark.parametrize("normalization", ["layernorm", "standardize", "none"])
def test_a_backbone_in_front_learns(normalization: InputNormalization) -> None:
    torch.manual_seed(0)
    backbone = torch.nn.Linear(3, 4)
    ranker = MultiFeaturePairwiseRanker(4, (8,), 0.0, normalization).train()
    a, b = torch.randn(2, 16, 3)
    loss = torch.nn.functional.margin_ranking_loss(
        ranker(backbone(a)), ranker(backbone(b)), torch.ones(16), margin=1.0
    )
    torch.autograd.backward(loss)
    assert backbone.weight.grad is not None
    assert backbone.weight.grad.abs().max() > 1e-4


def test_a_width_may_be_numpys() -> None:
    assert MultiFeaturePairwiseRanker(np.int64(8)).input_dim == 8  # type: ignore[arg-type]
