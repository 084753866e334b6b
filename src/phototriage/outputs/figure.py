"""Writes matplotlib figures."""

import io
from pathlib import Path

from phototriage.atomic_write import atomic_write
from phototriage.extras import extra

with extra("train"):
    from matplotlib.figure import Figure

__all__ = ["write_figure"]


def write_figure(figure: Figure, path: str | Path, dpi: int = 110) -> None:
    """Writes a figure as a PNG, whole or not at all. Raises OutputError."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi)
    with atomic_write(Path(path)) as file:
        file.write(drawn.getvalue())
