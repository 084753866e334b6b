"""An ablation as a table, JSON, Markdown and a chart."""

import json
from dataclasses import asdict
from pathlib import Path

from phototriage.experiments.ablation import Ablation, AblationRow
from phototriage.extras import extra
from phototriage.outputs.console import plain, stdout_console
from phototriage.outputs.evaluation_report import markdown_table
from phototriage.outputs.evaluation_table import percent
from phototriage.outputs.figure import write_figure
from phototriage.outputs.tables import print_wide_table
from phototriage.printable import printable

with extra("train"):
    from matplotlib.figure import Figure

__all__ = ["ablation_chart", "ablation_json", "ablation_markdown", "print_ablation"]

_HEADERS = ("features", "numbers", "accuracy %", "p ≥ 0.7 %", "top-1 %", "gain")
_BLUE, _ORANGE = "#2f6db3", "#e08a2c"


def print_ablation(ablation: Ablation) -> None:
    """Prints a row per subset, the most accurate first; then the reference of the gains and the failures."""
    console = stdout_console()
    print_wide_table(console, _HEADERS, [_cells(row) for row in ablation.rows], bold=ablation.full)
    for line in _remarks(ablation):
        console.print(plain(line))


def ablation_json(ablation: Ablation) -> str:
    """One document: counts, the full set's name, and a row per subset with figures and intervals."""
    return json.dumps(asdict(ablation), indent=2, ensure_ascii=False) + "\n"


def ablation_markdown(ablation: Ablation) -> str:
    """What was evaluated, the table, and the reference of the gains."""
    counts = (
        f"{ablation.folds}-fold over series: {ablation.pairs:,} pairs of {ablation.series:,} series, "
        f"{ablation.clear_pairs:,} of them with p ≥ 0.7; 95 % intervals over series."
    )
    table = markdown_table(_HEADERS, [_cells(row) for row in ablation.rows])
    return "\n\n".join([counts, table, *map(printable, _remarks(ablation))]) + "\n"


def ablation_chart(ablation: Ablation, path: str | Path) -> None:
    """Writes a PNG with a bar and its interval per subset, the most accurate first. Raises OutputError."""
    rows = [(row, row.accuracy) for row in ablation.rows if row.accuracy]
    figure = Figure(figsize=(9, 1.3 + 0.36 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, (row, accuracy) in enumerate(reversed(rows)):
        low, high = 100 * accuracy.low, 100 * accuracy.high
        color = _ORANGE if row.subset == ablation.full else _BLUE
        # Bars start at chance: from 0 they would hide the differences, from elsewhere exaggerate them.
        axes.barh(place, 100 * accuracy.value - 50, left=50, color=color)
        axes.plot([low, high], [place, place], color="black", linewidth=1.5)
        axes.text(max(high, 50) + 0.3, place, f"{100 * accuracy.value:.1f}", va="center", fontsize=9)
    lowest = min([50.0, *(100 * accuracy.low for _, accuracy in rows)])
    highest = max([50.0, *(100 * accuracy.high for _, accuracy in rows)])
    axes.set_xlim(lowest, highest + 0.12 * (highest - lowest) + 1)
    axes.axvline(50, color="black", linewidth=1)
    axes.set_yticks(range(len(rows)), [f"{row.subset} ({row.dim:,})" for row, _ in reversed(rows)])
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("pairs in the right order, %, from chance at 50 (line: 95 % interval over series)")
    axes.set_title(
        f"{ablation.folds}-fold: {ablation.pairs:,} pairs of {ablation.series:,} series"
        + ("; orange: the full set" if ablation.full else ""),
        loc="left",
        fontsize=10,
    )
    write_figure(figure, path)


def _cells(row: AblationRow) -> list[str]:
    shares = (percent(share) for share in (row.accuracy, row.accuracy_clear, row.top1))
    gain = ""
    if row.gain:
        gain = f"{100 * row.gain.value:+.1f} ({100 * row.gain.low:+.1f} to {100 * row.gain.high:+.1f})"
    return [row.subset, f"{row.dim:,}", *shares, gain]


def _remarks(ablation: Ablation) -> list[str]:
    remarks = [f"not trained: {name}: {reason}" for name, reason in ablation.failures.items()]
    if ablation.full:
        remarks.insert(0, f"gain: accuracy minus that of {ablation.full}, on the same series, in points")
    return remarks
