import pytest
import torch

from phototriage.errors import ModelError
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
