"""Which series to ask a person about, so that few answers teach much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phototriage.personal.correction import Correction
from phototriage.ranker import TrainedRanker

__all__ = ["Questions", "questions"]

Matrix = NDArray[np.float64]

_GATE_EVERY = 4
"""One question of so many is of the gate's series, as one series of so many is the gate's."""
_MOST_ASKED = 32
"""Questions that take account of each other; a person answers fewer before they are asked anew."""
_LOOKED_AT = 512
_AT_ONCE = 1024


@dataclass(frozen=True)
class Questions:
    """series: intp (k,), numbers of series in the order in which to ask. blind: bool (k,), whether each is
    of the gate, so that neither scores nor a suggestion may be seen. gain: float64 (k,), how much better the
    answer is expected to foretell the other picks of the library, in nats a series; 0 of the gate's.
    """

    series: NDArray[np.intp]
    blind: NDArray[np.bool_]
    gain: Matrix


def questions(
    ranker: TrainedRanker,
    correction: Correction,
    rows: NDArray[np.float32],
    series: NDArray[np.intp],
    undecided: Sequence[int] | NDArray[np.intp],
    kept: NDArray[np.bool_],
) -> Questions:
    """Orders undecided series by what their answers would teach.

    A pick among the photos of a series is a multinomial observation of the correction, whose information is
    Λ = Σ p (x − x̄)(x − x̄)ᵀ with x̄ = Σ p x, over photos x picked with chance p. The mean Λ of the library's
    series says which errors of the correction matter for its picks; an answer shrinks the covariance of the
    correction, and its gain is half of how much the trace of their product shrinks (V-optimal design, in
    units of log-likelihood). The next question is the one of most gain after the answers to those before it,
    which gives variety: what one answer teaches need not be asked again.

    Args:
        ranker: whose log-odds are corrected.
        correction: what is known by now, with its uncertainty.
        rows: float32 (n, dim), numbers of all photos of the library, in the order of the ranker's blocks.
        series: intp (n,), the number of each photo's series, 0 … m − 1.
        undecided: numbers of the series that may be asked.
        kept: bool (m,), which series are the gate's. They are mixed in as every fourth question, drawn by
            lot, and say nothing of what is asked beside them.
    """
    count = len(kept)
    order = np.argsort(series, kind="stable")
    starts = np.searchsorted(series[order], np.arange(count))
    sizes = np.bincount(series, minlength=count)
    allowed = np.zeros(count, bool)
    allowed[np.asarray(undecided, np.intp)] = True
    allowed &= sizes > 1
    log_odds, places = _seen(ranker, correction, rows)
    log_odds, places = log_odds[order], places[order]
    group = np.repeat(np.arange(count), sizes)
    chance = _chances(log_odds, places, group, starts, sizes)
    away = places - _sums(places * chance[:, None], starts, sizes)[group]
    seen_as = away * np.sqrt(chance)[:, None]

    taught = _greedy(seen_as, starts, sizes, allowed & ~kept)
    lot = np.random.default_rng(len(allowed) - int(allowed.sum()))
    judged = lot.permutation(np.flatnonzero(allowed & kept))
    return _mixed(*taught, judged)


def _seen(ranker: TrainedRanker, correction: Correction, rows: NDArray[np.float32]) -> tuple[Matrix, Matrix]:
    """(n,) corrected log-odds, and (n, k) places in which the correction's covariance is the unit matrix."""
    to = np.column_stack([np.append(correction.scale, correction.weights), correction.uncertainty])
    found = np.empty((len(rows), to.shape[1]))
    for begin in range(0, len(rows), _AT_ONCE):
        part = rows[begin : begin + _AT_ONCE]
        base = ranker.scores_of(part).astype(np.float64) / ranker.temperature
        found[begin : begin + _AT_ONCE] = np.outer(base, to[0]) + ranker.inputs_of(part) @ to[1:]
    return found[:, 0], found[:, 1:]


def _chances(
    log_odds: Matrix,
    places: Matrix,
    group: NDArray[np.intp],
    starts: NDArray[np.intp],
    sizes: NDArray[np.intp],
) -> Matrix:
    """(n,) the chance of each photo to be picked, by the mean of what the correction may be.

    Log-odds that are uncertain by a variance v count as √(1 + π v / 8) times less (MacKay, Neural Computation
    1992).
    """
    mean = _sums(places, starts, sizes) / np.maximum(sizes, 1)[:, None]
    variance = 2 * np.square(places - mean[group]).sum(axis=1)
    spread = _sums(variance, starts, sizes) / np.maximum(sizes, 1)
    tempered = log_odds / np.sqrt(1 + np.pi * spread / 8)[group]
    highest = np.full(len(sizes), -np.inf)
    np.maximum.at(highest, group, tempered)
    chance = np.exp(tempered - highest[group])
    return np.asarray(chance / _sums(chance, starts, sizes)[group])


def _greedy(
    seen_as: Matrix, starts: NDArray[np.intp], sizes: NDArray[np.intp], allowed: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], Matrix]:
    """Series in the order of their gain, each of the first after the answers to those before; and the gains.

    seen_as: (n, k), √p (x − x̄) of each photo, so that Λ of a series is the sum of the products.
    """
    matters = seen_as.T @ seen_as / max(int(np.count_nonzero(sizes > 1)), 1)
    covariance = np.eye(seen_as.shape[1])

    def gain_of(chosen: NDArray[np.intp]) -> Matrix:
        photos = np.repeat(starts[chosen] - np.cumsum(sizes[chosen]) + sizes[chosen], sizes[chosen])
        photos += np.arange(len(photos))
        begin = np.cumsum(sizes[chosen]) - sizes[chosen]
        moved = seen_as[photos] @ covariance
        shrinks = _sums(np.einsum("ij,ij->i", moved @ matters, moved), begin, sizes[chosen])
        certain = _sums(np.einsum("ij,ij->i", moved, seen_as[photos]), begin, sizes[chosen])
        return shrinks / (1 + certain) / 2

    left = allowed.copy()
    gain = np.full(len(sizes), -np.inf)
    gain[allowed] = gain_of(np.flatnonzero(allowed))
    asked: list[int] = []
    gains: list[float] = []
    for _ in range(min(_MOST_ASKED, int(allowed.sum()))):
        known = ~left
        while not known[best := int(np.where(left, gain, -np.inf).argmax())]:
            # A gain only shrinks with every answer, so those that were small need not be computed again.
            again = np.flatnonzero(~known)
            again = again[np.argsort(-gain[again])[:_LOOKED_AT]]
            gain[again] = gain_of(again)
            known[again] = True
        asked.append(best)
        gains.append(float(gain[best]))
        left[best] = False
        of_best = seen_as[starts[best] : starts[best] + sizes[best]]
        across = covariance @ of_best.T
        covariance = covariance - across @ np.linalg.solve(np.eye(len(of_best)) + of_best @ across, across.T)
    rest = np.flatnonzero(left)
    rest = rest[np.argsort(-gain[rest], kind="stable")]
    return np.append(np.array(asked, np.intp), rest), np.append(np.array(gains), gain[rest])


def _mixed(taught: NDArray[np.intp], gain: Matrix, judged: NDArray[np.intp]) -> Questions:
    """Every fourth question of the gate, as long as there are both kinds."""
    place = np.concatenate(
        [
            np.arange(len(taught)) + np.arange(len(taught)) // (_GATE_EVERY - 1),
            (np.arange(len(judged)) + 1) * _GATE_EVERY - 1.5,
        ]
    )
    order = np.argsort(place, kind="stable")
    blind = np.repeat([False, True], [len(taught), len(judged)])
    return Questions(
        np.append(taught, judged)[order],
        blind[order],
        np.append(gain, np.zeros(len(judged)))[order],
    )


def _sums(values: Matrix, starts: NDArray[np.intp], sizes: NDArray[np.intp]) -> Matrix:
    """(m, …) sums over the photos of each series, which follow each other; 0 of a series without any."""
    found = np.zeros((len(sizes), *values.shape[1:]))
    there = sizes > 0
    if there.any():
        found[there] = np.add.reduceat(values, starts[there], axis=0)
    return found
