import numpy as np
import pytest
import torch
from scipy.special import expit, log_softmax
from sklearn.metrics import log_loss

from phototriage.ranker.losses import PAIR_LOSSES, bradley_terry_loss, listwise_loss, margin_loss

A, B = torch.tensor([2.0, 0.0, 0.5]), torch.tensor([0.0, 1.0, 0.0])


def test_margin_asks_the_preferred_photo_to_lead() -> None:
    # Leads of the preferred photo: 2, 1, −0.5.
    loss = margin_loss(A, B, torch.tensor([1.0, 0.2, 0.3]), margin=1.5)
    assert loss.tolist() == pytest.approx([0, 0.5, 2.0])


def test_a_pair_without_a_winner_costs_nothing_under_margin() -> None:
    assert margin_loss(A, B, torch.full((3,), 0.5)).tolist() == [0, 0, 0]


def test_bradley_terry_is_scikit_learns_log_loss_on_soft_labels() -> None:
    preference = np.array([0.9, 0.2, 0.6])
    probability = expit((A - B).numpy().astype(float))
    # A soft label is both outcomes, weighted.
    expected = log_loss(
        [1, 1, 1, 0, 0, 0],
        np.tile(probability, 2),
        sample_weight=np.concatenate([preference, 1 - preference]),
    )
    loss = bradley_terry_loss(A.double(), B.double(), torch.from_numpy(preference))
    assert loss.mean().item() == pytest.approx(expected)


@pytest.mark.parametrize("name", PAIR_LOSSES)
def test_the_order_of_a_pair_does_not_matter(name: str) -> None:
    preference = torch.tensor([0.9, 0.2, 0.5])
    forth = PAIR_LOSSES[name](A, B, preference, 1.0)
    back = PAIR_LOSSES[name](B, A, 1 - preference, 1.0)
    torch.testing.assert_close(forth, back)


def test_listwise_is_the_cross_entropy_of_each_series_whatever_stands_in_the_empty_places() -> None:
    scores = torch.tensor([[0.3, -1.0, 2.0], [1.0, 0.0, 50.0]], dtype=torch.float64, requires_grad=True)
    shares = torch.tensor([[0.2, 0.1, 0.7], [0.4, 0.6, 0.0]], dtype=torch.float64)
    present = torch.tensor([[True, True, True], [True, True, False]])
    loss = listwise_loss(scores, shares, present)
    expected = [
        -(np.array([0.2, 0.1, 0.7]) @ log_softmax([0.3, -1.0, 2.0])),
        -(np.array([0.4, 0.6]) @ log_softmax([1.0, 0.0])),
    ]
    assert loss.tolist() == pytest.approx(expected)
    torch.autograd.backward(loss.sum())
    assert scores.grad is not None
    # The gradient of a softmax under cross-entropy is softmax − shares; an empty place has none.
    assert scores.grad[1].tolist() == pytest.approx([expit(1.0) - 0.4, expit(-1.0) - 0.6, 0.0])


def test_listwise_of_two_photos_is_bradley_terry() -> None:
    preference = torch.tensor([0.9, 0.2, 0.5])
    shares = torch.stack([preference, 1 - preference], dim=1)
    pairs = listwise_loss(torch.stack([A, B], dim=1), shares, torch.ones(3, 2, dtype=torch.bool))
    torch.testing.assert_close(pairs, bradley_terry_loss(A, B, preference))
