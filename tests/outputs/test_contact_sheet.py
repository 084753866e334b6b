from pathlib import Path

import numpy as np
from PIL import Image

from phototriage.outputs.contact_sheet import contact_sheet
from phototriage.series import RankedPhoto, RankedSeries


def test_a_contact_sheet_shows_every_photo_of_the_series(tmp_path: Path) -> None:
    files = {}
    for name, colour in {"a": (255, 0, 0), "b": (0, 255, 0), "c": (0, 0, 255)}.items():
        files[name] = tmp_path / f"{name}.png"
        Image.new("RGB", (90, 60), colour).save(files[name])
    photos = tuple(
        RankedPhoto(name, (name,), rank, 0, 1 / 3, "rest", ()) for rank, name in enumerate("bca", start=1)
    )
    contact_sheet(RankedSeries("s", "series", None, photos), files, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    centres = []
    for colour in ((0, 255, 0), (0, 0, 255), (255, 0, 0)):
        found = np.abs(pixels - colour).sum(axis=2) < 30
        assert found.sum() > 10_000
        centres.append(np.nonzero(found)[1].mean())
    assert centres == sorted(centres)
