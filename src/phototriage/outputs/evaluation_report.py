"""An evaluation report as JSON and as Markdown."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from phototriage.outputs.evaluation_table import (
    EVALUATION_LEGEND,
    ORACLE,
    SINGLE_RATER,
    evaluation_cells,
    evaluation_headers,
    lead_sentence,
    percent,
)
from phototriage.printable import printable

if TYPE_CHECKING:
    from phototriage.evaluation import EvaluationReport, KindAccuracy, Mistake

__all__ = ["evaluation_json", "evaluation_markdown", "markdown_table"]

_CEILING = f"""\
{SINGLE_RATER} and {ORACLE}: what one more person, and somebody who knows which photo most people
choose, would score against these labels, by the votes of {{pairs:,}} pairs, {{votes:.1f}} each
(α = {{alpha:.2f}})."""

_REASONS = """\
Pairs for which at least a third of the votes name the reason, whichever photo they are for. A pair may have
several."""


def evaluation_json(report: "EvaluationReport", mistakes: Sequence["Mistake"] = (), **about: Any) -> str:
    """One document: `about` (what was evaluated, and how), counts, and the figures of each scorer.

    `lead` says by how much the reference is ahead of each other scorer. The document contains no NaN, because
    JSON does not allow it.
    """
    document = {**about, **asdict(report)}
    if document["ceiling"]:
        # These names stay, for readers of earlier documents.
        names = {"oracle": "knower", "single_rater": "human"}
        document["ceiling"] = {names.get(key, key): value for key, value in document["ceiling"].items()}
    scorers = document.pop("scorers")
    document["scorers"] = {scorer["name"]: scorer["figures"] for scorer in scorers}
    for part in ("lead", "by_series_size", "by_preference", "by_reason", "reliability"):
        document[part] = {scorer["name"]: scorer[part] for scorer in scorers if scorer[part]}
    document["worst_mistakes"] = [asdict(mistake) for mistake in mistakes]
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def evaluation_markdown(
    report: "EvaluationReport", title: str, notes: Sequence[str] = (), mistakes: Sequence["Mistake"] = ()
) -> str:
    """A page with what was evaluated, the table, differences, kinds of pairs, calibration, worst mistakes."""
    paragraphs = [f"# {_inline(title)}", _counts(report)]
    paragraphs += ["\n".join(f"- {_inline(each)}" for each in notes)] if notes else []
    paragraphs += [markdown_table(evaluation_headers(report), evaluation_cells(report)), EVALUATION_LEGEND]
    if report.ceiling:
        told = report.ceiling
        paragraphs.append(_CEILING.format(pairs=told.pairs, votes=told.votes, alpha=told.concentration))
    if report.reference:
        others = [scorer.name for scorer in report.scorers if scorer.name != report.reference]
        lines = [
            f"- {_inline(lead_sentence(report, other, figure))}"
            for other in others
            for figure in ("accuracy", "accuracy_clear")
        ]
        paragraphs += ["## Differences", "\n".join(lines)] if lines else []
        scorer = report.scorer(report.reference)
        paragraphs += ["## By the number of photos in the series", _parts("photos", scorer.by_series_size)]
        paragraphs += ["## By the size of the preference", _parts("max(p, 1 − p)", scorer.by_preference)]
        if any(part.pairs for part in scorer.by_reason):
            paragraphs += ["## By the reason that people gave", _REASONS, _reasons(report)]
        if scorer.reliability:
            rows = [
                [f"{100 * each.confidence:.1f}", percent(each.share), f"{each.pairs:,}"]
                for each in scorer.reliability
            ]
            paragraphs += ["## Calibration", markdown_table(["it says %", "people say %", "pairs"], rows)]
    if mistakes:
        paragraphs += ["## Surest and wrong", _mistakes(mistakes)]
    return "\n\n".join(paragraphs) + "\n"


def markdown_table(headers: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """A table whose first `texts` columns are text and whose other columns are numbers."""
    lines = [headers, [*["---"] * texts, *["--:"] * (len(headers) - texts)], *rows]
    return "\n".join(f"| {' | '.join(map(_inline, line))} |" for line in lines)


def _counts(report: "EvaluationReport") -> str:
    chance = report.top1_by_chance
    by_chance = "" if chance is None else f", of which a blind choice finds the best photo in {chance:.1%}"
    return (
        f"{report.pairs:,} pairs of {report.series:,} series, {report.clear_pairs:,} of them with "
        f"p ≥ 0.7; {report.complete_series:,} complete series{by_chance}; "
        f"{report.uncovered_pairs:,} pairs left out for want of a score."
    )


def _parts(header: str, parts: Sequence["KindAccuracy"]) -> str:
    rows = [[part.kind, percent(part.accuracy), f"{part.pairs:,}"] for part in parts if part.pairs]
    return markdown_table([header, "accuracy %", "pairs"], rows)


def _reasons(report: "EvaluationReport") -> str:
    """A row per scorer, a column per reason."""
    named = [row for row, part in enumerate(report.scorers[0].by_reason) if part.pairs]
    columns = [report.scorers[0].by_reason[row] for row in named]
    rows = [["pairs", *(f"{column.pairs:,}" for column in columns)]]
    rows += [
        [scorer.name, *(percent(scorer.by_reason[row].accuracy) for row in named)]
        for scorer in report.scorers
    ]
    return markdown_table(["accuracy %", *(column.kind for column in columns)], rows)


def _mistakes(mistakes: Sequence["Mistake"]) -> str:
    rows = [
        [
            each.series,
            f"{each.preferred}: {each.score_preferred:.3f}",
            f"{each.other}: {each.score_other:.3f}",
            f"{each.preference:.0%}",
            "–" if each.probability is None else f"{each.probability:.0%}",
        ]
        for each in mistakes
    ]
    return markdown_table(
        ["series", "people's choice: score", "the other: score", "people for it", "the scorer's P for it"],
        rows,
    )


def _inline(text: str) -> str:
    return printable(text).replace("|", r"\|")
