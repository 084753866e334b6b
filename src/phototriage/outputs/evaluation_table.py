"""The wording and cells shared by evaluation tables on the terminal and in Markdown."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phototriage.evaluation import Estimate, EvaluationReport

__all__ = [
    "EVALUATION_LEGEND",
    "ORACLE",
    "SINGLE_RATER",
    "cautions",
    "evaluation_cells",
    "evaluation_headers",
    "extent",
    "lead_sentence",
    "percent",
]

EVALUATION_LEGEND = """\
All figures have 95 % intervals over series. accuracy: pairs in the order that most people prefer; equal
scores count half. p ≥ 0.7: the same for pairs on which at least 70 % of people agree; strong: 90 %; weak:
under 70 %. top-1: series whose first photo is the people's favorite. Kendall τ: mean over series.
log-likelihood: nats per pair, −0.693 by chance. ECE: calibration error of the probabilities."""

SINGLE_RATER, ORACLE = "(single rater)", "(oracle)"
"""The rows for the ceiling set by label noise."""

_FEW_SERIES = 20

_NONE = "–"
_LEAD = 3
"""Position of the lead in accuracy: right after the accuracies on all pairs and on clear pairs."""
_FIGURES = {
    "accuracy": "accuracy %",
    "accuracy_clear": "p ≥ 0.7 %",
    "accuracy_strong": "strong %",
    "accuracy_weak": "weak %",
    "top1": "top-1 %",
    "kendall_tau": "Kendall τ",
    "log_likelihood": "log-likelihood",
    "ece": "ECE",
}


def extent(report: "EvaluationReport") -> str:
    """How many pairs were evaluated, and how many were left out because they lack a score."""
    left_out = f", {report.uncovered_pairs} pairs left out" if report.uncovered_pairs else ""
    chance = report.top1_by_chance
    by_chance = "" if chance is None else f", {chance:.1%} by chance"
    return (
        f"{report.pairs} pairs of {report.series} series "
        f"({report.clear_pairs} with p ≥ 0.7; top-1 on {report.complete_series} complete "
        f"series{by_chance}){left_out}"
    )


def cautions(report: "EvaluationReport") -> list[str]:
    """Warnings for readers of the figures, one per line."""
    found = []
    if report.series < _FEW_SERIES:
        found.append(f"only {report.series} series: the figures and their intervals say little")
    if not any(part.pairs for part in report.scorers[0].by_preference):
        found.append("every preference is ½: there is no winner to find, so there is no accuracy")
    return found


def evaluation_headers(report: "EvaluationReport") -> list[str]:
    """The headers of the table that `evaluation_cells` fills."""
    headers = ["scorer", *_columns(report).values()]
    if report.reference:
        headers.insert(_LEAD, f"lead of {report.reference}, points")
    return headers


def evaluation_cells(report: "EvaluationReport") -> list[list[str]]:
    """A row per scorer, and two rows for the ceiling set by label noise, if the votes determine it."""
    rows = []
    columns = _columns(report)
    scorers = [(scorer.name, scorer.figures, scorer.lead) for scorer in report.scorers]
    if report.ceiling:
        scorers.append((SINGLE_RATER, report.ceiling.single_rater, {}))
        scorers.append((ORACLE, report.ceiling.oracle, {}))
    for name, figures, lead in scorers:
        row = [name, *(_cell(column, figures.get(column)) for column in columns)]
        if report.reference:
            row.insert(_LEAD, _signed(lead.get("accuracy")))
        rows.append(row)
    return rows


def lead_sentence(report: "EvaluationReport", other: str, figure: str = "accuracy") -> str:
    """Whether the reference is better than another scorer, by how many points, and with what certainty."""
    lead = report.scorer(other).lead[figure]
    what = _columns(report)[figure].removesuffix(" %")
    if lead is None:
        return f"{what}: {report.reference} and {other} cannot be compared"
    if lead.low <= 0 <= lead.high:
        return f"{what}: no clear difference between {report.reference} and {other}, {_signed(lead)} points"
    better = "better" if lead.value > 0 else "worse"
    low, high = sorted((abs(lead.low), abs(lead.high)))
    return (
        f"{what}: {report.reference} is {better} than {other} by {100 * abs(lead.value):.1f} points, "
        f"{100 * low:.1f} to {100 * high:.1f}"
    )


def percent(estimate: "Estimate | None") -> str:
    """A share in percent with its interval."""
    if estimate is None:
        return _NONE
    return f"{100 * estimate.value:.1f} ({100 * estimate.low:.1f}–{100 * estimate.high:.1f})"


def _columns(report: "EvaluationReport") -> Mapping[str, str]:
    """Headers by name of the figure; additional thresholds follow the standard one."""
    from phototriage.evaluation import threshold_name

    further = {threshold_name(each): f"p ≥ {each:g} %" for each in report.thresholds}
    names = list(_FIGURES)
    return {name: _FIGURES[name] for name in names[:2]} | further | {n: _FIGURES[n] for n in names[2:]}


def _cell(name: str, estimate: "Estimate | None") -> str:
    if name.startswith("accuracy") or name == "top1":
        return percent(estimate)
    if estimate is None:
        return _NONE
    return f"{estimate.value:.3f} ({estimate.low:.3f}…{estimate.high:.3f})"


def _signed(lead: "Estimate | None") -> str:
    if lead is None:
        return _NONE
    return f"{100 * lead.value:+.1f} ({100 * lead.low:+.1f}…{100 * lead.high:+.1f})"
