"""The result of an evaluation: figures of scorers on the same pairs, with intervals."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from phototriage.evaluation.ceiling import Ceiling
from phototriage.evaluation.resampling import Estimate

__all__ = ["EvaluationReport", "KindAccuracy", "ReliabilityBin", "ScorerReport"]


@dataclass(frozen=True)
class KindAccuracy:
    """Accuracy on one kind of pairs; None if there are no such pairs."""

    kind: str
    pairs: int
    accuracy: Estimate | None


@dataclass(frozen=True)
class ReliabilityBin:
    """Pairs of similar confidence: the average confidence, and the share of people on its side."""

    pairs: int
    confidence: float
    share: Estimate


@dataclass(frozen=True)
class ScorerReport:
    """The figures of one scorer.

    figures: by name; None if undefined. lead: the reference's figure minus this one, on the same resampled
    series; empty for the reference itself and without a reference.
    by_series_size, by_preference, by_reason: accuracy by kind of pair; by_reason is empty where people's
    reasons are unknown. reliability: the bins that have pairs; empty without probabilities.
    """

    name: str
    figures: Mapping[str, Estimate | None]
    lead: Mapping[str, Estimate | None] = field(default_factory=dict)
    by_series_size: tuple[KindAccuracy, ...] = ()
    by_preference: tuple[KindAccuracy, ...] = ()
    reliability: tuple[ReliabilityBin, ...] = ()
    by_reason: tuple[KindAccuracy, ...] = ()


@dataclass(frozen=True)
class EvaluationReport:
    """Scorers on the same pairs.

    uncovered_pairs: pairs left out because they lack a score. top1_by_chance: the share of complete series in
    which a random choice is right; None without complete series. reference: the scorer whose leads are given.
    ceiling: the accuracy that label noise allows; None if the votes do not determine it. thresholds: those
    requested in addition to the standard ones.
    """

    scorers: tuple[ScorerReport, ...]
    pairs: int
    clear_pairs: int
    series: int
    complete_series: int
    uncovered_pairs: int
    top1_by_chance: float | None = None
    reference: str | None = None
    ceiling: Ceiling | None = None
    thresholds: tuple[float, ...] = ()

    @property
    def accuracy(self) -> Estimate | None:
        """The reference's share of pairs in the order that people prefer; None without a reference."""
        return None if self.reference is None else self.scorer(self.reference).figures["accuracy"]

    def scorer(self, name: str) -> ScorerReport:
        """The figures of the scorer with this name."""
        return next(scorer for scorer in self.scorers if scorer.name == name)
