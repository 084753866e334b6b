"""The distribution of stored features, as a chart."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from phototriage.extras import extra
from phototriage.features import Block
from phototriage.features.inspection import Column, Inspection
from phototriage.outputs.figure import write_figure

with extra("train"):
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["block_title", "distribution_chart"]

_BLUE, _LIGHT, _ORANGE, _RED, _GREY = "#2f6db3", "#b9d0ea", "#e08a2c", "#b3261e", "#6f6f6f"
_ONE_BY_ONE = 16
"""Blocks with more columns than this get panels over all columns instead of one per column."""
_PER_ROW = 4
_PANEL_WIDTH, _PANEL_HEIGHT, _HEADING = 3.6, 2.5, 0.55  # inches
_BINS = 51
_SATURATED = 0.01
_PERCENTILES = (0, 5, 50, 95, 100)

_Draw = Callable[[Axes], None]


def distribution_chart(inspections: Sequence[Inspection], path: str | Path) -> None:
    """Writes a PNG with a row of panels per block: columns, vector lengths, cosines of pairs of photos.

    Raises OutputError if the chart cannot be written.
    """
    panels = [_panels(inspection) for inspection in inspections]
    rows = [-(-len(each) // _PER_ROW) for each in panels]
    heights = [_PANEL_HEIGHT * count + _HEADING for count in rows]
    figure = Figure(figsize=(_PANEL_WIDTH * _PER_ROW, sum(heights) + _HEADING))
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.07)
    figure.supxlabel("line: the median photo", fontsize=9, color=_ORANGE)
    bands = figure.subfigures(len(inspections), 1, squeeze=False, height_ratios=heights)
    for band, inspection, draws, count in zip(bands.ravel(), inspections, panels, rows, strict=True):
        block = inspection.block
        numbers = f"{block.dim:,} number{'s' if block.dim != 1 else ''}"
        band.suptitle(
            f"{block_title(block)}:  {numbers} of {len(inspection.vectors):,} photos",
            x=0.012,
            horizontalalignment="left",
            fontweight="bold",
        )
        grid = band.subplots(count, _PER_ROW, squeeze=False, gridspec_kw={"wspace": 0.08}).ravel()
        for axes in grid[len(draws) :]:
            axes.axis("off")
        for axes, draw in zip(grid, draws, strict=False):
            axes.spines[["top", "right"]].set_visible(False)
            axes.tick_params(labelsize=8, colors=_GREY)
            draw(axes)
    write_figure(figure, path)


def block_title(block: Block) -> str:
    """The block's name, and its layers: one block may be there in several ways."""
    return f"{block.name}, {block.layers}" if block.layers else block.name


def _panels(inspection: Inspection) -> list[_Draw]:
    vectors = inspection.vectors
    panels: list[_Draw]
    if inspection.block.dim <= _ONE_BY_ONE:
        panels = [
            partial(_draw_column, column=column, values=values)
            for column, values in zip(inspection.columns, vectors.T, strict=True)
        ]
    else:
        panels = [
            lambda axes: _draw_histogram(axes, "all numbers", vectors.ravel()),
            lambda axes: _draw_columns(axes, vectors),
        ]
    return [
        *panels,
        lambda axes: _draw_histogram(axes, "length of a photo's vector", inspection.norms),
        lambda axes: _draw_histogram(axes, "cosine of two photos", inspection.cosines),
    ]


def _draw_column(axes: Axes, column: Column, values: NDArray[np.float32]) -> None:
    _draw_histogram(axes, column.name, values)
    # With few photos, a single one is a large share without being saturation.
    least = max(_SATURATED, 1.5 / len(values))
    notes = [
        *([f"{column.at_low:.0%} at min"] if column.at_low >= least else []),
        *([f"{column.at_high:.0%} at max"] if column.at_high >= least else []),
    ]
    if column.constant:
        notes = ["the same for all photos"]
    if column.not_finite:
        notes.append(f"{column.not_finite} NaN/Inf")
    axes.set_title("  ".join(notes), loc="right", color=_RED, fontsize=9)


def _draw_histogram(axes: Axes, title: str, values: NDArray[np.floating]) -> None:
    finite = values[np.isfinite(values)].astype(np.float64)
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if not len(finite):
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", color=_GREY)
        return
    low, high = finite.min(), finite.max()
    # Equal except for rounding: a histogram would show a spread that does not exist.
    if high - low <= 1e-5 * max(abs(low), abs(high)):
        margin = 0.5 * abs(low) or 0.5
        low, high = low - margin, high + margin
    axes.hist(finite, bins=_BINS, range=(low, high), color=_BLUE)
    axes.axvline(float(np.median(finite)), color=_ORANGE, linewidth=1.5)


def _draw_columns(axes: Axes, vectors: NDArray[np.float32]) -> None:
    """Draws the columns in the order of their medians, each as the band of nine in ten photos."""
    finite = vectors[np.isfinite(vectors).all(axis=1)]
    axes.set_title("each column: 90 % of photos, and all", loc="left", fontsize=10)
    if not len(finite):
        return
    low, p5, median, p95, high = np.percentile(finite, _PERCENTILES, axis=0)
    order = np.argsort(median)
    place = np.arange(len(order))
    axes.fill_between(place, low[order], high[order], color=_LIGHT, alpha=0.5, linewidth=0)
    axes.fill_between(place, p5[order], p95[order], color=_BLUE, alpha=0.6, linewidth=0)
    axes.plot(place, median[order], color=_ORANGE, linewidth=1.5)
    axes.set_xlim(0, len(order) - 1)
