"""The accuracy that is possible against labels that are themselves votes of a few people."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln

from phototriage.evaluation.resampling import Estimate, estimates, resampled_sums

__all__ = ["Ceiling", "ceiling"]

_CONCENTRATIONS = np.geomspace(0.02, 200, 500)
_ROUNDING = 1e-6
_LEAST_PAIRS = 100  # with fewer, α is uncertain, and the ceiling could be below a scorer


@dataclass(frozen=True)
class Ceiling:
    """The accuracy that label noise allows, by kind of pair (`threshold_kinds`).

    oracle: knows for every pair which photo most people would choose. single_rater: one additional person
    who chooses by personal taste. concentration: α of the fitted Beta(α, α); below 1, people mostly agree.
    pairs: number of usable pairs; votes: their average number of votes.
    """

    oracle: Mapping[str, Estimate | None]
    single_rater: Mapping[str, Estimate | None]
    concentration: float
    pairs: int
    votes: float


def ceiling(
    preference: NDArray[np.float64],
    votes_a: NDArray[np.int64],
    votes_b: NDArray[np.int64],
    series_size: NDArray[np.integer],
    starts: NDArray[np.intp],
    kinds: Mapping[str, NDArray[np.bool_]],
    seed: int,
) -> Ceiling | None:
    """The accuracy of an oracle and of a single rater against these labels.

    The model: for each pair, a share θ of all people prefers photo a. Over pairs, θ ~ Beta(α, α), which is
    symmetric because the order within a pair is arbitrary. Of n voters, k choose a: k ~ Binomial(n, θ), so k
    is beta-binomial (Skellam, 1948). α is its maximum-likelihood estimate from all votes. Given its votes,
    θ ~ Beta(α + k, α + n − k). With k' of the n votes for the photo that the label names as the winner,

      oracle:       P(most people choose that photo) = P(θ' > ½) = I½(α + n − k', α + k'), where I is the
                    regularized incomplete beta function;
      single rater: P(one additional person chooses it) = E θ' = (α + k') / (2α + n);

    each averaged over the pairs of a kind.

    The assumptions: voters are independent and identically distributed, pairs are independent, and the label
    contains no information beyond the pair's own votes. Therefore only series count whose labels come from
    each pair's own votes: series of two photos, and series whose preferences are all vote shares.
    PhotoTriage's released p of a larger series is a Bradley-Terry fit to all its votes. Such a label is right
    more often than the pair's own votes suggest (by 5 to 12 points in simulations with known strengths), so
    series of two photos stand in for it. With only two or three votes per pair, unanimous pairs are hard to
    distinguish from majority pairs. The oracle's figure then depends on the shape of the beta distribution;
    the single rater's figure depends on it less.

    Args:
        preference: (n,) the labels: P(a over b).
        votes_a, votes_b: (n,) votes for either photo; 0 and 0 if unknown.
        series_size: (n,) number of photos in the pair's series.
        starts: (s,) the first row of each series; rows are sorted by series.
        kinds: (n,) masks by name; pairs without a winner are in none of them.
        seed: for the intervals over series; every sample refits α.

    Returns: None if fewer than 100 such pairs have a winner, or if no pair has two votes, so that α is
    undetermined.
    """
    votes = votes_a + votes_b
    for_winner = np.where(preference > 0.5, votes_a, votes_b)
    is_share = np.abs(votes_a - preference * votes) < _ROUNDING
    all_shares = np.repeat(np.logical_and.reduceat(is_share, starts), np.diff(np.append(starts, len(votes))))
    own = (votes > 0) & ((series_size == 2) | all_shares)
    if (own & kinds["accuracy"]).sum() < _LEAST_PAIRS or votes[own].max() < 2:
        return None
    cells, cell_of = np.unique(np.stack([for_winner, votes], axis=1), axis=0, return_inverse=True)
    one_hot = np.eye(len(cells))[cell_of.ravel()] * own[:, None]
    by_kind = [one_hot, *(one_hot * mask[:, None] for mask in kinds.values())]
    by_series = np.hstack([np.add.reduceat(counts, starts) for counts in by_kind])
    # One row for all series, then one per sample; counts of cells, in total and by kind.
    counts = np.vstack([by_series.sum(axis=0), resampled_sums(by_series, seed)])
    counts = counts.reshape(len(counts), len(by_kind), len(cells))

    k, n = cells[:, :1], cells[:, 1:]
    alpha = _CONCENTRATIONS[None, :]
    likelihood = betaln(alpha + k, alpha + n - k) - betaln(alpha, alpha)
    best = np.argmax(counts[:, 0] @ likelihood, axis=1)
    right = {
        "oracle": betainc(alpha + n - k, alpha + k, 0.5)[:, best].T,
        "single_rater": ((alpha + k) / (2 * alpha + n))[:, best].T,
    }
    known = counts[:, 1:]
    with np.errstate(invalid="ignore"):
        shares = {
            who: np.einsum("rkc,rc->rk", known, chance) / known.sum(axis=2) for who, chance in right.items()
        }
    figures = {
        who: dict(zip(kinds, estimates(share[0], share[1:]), strict=True)) for who, share in shares.items()
    }
    return Ceiling(
        **figures,
        concentration=float(_CONCENTRATIONS[best[0]]),
        pairs=int(own.sum()),
        votes=float(votes[own].mean()),
    )
