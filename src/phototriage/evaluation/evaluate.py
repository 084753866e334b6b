"""Evaluates any number of scorers on the same pairs, with intervals."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from phototriage.errors import LabelError
from phototriage.evaluation import metrics
from phototriage.evaluation.ceiling import ceiling
from phototriage.evaluation.kinds import (
    Masks,
    preference_kinds,
    reason_kinds,
    series_size_kinds,
    threshold_kinds,
)
from phototriage.evaluation.pairs import EvaluatedPairs
from phototriage.evaluation.report import EvaluationReport, KindAccuracy, ReliabilityBin, ScorerReport
from phototriage.evaluation.resampling import Estimate, estimates, resampled_sums
from phototriage.evaluation.scorer import Scorer
from phototriage.labels import Comparisons, PairReasons
from phototriage.ranker import correctness

__all__ = ["evaluate_scorers"]

Array = NDArray[np.float64]

Sums = Mapping[str, Array]
"""Sums over pairs, by name: (…, scorers), some with more axes at the end; … is empty or replicates.

Every figure is a function of sums, so that a bootstrap over series only has to add them up again.
"""


def evaluate_scorers(
    comparisons: Comparisons,
    scorers: Sequence[Scorer],
    seed: int = 0,
    *,
    reference: str | None = None,
    thresholds: Sequence[float] = (),
    reasons: PairReasons | None = None,
) -> EvaluationReport:
    """The figures of every scorer on the pairs that all of them can order.

    accuracy: pairs ordered as people prefer; pairs at p = ½ are left out, equal scores count half.
    accuracy_clear, accuracy_strong, accuracy_weak, accuracy_T for each T of `thresholds`: the same by
    max(p, 1 − p), see `threshold_kinds`. top1: series whose first photo is the people's favorite, over series
    in which all photos have scores; ties share. kendall_tau: mean over the series that have a winner.
    log_likelihood: nats per pair. ece: calibration. Intervals: `resampled_sums`.

    Args:
        reference: the name of the scorer that all others are compared with.
        reasons: why people chose; accuracy is then also by reason, see `reason_kinds`.

    Raises LabelError if there is nothing to evaluate, a threshold is outside [0.5, 1], two scorers have the
    same name, or no scorer has the name `reference`.
    """
    names = [scorer.name for scorer in scorers]
    _check_names(names, reference)
    pairs = EvaluatedPairs.of(comparisons, set.intersection(*(set(scorer.scores) for scorer in scorers)))
    kinds = threshold_kinds(pairs.preference, thresholds)
    sizes = series_size_kinds(pairs.preference, pairs.series_size)
    preferences = preference_kinds(pairs.preference)
    by_reason: Masks = {}
    if reasons:
        shares = reasons.of(zip(pairs.series, pairs.photo_a, pairs.photo_b, strict=True))
        by_reason = reason_kinds(pairs.preference, reasons.names, shares)
    masks = np.stack(
        [mask for group in (kinds, sizes, preferences, by_reason) for mask in group.values()], axis=1
    )
    ends = np.cumsum([len(group) for group in (kinds, sizes, preferences)])
    whole, samples = _summed([_series_sums(pairs, masks, scorer) for scorer in scorers], seed)

    figures = [*kinds, *_FIGURES]
    calibrated = [scorer.calibrated for scorer in scorers]
    values, value_samples = (_figures(sums, len(kinds), calibrated) for sums in (whole, samples))
    by_kind, by_kind_samples = _accuracy(whole), _accuracy(samples)
    other = None if reference is None else names.index(reference)
    reports = []
    for row, scorer in enumerate(scorers):
        accuracies = _kind_accuracies(
            [*kinds, *sizes, *preferences, *by_reason],
            whole["won"][row],
            by_kind[row],
            by_kind_samples[:, row],
        )
        reports.append(
            ScorerReport(
                scorer.name,
                _named(figures, values[row], value_samples[:, row]),
                {}
                if other is None or other == row
                else _named(
                    figures, values[other] - values[row], value_samples[:, other] - value_samples[:, row]
                ),
                accuracies[ends[0] : ends[1]],
                accuracies[ends[1] : ends[2]],
                _reliability(whole["calibration"][row], samples["calibration"][:, row])
                if scorer.calibrated
                else (),
                accuracies[ends[2] :],
            )
        )
    by_chance = metrics.top1_credit(np.zeros(len(pairs.top_photos)), pairs.is_best, pairs.top_starts)
    return EvaluationReport(
        scorers=tuple(reports),
        pairs=len(pairs.preference),
        clear_pairs=int(kinds["accuracy_clear"].sum()),
        series=len(pairs.starts),
        complete_series=len(pairs.top_starts),
        uncovered_pairs=len(comparisons) - len(pairs.preference),
        top1_by_chance=float(by_chance.mean()) if len(by_chance) else None,
        reference=reference,
        ceiling=ceiling(
            pairs.preference, pairs.votes_a, pairs.votes_b, pairs.series_size, pairs.starts, kinds, seed
        ),
        thresholds=tuple(thresholds),
    )


def _check_names(names: Sequence[str], reference: str | None) -> None:
    if (repeated := Counter(names).most_common(1)[0])[1] > 1:
        raise LabelError(f"two scorers are called {repeated[0]}: give them different names")
    if reference is not None and reference not in names:
        raise LabelError(f"there is no scorer called {reference} to compare with")


def _accuracy(sums: Sums) -> Array:
    """(…, scorers, kinds) the share of pairs in the right order for each kind; NaN if there are none."""
    with np.errstate(invalid="ignore"):
        return np.asarray(sums["right"] / sums["won"])


def _top1(sums: Sums) -> Array:
    return np.asarray(sums["top1"] / sums["complete"])


def _kendall_tau(sums: Sums) -> Array:
    return np.asarray(sums["tau"] / sums["ordered"])


def _log_likelihood(sums: Sums) -> Array:
    return np.asarray(sums["log_likelihood"] / sums["pairs"])


def _calibration_error(sums: Sums) -> Array:
    return metrics.calibration_error(sums["calibration"])


_FIGURES: dict[str, Callable[[Sums], Array]] = {
    "top1": _top1,
    "kendall_tau": _kendall_tau,
    "log_likelihood": _log_likelihood,
    "ece": _calibration_error,
}
_NEED_PROBABILITIES = ("log_likelihood", "ece")


def _figures(sums: Sums, kinds: int, calibrated: Sequence[bool]) -> Array:
    """(…, scorers, figures): accuracy on the first kinds of pairs, then the other figures."""
    with np.errstate(invalid="ignore"):
        others = [
            np.where(calibrated, figure(sums), np.nan) if name in _NEED_PROBABILITIES else figure(sums)
            for name, figure in _FIGURES.items()
        ]
    return np.concatenate([_accuracy(sums)[..., :kinds], np.stack(others, axis=-1)], axis=-1)


def _named(names: Iterable[str], values: Array, samples: Array) -> dict[str, Estimate | None]:
    return dict(zip(names, estimates(values, samples), strict=True))


def _kind_accuracies(
    kinds: Sequence[str], pairs: Array, values: Array, samples: Array
) -> tuple[KindAccuracy, ...]:
    """pairs, values: (kinds,); samples: (replicates, kinds)."""
    return tuple(
        KindAccuracy(kind, int(count), accuracy)
        for kind, count, accuracy in zip(kinds, pairs, estimates(values, samples), strict=True)
    )


def _reliability(whole: Array, samples: Array) -> tuple[ReliabilityBin, ...]:
    """whole: (3, bins) of `metrics.calibration`; samples: (replicates, 3, bins)."""
    with np.errstate(invalid="ignore"):
        confidence, share = whole[:2] / whole[2]
        share_samples = samples[:, 1] / samples[:, 2]
    return tuple(
        ReliabilityBin(int(pairs), float(mean), estimate)
        for pairs, mean, estimate in zip(whole[2], confidence, estimates(share, share_samples), strict=True)
        if estimate is not None
    )


def _series_sums(pairs: EvaluatedPairs, masks: NDArray[np.bool_], scorer: Scorer) -> dict[str, Array]:
    """The contribution of each of s series to the sums, for one scorer. masks: (n, kinds) pairs of a kind."""
    score_a, score_b = (
        np.array([scorer.scores[photo] for photo in photos]) for photos in (pairs.photo_a, pairs.photo_b)
    )
    difference = score_a - score_b
    probability = expit(difference)
    per_pair = {
        "right": np.nan_to_num(correctness(difference, pairs.preference))[:, None] * masks,
        "won": masks.astype(float),
        "log_likelihood": metrics.log_likelihood(probability, pairs.preference),
        "calibration": metrics.calibration(probability, pairs.preference),
        "pairs": np.ones(len(difference)),
    }
    return (
        {name: np.add.reduceat(column, pairs.starts) for name, column in per_pair.items()}
        | _top1_sums(pairs, scorer)
        | _kendall_sums(pairs, difference)
    )


def _top1_sums(pairs: EvaluatedPairs, scorer: Scorer) -> dict[str, Array]:
    top1, complete = np.zeros((2, len(pairs.starts)))
    if len(pairs.top_starts):
        scores = np.array([scorer.scores[photo] for photo in pairs.top_photos])
        top1[pairs.top_series] = metrics.top1_credit(scores, pairs.is_best, pairs.top_starts)
        complete[pairs.top_series] = 1
    return {"top1": top1, "complete": complete}


def _kendall_sums(pairs: EvaluatedPairs, difference: Array) -> dict[str, Array]:
    tau = metrics.kendall_tau(difference, pairs.preference, pairs.starts)
    return {"tau": np.nan_to_num(tau), "ordered": (~np.isnan(tau)).astype(float)}


def _summed(by_scorer: Sequence[dict[str, Array]], seed: int) -> tuple[Sums, Sums]:
    """The sums over all series, and over each bootstrap sample of them."""
    columns = {name: np.stack([sums[name] for sums in by_scorer], axis=1) for name in by_scorer[0]}
    flat = [column.reshape(len(column), -1) for column in columns.values()]
    ends = np.cumsum([column.shape[1] for column in flat])[:-1]
    samples = np.split(resampled_sums(np.hstack(flat), seed), ends, axis=1)
    return (
        {name: column.sum(axis=0) for name, column in columns.items()},
        {
            name: sample.reshape(-1, *column.shape[1:])
            for (name, column), sample in zip(columns.items(), samples, strict=True)
        },
    )
