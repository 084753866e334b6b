from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from phototriage.errors import OutputError
from phototriage.outputs.figure import write_figure


def test_a_figure_is_as_large_as_its_inches_and_dpi_say(tmp_path: Path) -> None:
    for path in (tmp_path / "new" / "figure.png", str(tmp_path / "figure.png")):
        write_figure(Figure(figsize=(3, 2)), path, dpi=50)
        with Image.open(path) as picture:
            assert (picture.format, picture.size) == ("PNG", (150, 100))


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write_figure(Figure(), tmp_path / "file" / "figure.png")
