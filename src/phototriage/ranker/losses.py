"""Losses on scores: of the two photos of a pair, or of all photos of a series."""

from collections.abc import Callable

from phototriage.extras import extra

with extra("train"):
    import torch
    import torch.nn.functional as F
    from torch import Tensor


__all__ = ["PAIR_LOSSES", "bradley_terry_loss", "listwise_loss", "margin_loss"]


def margin_loss(score_a: Tensor, score_b: Tensor, preference: Tensor, margin: float = 1.0) -> Tensor:
    """max(0, margin − lead of the preferred photo), per pair.

    Args:
        score_a, score_b: (n,) scores.
        preference: (n,) P(a over b) in [0, 1]; only its side of ½ counts, and pairs at ½ cost nothing.
        margin: the lead from which on a pair costs nothing.

    Returns: (n,).
    """
    side = (preference - 0.5).sign()
    # A pair at ½ has no winner: at side 0 it would cost the constant margin.
    return F.margin_ranking_loss(score_a, score_b, side, margin=margin, reduction="none") * side.abs()


def bradley_terry_loss(score_a: Tensor, score_b: Tensor, preference: Tensor, margin: float = 1.0) -> Tensor:
    """Cross-entropy between the preference and σ(score_a − score_b) (Bradley and Terry, 1952), per pair.

    Takes and returns what `margin_loss` does; the margin does not matter here.
    """
    del margin
    return F.binary_cross_entropy_with_logits(score_a - score_b, preference, reduction="none")


def listwise_loss(scores: Tensor, shares: Tensor, present: Tensor) -> Tensor:
    """Cross-entropy between how often each photo is the best of its series and softmax(scores), per series.

    The softmax is the first choice of the Plackett-Luce model (Luce 1959, Plackett 1975); with soft targets
    the loss is ListNet's (Cao et al., Learning to Rank, ICML 2007). In a series of two photos it is
    `bradley_terry_loss`.

    Args:
        scores: (s, m) scores, a row per series.
        shares: (s, m) P(best of the series), each row adding up to 1, and 0 where no photo is.
        present: (s, m) bool; false where a series has fewer than m photos.

    Returns: (s,).
    """
    lowest = torch.finfo(scores.dtype).min
    return -(shares * F.log_softmax(scores.masked_fill(~present, lowest), dim=1)).sum(dim=1)


PAIR_LOSSES: dict[str, Callable[[Tensor, Tensor, Tensor, float], Tensor]] = {
    "margin": margin_loss,
    "bradley_terry": bradley_terry_loss,
}
