from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import expit, log_softmax, softmax
from sklearn.metrics import log_loss

from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.dataset import MultiFeaturePairwiseDataset
from phototriage.ranker.losses import (
    PAIR_LOSSES,
    batch_loss,
    bradley_terry_loss,
    listwise_loss,
    margin_loss,
    pair_targets,
    series_targets,
)

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


# Series 0: photos 0, 1, 2 with strengths 1, 0, −2, of which the pair 0–2 was never compared. Series 1: photos
# 4 and 3. Photo 2 stands in series 2 too.
STRENGTHS = np.array([1.0, 0.0, -2.0])
PAIRS = MultiFeaturePairwiseDataset(
    matrix=np.zeros((6, 1), np.float32),
    row_a=np.array([0, 2, 4, 5]),
    row_b=np.array([1, 1, 3, 2]),
    preference=np.array([1 / (1 + np.exp(-1)), 1 / (1 + np.exp(2)), 0.8, 0.5], np.float32),
    votes=np.array([3, 1, 0, 2]),
    series=np.array([0, 0, 1, 2]),
)


def test_pairs_hard_soft_and_by_votes() -> None:
    hard, soft, votes = (pair_targets(PAIRS, labels) for labels in ("hard", "soft", "votes"))
    assert hard.preference.tolist() == [1, 0, 1, 0.5]
    assert np.array_equal(soft.preference, PAIRS.preference)
    assert np.array_equal(votes.preference, PAIRS.preference)
    assert hard.weight.tolist() == soft.weight.tolist() == [1, 1, 1, 1]
    # Known votes are 2 on average; where they are not known, a pair is an average one.
    assert votes.weight.tolist() == [1.5, 0.5, 1, 1]


def test_a_series_is_shared_by_strength_though_pairs_are_missing() -> None:
    targets = series_targets(PAIRS, "soft")
    assert targets.rows.tolist() == [[0, 1, 2], [3, 4, 0], [2, 5, 0]]
    assert targets.present.tolist() == [[True, True, True], [True, True, False], [True, True, False]]
    np.testing.assert_allclose(targets.shares[0], softmax(STRENGTHS), atol=2e-3)
    np.testing.assert_allclose(targets.shares[1:], [[0.2, 0.8, 0], [0.5, 0.5, 0]], atol=2e-3)


def test_the_strongest_takes_all_of_hard_labels_and_equals_share() -> None:
    assert series_targets(PAIRS, "hard").shares.tolist() == [[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]]


def test_a_series_weighs_the_votes_of_its_pairs() -> None:
    assert series_targets(PAIRS, "votes").weight.tolist() == pytest.approx([4 / 3, 1, 2 / 3])


def test_where_no_votes_are_known_all_weigh_the_same() -> None:
    uncounted = replace(PAIRS, votes=np.zeros(4, int))
    assert pair_targets(uncounted, "votes").weight.tolist() == [1, 1, 1, 1]
    assert series_targets(uncounted, "votes").weight.tolist() == [1, 1, 1]


@pytest.mark.parametrize("loss", ["margin", "bradley_terry", "listwise"])
@pytest.mark.parametrize("labels", ["hard", "soft", "votes"])
def test_swapped_pairs_change_no_loss(loss: str, labels: str) -> None:
    config = MultiFeatureConfig(loss=loss, labels=labels)  # type: ignore[arg-type]
    scores = torch.tensor([0.3, -1.0, 0.8, 0.1, 2.0, -0.4])
    both = PAIRS.with_swapped()
    once, twice = (
        batch_loss(config, pairs)(scores, pairs.batch(np.arange(len(pairs)))) for pairs in (PAIRS, both)
    )
    assert once.item() == pytest.approx(twice.item())
    assert once.item() > 0


def test_the_loss_of_series_needs_only_the_photos_of_the_batch() -> None:
    loss = batch_loss(MultiFeatureConfig(loss="listwise"), PAIRS)
    scores = torch.tensor([0.3, -1.0, 0.8, 0.1, 2.0, -0.4])
    batch = PAIRS.batch(np.array([0, 1, 3]))
    assert batch.photos.tolist() == [0, 1, 2, 5]
    shares = series_targets(PAIRS, "soft").shares
    expected = [
        -(shares[0] @ np.log(softmax([0.3, -1.0, 0.8]))),
        -(shares[2, :2] @ np.log(softmax([0.8, -0.4]))),
    ]
    assert loss(scores[torch.from_numpy(batch.photos)], batch).item() == pytest.approx(np.mean(expected))
