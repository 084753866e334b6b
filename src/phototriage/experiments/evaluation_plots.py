"""An evaluation as charts: accuracy by scorer and by kind of pair, calibration."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from phototriage.evaluation import EvaluationReport, KindAccuracy, Mistake, ScorerReport
from phototriage.evaluation.baselines import CHANCE
from phototriage.experiments.mistakes_sheet import mistakes_sheet
from phototriage.extras import extra
from phototriage.outputs.figure import write_figure
from phototriage.printable import printable

with extra("train"):
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["accuracy_chart", "kinds_plot", "reliability_plot", "write_evaluation_plots"]

_BLUE, _LIGHT, _ORANGE, _GREY = "#2f6db3", "#b9d0ea", "#e08a2c", "#6f6f6f"


def write_evaluation_plots(
    report: EvaluationReport,
    mistakes: Sequence[Mistake],
    photos: Mapping[str, Path] | None,
    folder: str | Path,
    on_note: Callable[[str], None] = lambda text: None,
) -> None:
    """Writes reliability.png, accuracy_by_kind.png and worst_mistakes.png, if their data are available.

    The charts compare the reference with the most accurate of the others. photos: the file of each
    photo, if known. Raises OutputError.
    """
    folder = Path(folder)
    name = report.reference or ""
    if report.scorer(name).reliability:
        reliability_plot(report, folder / "reliability.png")
    others = [scorer for scorer in report.scorers if scorer.name not in (name, CHANCE)]
    best = max(others, key=_accuracy, default=None)
    kinds_plot(report, [best.name] if best else [], folder / "accuracy_by_kind.png")
    if photos is None:
        on_note("no contact sheet of the worst mistakes: the photo folder is unknown, give --photos")
    elif mistakes:
        mistakes_sheet(name, mistakes, photos, folder / "worst_mistakes.png")
    on_note(f"pictures are in {folder}")


def _accuracy(scorer: ScorerReport) -> float:
    accuracy = scorer.figures["accuracy"]
    return accuracy.value if accuracy else 0.0


def accuracy_chart(report: EvaluationReport, path: str | Path) -> None:
    """Writes a PNG with a bar and its interval per scorer: the share of clear pairs in the right order."""
    shown = [
        (scorer.name, estimate)
        for scorer in report.scorers
        if (estimate := scorer.figures["accuracy_clear"] or scorer.figures["accuracy"])
    ]
    figure = Figure(figsize=(8, 1.2 + 0.45 * len(shown)), layout="constrained")
    axes = figure.subplots()
    for row, (name, estimate) in enumerate(reversed(shown)):
        color = _BLUE if name == shown[-1][0] else _GREY
        axes.barh(row, 100 * estimate.value, color=color)
        axes.plot([100 * estimate.low, 100 * estimate.high], [row, row], color="black", linewidth=1.5)
        axes.text(1, row, f"{name}  {100 * estimate.value:.1f}", va="center", color="white")
    axes.axvline(50, color="black", linestyle=":", linewidth=1)
    axes.set(yticks=[], xlim=(0, 100), xlabel="clear pairs in the right order, % (line: 95 % interval)")
    write_figure(figure, path)


def reliability_plot(report: EvaluationReport, path: str | Path) -> None:
    """Writes a PNG that compares the reference's confidence with people's choices, with pair counts below.

    The reference must have probabilities. Raises OutputError if the chart cannot be written.
    """
    scorer = report.scorer(report.reference or "")
    bins = scorer.reliability
    figure = Figure(figsize=(5.6, 6.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    said = [100 * each.confidence for each in bins]
    upper.plot([50, 100], [50, 100], color=_GREY, linestyle=":", label="as sure as people agree")
    upper.vlines(
        said, [100 * each.share.low for each in bins], [100 * each.share.high for each in bins], color=_BLUE
    )
    upper.plot(said, [100 * each.share.value for each in bins], "o-", color=_BLUE, label="measured")
    ece = scorer.figures["ece"]
    upper.set_title(
        f"{printable(scorer.name)}" + (f"   ECE {ece.value:.3f}" if ece else ""), loc="left", fontsize=11
    )
    upper.set(ylabel="people on that side, %", xlim=(49, 101))
    upper.legend(loc="upper left", frameon=False)
    lower.bar(said, [each.pairs for each in bins], width=3.5, color=_LIGHT)
    for x, each in zip(said, bins, strict=True):
        lower.annotate(f"{each.pairs:,}", (x, each.pairs), ha="center", va="bottom", fontsize=7, color=_GREY)
    lower.margins(y=0.25)
    lower.set(xlabel="how sure it is of its side, %", ylabel="pairs", yticks=[])
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    write_figure(figure, path)


def kinds_plot(report: EvaluationReport, compared: Sequence[str], path: str | Path) -> None:
    """Writes a PNG with accuracy by series size and by strength of preference, for the reference and others.

    Raises OutputError if the chart cannot be written.
    """
    scorers = [report.scorer(name) for name in (report.reference or "", *compared)]
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    _draw_parts(left, scorers, [scorer.by_series_size for scorer in scorers])
    left.set(xlabel="photos in the series", ylabel="pairs in the right order, %")
    _draw_parts(right, scorers, [scorer.by_preference for scorer in scorers])
    right.set(xlabel="share of people on the winner's side")
    # Below the panels, so that no line crosses it.
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    write_figure(figure, path)


def _draw_parts(axes: Axes, scorers: Sequence[ScorerReport], parts: Sequence[Sequence[KindAccuracy]]) -> None:
    kinds = [part for part in parts[0] if part.pairs]
    for row, (scorer, of_verdict) in enumerate(zip(scorers, parts, strict=True)):
        accuracy = {part.kind: part.accuracy for part in of_verdict if part.accuracy}
        # Slightly offset, so that the intervals of one kind do not hide each other.
        places = [place + 0.09 * (row - (len(scorers) - 1) / 2) for place in range(len(kinds))]
        drawn = [accuracy[part.kind] for part in kinds if part.kind in accuracy]
        color = (_BLUE, _ORANGE, _GREY)[min(row, 2)]
        axes.vlines(places, [100 * e.low for e in drawn], [100 * e.high for e in drawn], color=color, lw=1.5)
        axes.plot(
            places, [100 * each.value for each in drawn], "o-", color=color, label=printable(scorer.name)
        )
    axes.axhline(50, color="black", linestyle=":", linewidth=1)
    axes.set_xticks(
        range(len(kinds)), [f"{part.kind}\n{part.pairs:,} pair{'s' * (part.pairs != 1)}" for part in kinds]
    )
    axes.tick_params(axis="x", labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.set_xlim(-0.5, len(kinds) - 0.5)
