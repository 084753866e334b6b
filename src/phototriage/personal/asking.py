"""Which series to ask a person about, so that few answers teach much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, softmax

from phototriage.personal.correction import Correction
from phototriage.ranker import TrainedRanker

__all__ = ["Questions", "questions"]

Matrix = NDArray[np.float64]

_GATE_EVERY = 4
"""One question of so many is of the gate's series, as one series of so many is the gate's."""
_MOST_ASKED = 32
"""Questions that take account of each other; a person answers fewer before they are asked anew."""
_LOOKED_AT = 256
_DRAWS = 64
_AT_ONCE = 1024


@dataclass(frozen=True)
class Questions:
    """series: intp (k,), numbers of series in the order in which to ask. blind: bool (k,), whether each is
    of the gate, so that neither scores nor a suggestion may be seen. gain: float64 (k,), what the answer is
    expected to tell of the correction, in nats; 0 of the gate's.
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

    The gain of a series is the mutual information between the pick in it and the correction (Houlsby and
    others, Bayesian active learning for classification and preference learning, 2011). It is large where
    corrections that are all likely disagree, not where any person would find it hard. The next question is
    the one of most gain after the answers to those before it, which gives variety: what one answer teaches is
    not asked again.

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
    taught = _Library(log_odds, places, starts, sizes).in_order(allowed & ~kept)
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


class _Library:
    """Photos in the order of their series, as the correction sees them.

    log_odds: (n,). places: (n, k), in which the correction's covariance is the unit matrix. starts, sizes:
    (m,), of each series.
    """

    def __init__(
        self, log_odds: Matrix, places: Matrix, starts: NDArray[np.intp], sizes: NDArray[np.intp]
    ) -> None:
        self._log_odds, self._places = log_odds, places
        self._starts, self._sizes = starts, sizes
        self._draws = np.random.default_rng(0).normal(size=(_DRAWS, places.shape[1]))

    def in_order(self, allowed: NDArray[np.bool_]) -> tuple[NDArray[np.intp], Matrix]:
        """Series by their gain, each of the first after the answers to those before; and the gains."""
        left = allowed.copy()
        gain = np.full(len(allowed), -np.inf)
        draws = self._draws
        gain[allowed] = self._gain(np.flatnonzero(allowed), draws)
        asked: list[int] = []
        gains: list[float] = []
        for _ in range(min(_MOST_ASKED, int(allowed.sum()))):
            known = ~left
            while not known[best := int(np.where(left, gain, -np.inf).argmax())]:
                # A gain shrinks with every answer, so those that were small need not be computed again.
                again = np.flatnonzero(~known)
                again = again[np.argsort(-gain[again])[:_LOOKED_AT]]
                gain[again] = self._gain(again, draws)
                known[again] = True
            asked.append(best)
            gains.append(float(gain[best]))
            left[best] = False
            draws = self._after(best, draws)
        rest = np.flatnonzero(left)
        rest = rest[np.argsort(-gain[rest], kind="stable")]
        return np.append(np.array(asked, np.intp), rest), np.append(np.array(gains), gain[rest])

    def _gain(self, chosen: NDArray[np.intp], draws: Matrix) -> Matrix:
        """(c,) mutual information, in nats, between the pick in a series and what the correction may be."""
        photos, starts = self._photos(chosen)
        group = np.repeat(np.arange(len(chosen)), self._sizes[chosen])
        log_odds = self._log_odds[photos, None] + self._places[photos] @ draws.T
        log_odds -= np.maximum.reduceat(log_odds, starts, axis=0)[group]
        chance = np.exp(log_odds)
        total = np.add.reduceat(chance, starts, axis=0)
        entropy = np.log(total) - np.add.reduceat(chance * log_odds, starts, axis=0) / total
        mean = (chance / total[group]).mean(axis=1)
        return np.asarray(np.add.reduceat(entr(mean), starts) - entropy.mean(axis=1))

    def _after(self, series: int, draws: Matrix) -> Matrix:
        """Draws of what the correction may be after an answer, by the normal approximation.

        The information of a pick is Λ = Σ p (x − x̄)(x − x̄)ᵀ with x̄ = Σ p x, of photos x picked with chance p.
        """
        photos, _ = self._photos(np.array([series]))
        log_odds = self._log_odds[photos, None] + self._places[photos] @ draws.T
        chance = softmax(log_odds, axis=0).mean(axis=1)
        away = self._places[photos] - chance @ self._places[photos]
        _, lengths, axes = np.linalg.svd(away * np.sqrt(chance)[:, None], full_matrices=False)
        spread = np.square(draws @ axes.T).mean(axis=0)
        shrunk = 1 / np.sqrt(1 + spread * lengths**2)
        return np.asarray(draws + ((draws @ axes.T) * (shrunk - 1)) @ axes)

    def _photos(self, chosen: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The photos of some series, and where each begins among them."""
        sizes = self._sizes[chosen]
        starts = np.cumsum(sizes) - sizes
        return np.repeat(self._starts[chosen] - starts, sizes) + np.arange(sizes.sum()), starts


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
