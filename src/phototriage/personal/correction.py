"""A person's correction of a ranker, learned from few choices."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag, eigh
from scipy.special import expit

from phototriage.personal.pairs import Pairs
from phototriage.ranker import TrainedRanker

__all__ = ["Correction", "Learner", "corrected", "learn_correction"]

Matrix = NDArray[np.float64]

_NUMBERS = ("iqa", "iqa_plus")
"""Blocks whose numbers have names. A taste for these is another thing than one for what embeddings hold."""
_COMPONENTS = 32
"""Principal directions of a group; 96 changed nothing (docs/lab-log.md)."""
_STRENGTHS = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Standard deviations, in log-odds, that the correction of a typical difference in a series may have."""
_NO_TASTE = 0.8
"""How likely a person agrees with the ranker before anything is known of them."""
_SCALE_DEVIATION = 1.0
"""Standard deviation of the prior of the scale, around 1."""
_LEAST_SCALE = 0.05
_MOST_ROWS = 12_000
"""From which to learn how numbers vary within series, which more would hardly tell better."""
_MOST_STEPS, _SETTLED = 25, 1e-8
_LEAST_SQUARE = 1e-11
"""Of the length of a direction, beside the longest: less is rounding."""


@dataclass(frozen=True, eq=False)
class Correction:
    """log-odds of a over b = scale · those of the ranker + (input a − input b) · weights.

    scale: ≥ 0.05, how sure the ranker is taken to be. weights: float64 (dim,), of the ranker's inputs as its
    first layer sees them. no_taste: P(the person agrees with the ranker up to a scale), in [0, 1].
    scale_alone: the scale if that is so. spread: float64 (dim,), standard deviation of the difference of two
    photos of a series in each input, so that weights · spread says how far a typical difference moves the
    log-odds. uncertainty: float64 (1 + dim, k), U of the covariance U Uᵀ that scale and weights have by what
    was decided.
    """

    scale: float
    weights: Matrix
    no_taste: float
    scale_alone: float
    spread: Matrix
    uncertainty: Matrix


def learn_correction(
    ranker: TrainedRanker,
    rows: NDArray[np.float32],
    series: NDArray[np.intp],
    pairs: Pairs,
    beside: Matrix | None = None,
) -> Correction:
    """What a person's choices say against a ranker.

    Bradley-Terry (logistic) likelihood of soft preferences, with a Gaussian prior around the ranker itself:
    the scale of its log-odds is near 1, and the weights of its standardized inputs are near 0, alike in all
    directions, so that what varies most within series is learned first. Nobody tunes how strong the prior
    is: fits of every strength are averaged, each with its share by Laplace's approximation of the evidence
    (MacKay, Neural Computation 1992), and most of the prior lies on no taste at all.

    Args:
        ranker: whose log-odds are corrected.
        rows: float32 (n, dim), numbers of all photos at hand in the order of its blocks, not only of those
            that were compared: they say how numbers vary within series.
        series: intp (n,), the number of each photo's series.
        pairs: rows that the person compared; none gives a correction that changes nothing.
        beside: float64 (n,), log-odds that are added to the ranker's and that nobody scales; 0 by default.
    """
    return Learner(ranker, rows, series, beside).learn(pairs)


class Learner:
    """Learns again and again about the same photos, as a person goes on to choose; see `learn_correction`."""

    def __init__(
        self,
        ranker: TrainedRanker,
        rows: NDArray[np.float32],
        series: NDArray[np.intp],
        beside: Matrix | None = None,
    ) -> None:
        inputs = ranker.inputs_of(rows)
        unit = np.ones(inputs.shape[1])
        if ranker.config.input_normalization != "standardize":
            unit = np.maximum(inputs.std(axis=0), 1e-6)
        some = _of_some_series(series)
        standardized = inputs[some] / unit
        within = standardized - _means(standardized, series[some])
        self._base = ranker.scores_of(rows).astype(np.float64) / ranker.temperature
        self._beside = np.zeros(len(rows)) if beside is None else beside
        found = [_directions(within, columns) for columns in _groups(ranker)]
        self._directions = [each / unit[:, None] for each in found if each.shape[1]]
        self._places = [inputs @ each for each in self._directions]
        self._spread = np.sqrt(2 * np.square(within).sum(axis=0) / max(1, len(within))) * unit

    def learn(self, pairs: Pairs) -> Correction:
        """What these pairs of its rows say against the ranker."""
        lead = self._base[pairs.a] - self._base[pairs.b]
        fixed = self._beside[pairs.a] - self._beside[pairs.b]
        projected = [each[pairs.a] - each[pairs.b] for each in self._places]
        fits: list[_Fit] = []
        for strengths in product(_STRENGTHS, repeat=len(projected)):
            fits.append(_fit(lead, fixed, projected, strengths, pairs, fits[-1] if fits else None))
        shares = np.array(_shares(fits))
        found = np.array([fit.coefficients for fit in fits])
        mean = shares @ found
        apart = (found - mean) * np.sqrt(shares)[:, None]
        covariance = np.tensordot(shares, [fit.covariance for fit in fits], 1) + apart.T @ apart
        to_inputs = block_diag(1.0, np.hstack([np.zeros((len(self._spread), 0)), *self._directions]))
        lengths, axes = np.linalg.eigh(covariance)
        return Correction(
            scale=max(float(mean[0]), _LEAST_SCALE),
            weights=np.asarray((to_inputs @ mean)[1:], np.float64),
            no_taste=float(shares[0]),
            scale_alone=max(float(found[0, 0]), _LEAST_SCALE),
            spread=self._spread,
            uncertainty=to_inputs @ (axes * np.sqrt(lengths.clip(min=0))),
        )


def corrected(
    ranker: TrainedRanker, correction: Correction, seen: tuple[NDArray[np.uint32], NDArray[np.uint32]]
) -> TrainedRanker:
    """The ranker with a correction, as a ranker like any other.

    A linear term is two hidden units, since x = max(x, 0) − max(−x, 0); every later layer hands them on.

    seen: digests of the keys and of the content hashes of the photos that taught the correction.
    """
    linear = ranker.temperature / correction.scale * correction.weights
    weights = dict(ranker.weights)
    last = len(ranker.config.mlp_hidden_dims)
    for layer in range(last + 1):
        names = (f"layers.{layer}.weight", f"layers.{layer}.bias")
        weight, bias = (ranker.weights[name].astype(np.float64) for name in names)
        if layer == last == 0:
            weight = weight + linear
        elif layer == last:
            weight = np.hstack([weight, [[1.0, -1.0]]])
        else:
            weight = np.vstack([weight, linear, -linear]) if layer == 0 else block_diag(weight, np.eye(2))
            bias = np.append(bias, [0.0, 0.0])
        for name, values in zip(names, (weight, bias), strict=True):
            weights[name] = np.asarray(values, np.float32)
    widths = tuple(width + 2 for width in ranker.config.mlp_hidden_dims)
    return replace(
        ranker,
        weights=weights,
        config=replace(ranker.config, mlp_hidden_dims=widths),
        temperature=ranker.temperature / correction.scale,
        seen_keys=np.union1d(ranker.seen_keys, seen[0]),
        seen_contents=np.union1d(ranker.seen_contents, seen[1]),
    )


@dataclass(frozen=True, eq=False)
class _Fit:
    """coefficients: (1 + k,), the scale of the ranker's log-odds, and the weights of the directions of all
    groups. covariance: (1 + k, 1 + k), theirs, by Laplace's approximation. evidence: its logarithm.
    """

    coefficients: Matrix
    covariance: Matrix
    evidence: float


def _fit(
    lead: Matrix,
    fixed: Matrix,
    groups: Sequence[Matrix],
    strengths: Sequence[float],
    pairs: Pairs,
    near: _Fit | None = None,
) -> _Fit:
    """The most likely coefficients where each group's have a prior of that standard deviation.

    lead: (m,) log-odds of the pairs, to scale. fixed: (m,) those that stay. groups: (m, k) each, how the
    pairs differ in some directions. near: a fit of other strengths, from which it is not far.
    """
    deviation = np.repeat([_SCALE_DEVIATION, *strengths], [1, *(group.shape[1] for group in groups)])
    used = deviation > 0
    design = np.hstack([lead[:, None], *groups])[:, used]
    expected = np.eye(len(deviation))[0]
    precision = deviation[used] ** -2.0

    def loss(coefficients: Matrix) -> float:
        log_odds = fixed + design @ coefficients
        misfit = np.logaddexp(0, log_odds) - pairs.preference * log_odds
        return float(pairs.weight @ misfit + precision @ np.square(coefficients - expected[used]) / 2)

    def curvature(chances: Matrix) -> Matrix:
        certainty = pairs.weight * chances * (1 - chances)
        return np.asarray((design * certainty[:, None]).T @ design + np.diag(precision), np.float64)

    found = (near.coefficients if near else expected)[used]
    least = loss(found)
    for _ in range(_MOST_STEPS):
        chances = expit(fixed + design @ found)
        slope = design.T @ (pairs.weight * (chances - pairs.preference))
        slope += precision * (found - expected[used])
        step = np.linalg.solve(curvature(chances), slope)
        while (next_loss := loss(found - step)) > least + _SETTLED:
            step = step / 2
        found = found - step
        before, least = least, next_loss
        if before - least < _SETTLED:
            break
    curved = curvature(expit(fixed + design @ found))
    coefficients = np.zeros(len(deviation))
    coefficients[used] = found
    covariance = np.zeros((len(deviation), len(deviation)))
    covariance[np.ix_(used, used)] = np.linalg.inv(curved)
    return _Fit(
        coefficients,
        covariance,
        evidence=float(-least - np.linalg.slogdet(curved)[1] / 2 + np.log(precision).sum() / 2),
    )


def _shares(fits: Sequence[_Fit]) -> list[float]:
    """What each fit contributes to their average; the first is that of no taste."""
    prior = np.full(len(fits), (1 - _NO_TASTE) / max(1, len(fits) - 1))
    prior[0] = _NO_TASTE
    share = np.array([fit.evidence for fit in fits]) + np.log(prior)
    share = np.exp(share - share.max())
    return [float(each) for each in share / share.sum()]


def _groups(ranker: TrainedRanker) -> list[NDArray[np.intp]]:
    """The columns that are named numbers, and those of embeddings."""
    named = np.array([block.name in _NUMBERS for block in ranker.blocks for _ in block.columns], bool)
    return [np.flatnonzero(named), np.flatnonzero(~named)]


def _directions(within: Matrix, columns: NDArray[np.intp]) -> Matrix:
    """(dim, k) principal directions of some columns, in a unit in which a typical difference is 1.

    within: (n, dim), deviations from the mean of the series.
    """
    if not len(columns):
        return np.zeros((within.shape[1], 0))
    # Of the products, not of the rows, of which there may be a hundred thousand.
    size = len(columns)
    squares, axes = eigh(
        within[:, columns].T @ within[:, columns], subset_by_index=(max(0, size - _COMPONENTS), size - 1)
    )
    count = int(np.count_nonzero(squares > _LEAST_SQUARE * max(1.0, float(squares[-1]))))
    squares, axes = squares[::-1][:count], axes[:, ::-1][:, :count]
    found = np.zeros((within.shape[1], count))
    if count:
        found[columns] = axes / np.sqrt(squares.sum() / len(within))
    return found


def _of_some_series(series: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(n,) whether each row is of the series, whole and drawn at random, that tell how numbers vary."""
    if len(series) <= _MOST_ROWS:
        return np.ones(len(series), bool)
    _, number, counts = np.unique(series, return_inverse=True, return_counts=True)
    order = np.random.default_rng(0).permutation(len(counts))
    drawn = np.zeros(len(counts), bool)
    drawn[order[: np.searchsorted(counts[order].cumsum(), _MOST_ROWS) + 1]] = True
    return np.asarray(drawn[number])


def _means(values: Matrix, series: NDArray[np.intp]) -> Matrix:
    """(n, dim) the mean of each row's series."""
    _, number, counts = np.unique(series, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, number, values)
    return np.asarray((sums / counts[:, None])[number])
