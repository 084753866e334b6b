"""What an evaluation finds: figures of scorers on the same pairs, with intervals."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from phototriage.evaluation.ceiling import Ceiling
from phototriage.evaluation.resampling import Estimate

__all__ = ["EvaluationReport", "KindAccuracy", "ReliabilityBin", "ScorerReport"]


@dataclass(frozen=True)
class KindAccuracy:
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
class ScorerReport:
    """The figures of one scorer.

    figures: by name; None where it has none. lead: by how much the report's reference is higher in each
    figure, on the same resampled series; empty for the reference itself and where there is none.
    by_series_size, by_preference: accuracy by kind of pair. reliability: the bins that have pairs; empty
    without probabilities.
    """

    name: str
    figures: Mapping[str, Estimate | None]
    lead: Mapping[str, Estimate | None] = field(default_factory=dict)
    by_series_size: tuple[KindAccuracy, ...] = ()
    by_preference: tuple[KindAccuracy, ...] = ()
    reliability: tuple[ReliabilityBin, ...] = ()


@dataclass(frozen=True)
class EvaluationReport:
    """Scorers on the same pairs.

    uncovered_pairs: left out for want of a score. top1_by_chance: the share of complete series in which a
    blind choice is right, None without any. reference: the scorer that leads are of. ceiling: what label
    noise allows, None where the votes do not tell. thresholds: those asked for beyond the usual ones.
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

    def scorer(self, name: str) -> ScorerReport:
        """The figures of the scorer of this name."""
        return next(scorer for scorer in self.scorers if scorer.name == name)
