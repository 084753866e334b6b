"""A judgement for programs, and the words and cells that its tables on the terminal and in Markdown share."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phototriage.evaluation import Estimate, Judgement, Mistake

__all__ = [
    "JUDGEMENT_LEGEND",
    "cautions",
    "extent",
    "judgement_cells",
    "judgement_headers",
    "judgement_json",
    "lead_sentence",
    "percent",
]

JUDGEMENT_LEGEND = """\
All figures with 95 % intervals over series. accuracy: pairs in the order that most people prefer, equal
scores count half. p ≥ 0.7: the same where at least 70 % of people agree; strong: 90 %; weak: under 70 %.
top-1: series whose first photo is the people's. Kendall τ: mean of the series. log-likelihood: nats a pair, a
coin has −0.693. ECE: how far probabilities are off."""

_FEW_SERIES = 20

_NONE = "–"
_LEAD = 3
"""The lead, which is in accuracy, stands right after the accuracies of all and of clear pairs."""
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


def judgement_json(judgement: "Judgement", mistakes: Sequence["Mistake"] = (), **about: Any) -> str:
    """One document: `about` (what was judged, and how), counts, and per scorer each figure and interval.

    `lead` has by how much the reference is ahead of each other scorer. JSON has no NaN, nor has this.
    """
    document = {**about, **asdict(judgement)}
    verdicts = document.pop("verdicts")
    document["scorers"] = {verdict["name"]: verdict["figures"] for verdict in verdicts}
    for part in ("lead", "by_series_size", "by_preference", "reliability"):
        document[part] = {verdict["name"]: verdict[part] for verdict in verdicts if verdict[part]}
    document["worst_mistakes"] = [asdict(mistake) for mistake in mistakes]
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def extent(judgement: "Judgement") -> str:
    """How much was judged, and left out for want of a score."""
    left_out = f", {judgement.uncovered_pairs} pairs left out" if judgement.uncovered_pairs else ""
    chance = judgement.top1_by_chance
    by_chance = "" if chance is None else f", {chance:.1%} by chance"
    return (
        f"{judgement.pairs} pairs of {judgement.series} series "
        f"({judgement.clear_pairs} with p ≥ 0.7; top-1 on {judgement.complete_series} complete "
        f"series{by_chance}){left_out}"
    )


def cautions(judgement: "Judgement") -> list[str]:
    """What a reader of the figures should know, a line each."""
    found = []
    if judgement.series < _FEW_SERIES:
        found.append(f"only {judgement.series} series: the figures and their intervals say little")
    if not any(part.pairs for part in judgement.verdicts[0].by_preference):
        found.append("every preference is ½: there is no winner to find, so there is no accuracy")
    return found


def judgement_headers(judgement: "Judgement") -> list[str]:
    """The headers of the table that `judgement_cells` fills."""
    headers = ["scorer", *_columns(judgement).values()]
    if judgement.reference:
        headers.insert(_LEAD, f"lead of {judgement.reference}, points")
    return headers


def judgement_cells(judgement: "Judgement") -> list[list[str]]:
    """A row per scorer, and two for what noise in the labels allows, where the votes tell."""
    rows = []
    columns = _columns(judgement)
    scorers = [(verdict.name, verdict.figures, verdict.lead) for verdict in judgement.verdicts]
    if judgement.ceiling:
        scorers.append(("(one more person)", judgement.ceiling.human, {}))
        scorers.append(("(perfect knower)", judgement.ceiling.knower, {}))
    for name, figures, lead in scorers:
        row = [name, *(_cell(column, figures.get(column)) for column in columns)]
        if judgement.reference:
            row.insert(_LEAD, _signed(lead.get("accuracy")))
        rows.append(row)
    return rows


def lead_sentence(judgement: "Judgement", other: str, figure: str = "accuracy") -> str:
    """Whether the reference is better than another scorer, by how many points, and how sure that is."""
    lead = judgement.verdict(other).lead[figure]
    what = _columns(judgement)[figure].removesuffix(" %")
    if lead is None:
        return f"{what}: {judgement.reference} and {other} cannot be compared"
    if lead.low <= 0 <= lead.high:
        return (
            f"{what}: no clear difference between {judgement.reference} and {other}, {_signed(lead)} points"
        )
    better = "better" if lead.value > 0 else "worse"
    low, high = sorted((abs(lead.low), abs(lead.high)))
    return (
        f"{what}: {judgement.reference} is {better} than {other} by {100 * abs(lead.value):.1f} points, "
        f"{100 * low:.1f} to {100 * high:.1f}"
    )


def percent(estimate: "Estimate | None") -> str:
    """A share in percent with its interval."""
    if estimate is None:
        return _NONE
    return f"{100 * estimate.value:.1f} ({100 * estimate.low:.1f}–{100 * estimate.high:.1f})"


def _columns(judgement: "Judgement") -> Mapping[str, str]:
    """Headers by name of the figure; further thresholds follow the usual one."""
    from phototriage.evaluation import threshold_name

    further = {threshold_name(each): f"p ≥ {each:g} %" for each in judgement.thresholds}
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
