"""A ranked series as a picture."""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from phototriage.extras import extra
from phototriage.outputs.figure import write_figure
from phototriage.photos import load
from phototriage.series import RankedSeries

with extra("train"):
    from matplotlib.figure import Figure

__all__ = ["contact_sheet"]

_GREEN = "#2a8a4a"


def contact_sheet(series: RankedSeries, files: Mapping[str, Path], path: str | Path) -> None:
    """Writes a PNG with the photos of a series side by side, best first, with rank and P(best)."""
    columns = min(4, len(series.photos))
    rows = -(-len(series.photos) // columns)
    figure = Figure(figsize=(4 * columns, 3.2 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.axis("off")
    for axes, each in zip(grid, series.photos, strict=False):
        axes.imshow(Image.fromarray(load(files[each.photo], 640).pixels))
        axes.set_title(
            f"{each.rank}.  {Path(each.photo).name}   P(best) {each.probability_best:.0%}",
            color=_GREEN if each.rank == 1 else "black",
            fontweight="bold" if each.rank == 1 else "normal",
        )
    write_figure(figure, path)
