"""Losses on the scores of the two photos of a pair."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from phototriage.ranker.config import Loss

__all__ = ["LOSSES", "bradley_terry_loss", "margin_loss"]


def margin_loss(score_a: Tensor, score_b: Tensor, preference: Tensor, margin: float = 1.0) -> Tensor:
    """Mean of max(0, margin − lead of the preferred photo).

    Args:
        score_a, score_b: (n,) scores.
        preference: (n,) P(a over b) in [0, 1]; only its side of ½ counts, and pairs at ½ count nothing.
        margin: the lead from which on a pair costs nothing.

    Returns: a scalar.
    """
    side = (preference - 0.5).sign()
    # A pair at ½ has no winner: at side 0 it would cost the constant margin.
    losses = F.margin_ranking_loss(score_a, score_b, side, margin=margin, reduction="none") * side.abs()
    return losses.mean()


def bradley_terry_loss(score_a: Tensor, score_b: Tensor, preference: Tensor, margin: float = 1.0) -> Tensor:
    """Mean cross-entropy between the preference and σ(score_a − score_b) (Bradley and Terry, 1952).

    Takes what `margin_loss` takes; the margin does not matter here.
    """
    del margin
    return F.binary_cross_entropy_with_logits(score_a - score_b, preference)


LOSSES: dict[Loss, Callable[[Tensor, Tensor, Tensor, float], Tensor]] = {
    "margin": margin_loss,
    "bradley_terry": bradley_terry_loss,
}
