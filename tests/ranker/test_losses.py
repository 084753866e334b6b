import numpy as np
import pytest
import torch
from scipy.special import expit
from sklearn.metrics import log_loss

from phototriage.ranker.losses import LOSSES, bradley_terry_loss, margin_loss

A, B = torch.tensor([2.0, 0.0, 0.5]), torch.tensor([0.0, 1.0, 0.0])


def test_margin_asks_the_preferred_photo_to_lead() -> None:
    # Leads of the preferred photo: 2, 1, −0.5.
    loss = margin_loss(A, B, torch.tensor([1.0, 0.2, 0.3]), margin=1.5)
    assert loss.item() == pytest.approx((0 + 0.5 + 2.0) / 3)


def test_a_pair_without_a_winner_costs_nothing_under_margin() -> None:
    assert margin_loss(A, B, torch.full((3,), 0.5)).item() == 0


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
    assert loss.item() == pytest.approx(expected)


@pytest.mark.parametrize("name", LOSSES)
def test_the_order_of_a_pair_does_not_matter(name: str) -> None:
    preference = torch.tensor([0.9, 0.2, 0.5])
    forth = LOSSES[name](A, B, preference, 1.0)  # type: ignore[index]
    back = LOSSES[name](B, A, 1 - preference, 1.0)  # type: ignore[index]
    assert forth.item() == pytest.approx(back.item())
