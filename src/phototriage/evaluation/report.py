"""Judges any number of scorers on the same pairs, with intervals."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from phototriage.errors import FeatureError, LabelError
from phototriage.evaluation import metrics
from phototriage.evaluation.ceiling import Ceiling, ceiling
from phototriage.evaluation.kinds import preference_kinds, series_size_kinds, threshold_kinds
from phototriage.evaluation.resampling import Estimate, estimates, resampled_sums
from phototriage.labels import Comparisons
from phototriage.ranker import correctness

__all__ = ["Judgement", "Part", "ReliabilityBin", "Scorer", "Verdict", "judge"]

Sums = Mapping[str, NDArray[np.float64]]
"""Sums over pairs, by name: (…, scorers), some with more axes behind; … is nothing or replicates.

Every figure is a function of sums, because a bootstrap over series only has to add them up again.
"""


@dataclass(frozen=True)
class Scorer:
    """Anything that gives each photo a number.

    scores: score by photo; higher is better. With `calibrated`, P(a over b) = σ(score a − score b);
    without, the scores only order, and what needs probabilities is left empty.
    Raises FeatureError for a score that is no finite number.
    """

    name: str
    scores: Mapping[str, float]
    calibrated: bool = False

    def __post_init__(self) -> None:
        finite = np.isfinite(np.fromiter(self.scores.values(), float, len(self.scores)))
        if not finite.all():
            photo = list(self.scores)[int(np.argmin(finite))]
            raise FeatureError(f"{self.name}: the score of {photo} is {self.scores[photo]}, not a number")


@dataclass(frozen=True)
class Part:
    """Accuracy on one kind of pairs; None where there are none."""

    kind: str
    pairs: int
    accuracy: Estimate | None


@dataclass(frozen=True)
class ReliabilityBin:
    """Pairs of similar confidence: how sure it was on average, and the share of people on its side."""

    pairs: int
    confidence: float
    share: Estimate


@dataclass(frozen=True)
class Verdict:
    """A scorer's figures.

    figures: by name; None where it has none. lead: by how much the judgement's reference is higher in each
    figure, on the same resampled series; empty for the reference itself and where there is none.
    by_series_size, by_preference: accuracy by kind of pair. reliability: the bins that have pairs; empty
    without probabilities.
    """

    name: str
    figures: Mapping[str, Estimate | None]
    lead: Mapping[str, Estimate | None] = field(default_factory=dict)
    by_series_size: tuple[Part, ...] = ()
    by_preference: tuple[Part, ...] = ()
    reliability: tuple[ReliabilityBin, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """Verdicts on the same pairs.

    uncovered_pairs: left out for want of a score. top1_by_chance: the share of complete series in which a
    blind choice is right, None without any. reference: the scorer that leads are of. ceiling: what label
    noise allows, None where the votes do not tell. thresholds: those asked for beyond the usual ones.
    """

    verdicts: tuple[Verdict, ...]
    pairs: int
    clear_pairs: int
    series: int
    complete_series: int
    uncovered_pairs: int
    top1_by_chance: float | None = None
    reference: str | None = None
    ceiling: Ceiling | None = None
    thresholds: tuple[float, ...] = ()

    def verdict(self, name: str) -> Verdict:
        """The verdict on the scorer of this name."""
        return next(verdict for verdict in self.verdicts if verdict.name == name)


_FIGURES: dict[str, Callable[[Sums], NDArray[np.float64]]] = {
    "top1": lambda sums: sums["top1"] / sums["complete"],
    "kendall_tau": lambda sums: sums["tau"] / sums["ordered"],
    "log_likelihood": lambda sums: sums["log_likelihood"] / sums["pairs"],
    "ece": lambda sums: metrics.calibration_error(sums["calibration"]),
}
_NEED_PROBABILITIES = ("log_likelihood", "ece")


def judge(
    comparisons: Comparisons,
    scorers: Sequence[Scorer],
    seed: int = 0,
    *,
    reference: str | None = None,
    thresholds: Sequence[float] = (),
) -> Judgement:
    """The figures of every scorer on the pairs that all of them can order.

    accuracy: pairs ordered as people prefer; pairs at p = ½ left out, equal scores count half.
    accuracy_clear, accuracy_strong, accuracy_weak, accuracy_T for each T of `thresholds`: the same by
    max(p, 1 − p), see `threshold_kinds`. top1: series whose first photo is the people's, over series all of
    whose photos have scores; ties share. kendall_tau: mean over the series in which somebody wins.
    log_likelihood: nats per pair. ece: calibration. Intervals: `resampled_sums`.

    Args:
        reference: the name of the scorer to compare every other with.

    Raises LabelError where there is nothing to judge, a threshold is outside [0.5, 1], two scorers have one
    name, or none has the reference's.
    """
    names = [scorer.name for scorer in scorers]
    if (repeated := Counter(names).most_common(1)[0])[1] > 1:
        raise LabelError(f"two scorers are called {repeated[0]}: give them different names")
    if reference is not None and reference not in names:
        raise LabelError(f"there is no scorer called {reference} to compare with")
    pairs = _Pairs.of(comparisons, set.intersection(*(set(scorer.scores) for scorer in scorers)))
    kinds = threshold_kinds(pairs.preference, thresholds)
    sizes = series_size_kinds(pairs.preference, pairs.series_size)
    preferences = preference_kinds(pairs.preference)
    masks = np.stack([*kinds.values(), *sizes.values(), *preferences.values()], axis=1)
    whole, samples = _summed([_series_sums(pairs, masks, scorer) for scorer in scorers], seed)

    with np.errstate(invalid="ignore"):
        shares = whole["right"] / whole["won"]
        share_samples = samples["right"] / samples["won"]
        figures = {name: figure(whole) for name, figure in _FIGURES.items()}
        figure_samples = {name: figure(samples) for name, figure in _FIGURES.items()}
    for place, name in enumerate(kinds):
        figures[name], figure_samples[name] = shares[:, place], share_samples[:, :, place]
    for name in _NEED_PROBABILITIES:
        figures[name] = np.where([scorer.calibrated for scorer in scorers], figures[name], np.nan)
    order = [*kinds, *_FIGURES]
    values = np.stack([figures[name] for name in order], axis=-1)
    value_samples = np.stack([figure_samples[name] for name in order], axis=-1)

    verdicts = []
    first_size, first_preference = len(kinds), len(kinds) + len(sizes)
    for row, scorer in enumerate(scorers):
        lead: dict[str, Estimate | None] = {}
        if reference is not None and scorer.name != reference:
            other = names.index(reference)
            lead = dict(
                zip(
                    order,
                    estimates(values[other] - values[row], value_samples[:, other] - value_samples[:, row]),
                    strict=True,
                )
            )
        parts = [
            Part(kind, int(pairs_of_kind), estimate)
            for kind, pairs_of_kind, estimate in zip(
                [*kinds, *sizes, *preferences],
                whole["won"][row],
                estimates(shares[row], share_samples[:, row]),
                strict=True,
            )
        ]
        verdicts.append(
            Verdict(
                scorer.name,
                dict(zip(order, estimates(values[row], value_samples[:, row]), strict=True)),
                lead,
                tuple(parts[first_size:first_preference]),
                tuple(parts[first_preference:]),
                _reliability(whole["calibration"][row], samples["calibration"][:, row])
                if scorer.calibrated
                else (),
            )
        )
    blind = metrics.top1_credit(np.zeros(len(pairs.top_photos)), pairs.is_best, pairs.top_starts)
    return Judgement(
        verdicts=tuple(verdicts),
        pairs=len(pairs.preference),
        clear_pairs=int(kinds["accuracy_clear"].sum()),
        series=len(pairs.starts),
        complete_series=len(pairs.top_starts),
        uncovered_pairs=len(comparisons) - len(pairs.preference),
        top1_by_chance=float(blind.mean()) if len(blind) else None,
        reference=reference,
        ceiling=ceiling(
            pairs.preference, pairs.votes_a, pairs.votes_b, pairs.series_size, pairs.starts, kinds, seed
        ),
        thresholds=tuple(thresholds),
    )


@dataclass(frozen=True)
class _Pairs:
    """The n judged pairs, sorted by series, and the photos of the complete series among them.

    starts: (s,) the first row of each series. series_size: (n,) photos in the pair's series. top_photos: the
    photos of complete series, one series after the other, and is_best whether people like them best;
    top_starts: the first of each series; top_series: which of the s series it is.
    """

    photo_a: NDArray[np.object_]
    photo_b: NDArray[np.object_]
    preference: NDArray[np.float64]
    votes_a: NDArray[np.int64]
    votes_b: NDArray[np.int64]
    starts: NDArray[np.intp]
    series_size: NDArray[np.int64]
    top_photos: tuple[str, ...]
    is_best: NDArray[np.bool_]
    top_starts: NDArray[np.intp]
    top_series: NDArray[np.intp]

    @classmethod
    def of(cls, comparisons: Comparisons, covered: set[str]) -> "_Pairs":
        judged = comparisons.between(covered)
        if not len(judged):
            raise LabelError("nothing to judge: of no pair do both photos have a score")
        table = judged.table.sort_values("series", kind="stable")
        names, starts = np.unique(table["series"].to_numpy(str), return_index=True)
        photos_of, best = comparisons.photos_by_series(), comparisons.best_photos()
        complete = [row for row, name in enumerate(names) if covered.issuperset(photos_of[name])]
        top = [(photo, photo in best[names[row]]) for row in complete for photo in photos_of[names[row]]]
        sizes = np.array([len(photos_of[names[row]]) for row in complete], int)
        return cls(
            photo_a=table["photo_a"].to_numpy(object),
            photo_b=table["photo_b"].to_numpy(object),
            preference=table["preference"].to_numpy(float),
            votes_a=table["votes_a"].to_numpy(np.int64),
            votes_b=table["votes_b"].to_numpy(np.int64),
            starts=starts,
            series_size=table["series"].map({name: len(photos_of[name]) for name in names}).to_numpy(int),
            top_photos=tuple(photo for photo, _ in top),
            is_best=np.array([is_best for _, is_best in top], bool),
            top_starts=np.cumsum(sizes) - sizes,
            top_series=np.array(complete, np.intp),
        )


def _series_sums(pairs: _Pairs, masks: NDArray[np.bool_], scorer: Scorer) -> dict[str, NDArray[np.float64]]:
    """What each of s series adds to the sums, for one scorer. masks: (n, kinds) which pairs are of a kind."""
    score_a, score_b = (
        np.array([scorer.scores[photo] for photo in photos]) for photos in (pairs.photo_a, pairs.photo_b)
    )
    difference = score_a - score_b
    right = np.nan_to_num(correctness(difference, pairs.preference))
    probability = expit(difference)
    tau = metrics.kendall_tau(difference, pairs.preference, pairs.starts)
    top1, complete = np.zeros((2, len(pairs.starts)))
    if len(pairs.top_starts):
        scores = np.array([scorer.scores[photo] for photo in pairs.top_photos])
        top1[pairs.top_series] = metrics.top1_credit(scores, pairs.is_best, pairs.top_starts)
        complete[pairs.top_series] = 1
    per_pair = {
        "right": right[:, None] * masks,
        "won": masks.astype(float),
        "log_likelihood": metrics.log_likelihood(probability, pairs.preference),
        "calibration": metrics.calibration(probability, pairs.preference),
        "pairs": np.ones(len(difference)),
    }
    per_series = {
        "top1": top1,
        "complete": complete,
        "tau": np.nan_to_num(tau),
        "ordered": (~np.isnan(tau)).astype(float),
    }
    return {name: np.add.reduceat(column, pairs.starts) for name, column in per_pair.items()} | per_series


def _summed(by_scorer: Sequence[dict[str, NDArray[np.float64]]], seed: int) -> tuple[Sums, Sums]:
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


def _reliability(whole: NDArray[np.float64], samples: NDArray[np.float64]) -> tuple[ReliabilityBin, ...]:
    """whole: (3, bins) of `metrics.calibration`; samples: (replicates, 3, bins)."""
    with np.errstate(invalid="ignore"):
        confidence, share = whole[:2] / whole[2]
        share_samples = samples[:, 1] / samples[:, 2]
    return tuple(
        ReliabilityBin(int(pairs), float(mean), estimate)
        for pairs, mean, estimate in zip(whole[2], confidence, estimates(share, share_samples), strict=True)
        if estimate is not None
    )
