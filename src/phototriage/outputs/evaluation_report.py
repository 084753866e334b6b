"""An evaluation as Markdown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from phototriage.outputs.evaluation_table import (
    JUDGEMENT_LEGEND,
    judgement_cells,
    judgement_headers,
    lead_sentence,
    percent,
)
from phototriage.printable import printable

if TYPE_CHECKING:
    from phototriage.evaluation import Judgement, Mistake, Part

__all__ = ["judgement_markdown", "markdown_table"]

_CEILING = """\
(one more person) and (perfect knower): what one further human, and somebody who knows which photo most
people choose, would score against these labels, by the votes of {pairs:,} pairs, {votes:.1f} each
(α = {alpha:.2f})."""


def judgement_markdown(
    judgement: "Judgement", title: str, notes: Sequence[str] = (), mistakes: Sequence["Mistake"] = ()
) -> str:
    """A report: what was judged, the table, differences, kinds of pairs, calibration, the worst mistakes."""
    paragraphs = [f"# {_inline(title)}", _counts(judgement)]
    paragraphs += ["\n".join(f"- {_inline(each)}" for each in notes)] if notes else []
    paragraphs += [markdown_table(judgement_headers(judgement), judgement_cells(judgement)), JUDGEMENT_LEGEND]
    if judgement.ceiling:
        told = judgement.ceiling
        paragraphs.append(_CEILING.format(pairs=told.pairs, votes=told.votes, alpha=told.concentration))
    if judgement.reference:
        others = [verdict.name for verdict in judgement.verdicts if verdict.name != judgement.reference]
        lines = [
            f"- {_inline(lead_sentence(judgement, other, figure))}"
            for other in others
            for figure in ("accuracy", "accuracy_clear")
        ]
        paragraphs += ["## Differences", "\n".join(lines)] if lines else []
        verdict = judgement.verdict(judgement.reference)
        paragraphs += ["## By the number of photos in the series", _parts("photos", verdict.by_series_size)]
        paragraphs += ["## By the size of the preference", _parts("max(p, 1 − p)", verdict.by_preference)]
        if verdict.reliability:
            rows = [
                [f"{100 * each.confidence:.1f}", percent(each.share), f"{each.pairs:,}"]
                for each in verdict.reliability
            ]
            paragraphs += ["## Calibration", markdown_table(["it says %", "people say %", "pairs"], rows)]
    if mistakes:
        paragraphs += ["## Surest and wrong", _mistakes(mistakes)]
    return "\n\n".join(paragraphs) + "\n"


def markdown_table(headers: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """A table whose first `texts` columns are text and whose others are numbers."""
    lines = [headers, [*["---"] * texts, *["--:"] * (len(headers) - texts)], *rows]
    return "\n".join(f"| {' | '.join(map(_inline, line))} |" for line in lines)


def _counts(judgement: "Judgement") -> str:
    chance = judgement.top1_by_chance
    by_chance = "" if chance is None else f", of which a blind choice finds the best photo in {chance:.1%}"
    return (
        f"{judgement.pairs:,} pairs of {judgement.series:,} series, {judgement.clear_pairs:,} of them with "
        f"p ≥ 0.7; {judgement.complete_series:,} complete series{by_chance}; "
        f"{judgement.uncovered_pairs:,} pairs left out for want of a score."
    )


def _parts(header: str, parts: Sequence["Part"]) -> str:
    rows = [[part.kind, percent(part.accuracy), f"{part.pairs:,}"] for part in parts if part.pairs]
    return markdown_table([header, "accuracy %", "pairs"], rows)


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
