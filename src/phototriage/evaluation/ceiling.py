"""How right anybody can be against labels that are themselves votes of a few people."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln

from phototriage.evaluation.resampling import Estimate, estimates, resampled_sums

__all__ = ["Ceiling", "ceiling"]

_CONCENTRATIONS = np.geomspace(0.02, 200, 500)
_ROUNDING = 1e-6
_LEAST_PAIRS = 100  # of fewer, α says little, and the ceiling could come out under a scorer


@dataclass(frozen=True)
class Ceiling:
    """The accuracy that noise in the labels allows, by kind of pair (`threshold_kinds`).

    oracle: knows of every pair which photo most people would choose. single_rater: one more person, who
    chooses by his own taste. concentration: α of the fitted Beta(α, α): under 1, people mostly agree.
    pairs: those that tell, and votes: how many these have on average.
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
    """What an oracle, and a single rater, would score against these labels.

    The model: of a pair, a share θ of all people prefers photo a; over pairs θ ~ Beta(α, α), which is
    symmetric because the order of a pair means nothing. Of n voters k choose a: k ~ Binomial(n, θ), so k is
    beta-binomial (Skellam, 1948), and α is the one under which all votes are likeliest. Given its votes,
    θ ~ Beta(α + k, α + n − k). With k' of the n votes for the photo that the label names as the winner,

      oracle:       P(that photo is most people's) = P(θ' > ½) = I½(α + n − k', α + k'), I the regularised
                    incomplete beta function;
      single rater: P(one more person chooses it) = E θ' = (α + k') / (2α + n);

    each averaged over the pairs of a kind.

    What is assumed: voters are independent and alike, pairs are independent, and the label says nothing that
    the pair's own votes do not. So only series whose labels come from each pair's own votes count: those of
    two photos, and those whose preferences all are the shares of the votes. PhotoTriage's released p of a
    larger series is a Bradley-Terry fit to all its votes; such a label is right more often than the pair's
    own votes let on (in simulations with known strengths by 5 to 12 points), and the series of two photos
    stand for it. Where pairs have only two or three votes, these hardly tell a pair that all people agree on
    from one that most do: the oracle's figure then rests on the shape of the beta distribution, and the
    single rater's less so.

    Args:
        preference: (n,) the labels: P(a over b).
        votes_a, votes_b: (n,) votes for either photo; 0 and 0 where unknown.
        series_size: (n,) how many photos the pair's series has.
        starts: (s,) the first row of each series; rows are sorted by series.
        kinds: (n,) masks by name; pairs without a winner are in none.
        seed: of the intervals, over series; α is fitted anew in every sample.

    Returns: None where fewer than 100 such pairs have a winner, or none has two votes, which leave α open.
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
    # One row for all series together, then one for each sample; the counts of cells, for all and by kind.
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
