"""The worst mistakes of a scorer as a contact sheet."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from phototriage.errors import PhotoError
from phototriage.evaluation import Mistake
from phototriage.extras import extra
from phototriage.outputs.figure import write_figure
from phototriage.photos import load
from phototriage.printable import printable

with extra("train"):
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["mistakes_sheet"]

_GREEN, _RED, _GREY, _SHADE = "#2a8a4a", "#b3261e", "#6f6f6f", "#f3f3f3"
_PAIRS_PER_ROW = 2
_PHOTO = 480
"""Long side of a photo on the sheet."""


def mistakes_sheet(
    name: str, mistakes: Sequence[Mistake], files: Mapping[str, str | Path], path: str | Path
) -> None:
    """Writes a PNG with a pair per cell: left the photo that people preferred, right the choice of `name`.

    files: by photo key. The reason replaces an unreadable photo. Raises OutputError if the file cannot be
    written.
    """
    columns = min(_PAIRS_PER_ROW, len(mistakes))
    rows = -(-len(mistakes) // columns)
    figure = Figure(figsize=(6.4 * columns, 3.3 * rows + 0.6), layout="constrained")
    figure.suptitle(
        f"Where {printable(name)} was surest and wrong:  left the people's choice, right its own",
        fontsize=12,
        x=0.012,
        horizontalalignment="left",
    )
    cells = figure.subfigures(rows, columns, squeeze=False, wspace=0.03, hspace=0.02).ravel()
    for cell, each in zip(cells, mistakes, strict=False):
        cell.set_facecolor(_SHADE)
        left, right = cell.subplots(1, 2)
        cell.suptitle(f"series {printable(each.series)}", fontsize=9, color=_GREY)
        sure = "" if each.probability is None else f", P {1 - each.probability:.0%}"
        _draw(left, files[each.preferred], f"{each.preference:.0%} of people", each.score_preferred, _GREEN)
        _draw(right, files[each.other], f"the scorer{sure}", each.score_other, _RED)
    write_figure(figure, path, dpi=100)


def _draw(axes: Axes, file: str | Path, says: str, score: float, color: str) -> None:
    file = Path(file)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color(color)
    axes.spines[:].set_linewidth(2)
    axes.set_title(says, fontsize=10, color=color, fontweight="bold", loc="left")
    axes.set_title(f"score {score:.2f}", fontsize=9, loc="right")
    axes.set_xlabel(printable(file.name)[-40:], fontsize=8, color=_GREY)
    try:
        axes.imshow(load(file, _PHOTO).pixels)
    except PhotoError as error:
        axes.imshow(np.full((_PHOTO * 2 // 3, _PHOTO, 3), 240, np.uint8))
        axes.text(
            _PHOTO / 2,
            _PHOTO / 3,
            textwrap.fill(printable(str(error)), 40),
            ha="center",
            va="center",
            fontsize=7,
        )
