"""Judges any number of scorers on the same pairs, with intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from phototriage.errors import LabelError
from phototriage.evaluation.metrics import calibration_columns, log_likelihood, top1_credit
from phototriage.labels import Comparisons, clear_preference
from phototriage.ranker import correctness

__all__ = ["METRICS", "Estimate", "Judgement", "Scorer", "Verdict", "judge"]

CLEAR = 0.7
"""Published figures are on the pairs with max(p, 1 − p) of at least this."""

_REPLICATES = 1000


@dataclass(frozen=True)
class Scorer:
    """Anything that gives each photo a number.

    scores: score by photo; higher is better. With `calibrated`, P(a over b) = σ(score a − score b);
    without, the scores only order, and what needs probabilities is left empty.
    """

    name: str
    scores: Mapping[str, float]
    calibrated: bool = False


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval over series."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """A scorer's figures, by metric; None where it has none."""

    name: str
    figures: Mapping[str, Estimate | None]


@dataclass(frozen=True)
class Judgement:
    """Verdicts on the same pairs. `uncovered_pairs` were left out for want of a score."""

    verdicts: tuple[Verdict, ...]
    pairs: int
    clear_pairs: int
    series: int
    complete_series: int
    uncovered_pairs: int


Sums = Mapping[str, NDArray[np.float64]]
"""Sums over pairs by name: (), (replicates,) or (series,); `miscalibration` has 10 more at the end.

Every metric is a function of sums, because a bootstrap over series only has to add them up again.
"""

METRICS: dict[str, Callable[[Sums], NDArray[np.float64]]] = {
    "accuracy": lambda sums: sums["right"] / sums["won"],
    "accuracy_clear": lambda sums: sums["clear_right"] / sums["clear"],
    "top1": lambda sums: sums["top1"] / sums["complete"],
    "log_likelihood": lambda sums: sums["log_likelihood"] / sums["pairs"],
    "ece": lambda sums: np.abs(sums["miscalibration"]).sum(axis=-1) / sums["pairs"],
}
_NEED_PROBABILITIES = ("log_likelihood", "ece")


def judge(comparisons: Comparisons, scorers: Sequence[Scorer], seed: int = 0) -> Judgement:
    """The figures of every scorer on the pairs that all of them can order.

    accuracy: pairs ordered as people prefer; pairs at p = ½ left out, equal scores count half.
    accuracy_clear: the same where max(p, 1 − p) ≥ 0.7. top1: series whose first photo is the people's, over
    series all of whose photos have scores; ties share. log_likelihood: nats per pair. ece: calibration.
    Intervals: 2.5th and 97.5th percentile of 1000 bootstrap samples of series (Efron, 1979).

    Raises LabelError where there is nothing to judge.
    """
    covered_photos = set.intersection(*(set(scorer.scores) for scorer in scorers))
    judged = comparisons.between(covered_photos)
    if not len(judged):
        raise LabelError("nothing to judge: of no pair do both photos have a score")
    best = comparisons.best_photos()
    complete = {
        series: sorted(photos)
        for series, photos in comparisons.photos_by_series().items()
        if covered_photos.issuperset(photos)
    }
    names, pair_series = np.unique(judged.table["series"].to_numpy(str), return_inverse=True)
    resampled = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=_REPLICATES
    )
    verdicts = []
    for scorer in scorers:
        sums = {
            column: _sum_by(pair_series, values, len(names))
            for column, values in _pair_columns(judged, scorer).items()
        }
        sums |= _series_columns(names.tolist(), scorer, complete, best)
        verdicts.append(Verdict(scorer.name, _figures(sums, resampled, scorer.calibrated)))
    preference = judged.table["preference"].to_numpy(float)
    return Judgement(
        verdicts=tuple(verdicts),
        pairs=len(judged),
        clear_pairs=int(clear_preference(preference, CLEAR).sum()),
        series=len(names),
        complete_series=sum(str(name) in complete for name in names),
        uncovered_pairs=len(comparisons) - len(judged),
    )


def _pair_columns(judged: Comparisons, scorer: Scorer) -> dict[str, NDArray[np.float64]]:
    """What each of n pairs adds to the sums."""
    score_a, score_b = (
        judged.table[photo].map(dict(scorer.scores)).to_numpy(float) for photo in ("photo_a", "photo_b")
    )
    preference = judged.table["preference"].to_numpy(float)
    right = correctness(score_a - score_b, preference)
    won = ~np.isnan(right)
    clear = won & clear_preference(preference, CLEAR)
    probability = expit(score_a - score_b)
    return {
        "right": np.where(won, right, 0),
        "won": won.astype(float),
        "clear_right": np.where(clear, right, 0),
        "clear": clear.astype(float),
        "log_likelihood": log_likelihood(probability, preference),
        "miscalibration": calibration_columns(probability, preference),
        "pairs": np.ones(len(right)),
    }


def _series_columns(
    names: Sequence[str],
    scorer: Scorer,
    complete: Mapping[str, Sequence[str]],
    best: Mapping[str, frozenset[str]],
) -> dict[str, NDArray[np.float64]]:
    """What each series adds to the sums of whole series."""
    top1 = np.zeros(len(names))
    for row, name in enumerate(names):
        if photos := complete.get(name):
            scores = np.array([scorer.scores[photo] for photo in photos])
            top1[row] = top1_credit(scores, np.array([photo in best[name] for photo in photos]))
    return {"top1": top1, "complete": np.array([float(name in complete) for name in names])}


def _sum_by(group: NDArray[np.intp], values: NDArray[np.float64], groups: int) -> NDArray[np.float64]:
    sums = np.zeros((groups, *values.shape[1:]))
    np.add.at(sums, group, values)
    return sums


def _figures(
    sums: Mapping[str, NDArray[np.float64]], resampled: NDArray[np.int64], calibrated: bool
) -> dict[str, Estimate | None]:
    whole = {name: column.sum(axis=0) for name, column in sums.items()}
    samples = {name: resampled @ column for name, column in sums.items()}
    figures: dict[str, Estimate | None] = {}
    with np.errstate(invalid="ignore"):
        for name, metric in METRICS.items():
            value = float(metric(whole))
            if np.isnan(value) or (name in _NEED_PROBABILITIES and not calibrated):
                figures[name] = None
            else:
                low, high = np.nanpercentile(metric(samples), [2.5, 97.5])
                figures[name] = Estimate(value, float(low), float(high))
    return figures
