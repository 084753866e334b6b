"""Results as tables on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from phototriage.outputs.console import plain, stdout_console
from phototriage.series import RankedSeries

if TYPE_CHECKING:
    from phototriage.evaluation import Estimate, Judgement
    from phototriage.labels import AlignmentSummary, Labels

__all__ = ["print_judgement", "print_labels", "print_ranking"]


def print_ranking(ranked: Sequence[RankedSeries], top: int | None = None) -> None:
    """One table per series: rank, photo, score, P(best); only the first `top` photos where it is given."""
    console = stdout_console()
    for series in ranked:
        table = Table(
            title=plain(f"{series.name}  ({len(series.photos)} photo{'s' * (len(series.photos) > 1)})"),
            title_justify="left",
        )
        table.add_column("rank", justify="right")
        table.add_column("photo", overflow="fold")
        table.add_column("score", justify="right")
        table.add_column("P(best)", justify="right")
        for each in series.photos[:top]:
            table.add_row(
                str(each.rank),
                plain(each.photo.removeprefix(f"{series.name}/")),
                f"{each.score:.3f}",
                f"{each.probability_best:.0%}",
                style="bold" if each.rank == 1 else None,
            )
        console.print(table)


def print_judgement(judgement: "Judgement") -> None:
    """A row per scorer: each figure with its interval."""
    table = Table()
    table.add_column("scorer")
    for name in ("accuracy %", "p ≥ 0.7 %", "top-1 %", "log-likelihood", "ECE"):
        table.add_column(name, justify="right")
    for verdict in judgement.verdicts:
        figures = verdict.figures
        table.add_row(
            plain(verdict.name),
            *(_percent(figures[name]) for name in ("accuracy", "accuracy_clear", "top1")),
            *(_number(figures[name]) for name in ("log_likelihood", "ece")),
        )
    stdout_console().print(table)


def print_labels(labels: "Labels") -> None:
    """What each step of reading labels kept."""
    table = Table()
    table.add_column("step", overflow="fold")
    for name in ("rows", "pairs", "series", "photos"):
        table.add_column(name, justify="right")
    for step in labels.steps:
        counts = (step.rows, step.pairs, step.series, step.photos)
        table.add_row(step.name, *("" if count is None else f"{count:,}" for count in counts))
    console = stdout_console()
    console.print(table)
    if labels.alignment:
        console.print(_alignment(labels.alignment))


def _alignment(summary: "AlignmentSummary") -> Table:
    table = Table()
    table.add_column("votes against the released preferences")
    table.add_column("", justify="right")
    table.add_row(
        "series whose votes were matched to their photos",
        f"{summary.aligned:,} of {summary.series:,} ({summary.share:.1%})",
    )
    for name, agreement in (
        ("same winner, votes joined by their own ids (50 % is chance)", summary.raw),
        ("same winner, votes matched", summary.matched),
        ("same winner, votes matched, where |p − ½| > 0.2", summary.matched_clear),
    ):
        table.add_row(name, f"{agreement.share:.1%} of {agreement.pairs:,} pairs")
    return table


def _percent(estimate: "Estimate | None") -> str:
    if estimate is None:
        return "–"
    return f"{100 * estimate.value:.1f} ({100 * estimate.low:.1f}–{100 * estimate.high:.1f})"


def _number(estimate: "Estimate | None") -> str:
    return "–" if estimate is None else f"{estimate.value:.3f} ({estimate.low:.3f}…{estimate.high:.3f})"
