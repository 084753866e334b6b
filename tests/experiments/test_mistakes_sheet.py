from pathlib import Path

import numpy as np
from PIL import Image

from phototriage.evaluation import Mistake
from phototriage.experiments.mistakes_sheet import mistakes_sheet

RED, BLUE, GREY = (255, 0, 0), (0, 0, 255), (240, 240, 240)


def test_peoples_choice_is_left_and_an_unreadable_photo_leaves_its_place(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.png" for name in ("a", "b", "gone")}
    Image.new("RGB", (90, 60), RED).save(files["a"])
    Image.new("RGB", (90, 60), BLUE).save(files["b"])
    mistakes = [
        Mistake("s", "b", "a", 0.9, -1.0, 2.0, 0.05),
        Mistake("t", "gone", "a", 0.8, -1.0, 2.0, None),
        Mistake("u", "b", "a", 0.8, -1.0, 2.0, 0.1),
    ]
    mistakes_sheet("x", mistakes, files, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    height, width = pixels.shape[:2]
    quarters = [pixels[height // 6 : height // 2, width * k // 4 : width * (k + 1) // 4] for k in range(4)]
    shares = [
        [float((np.abs(quarter - colour).sum(axis=2) < 6).mean()) for colour in (BLUE, RED, GREY)]
        for quarter in quarters
    ]
    assert [int(np.argmax(share)) for share in shares] == [0, 1, 2, 1]
    assert min(max(share) for share in shares) > 0.3
    # The third pair is in a second row.
    assert (np.abs(pixels[height * 2 // 3 :] - BLUE).sum(axis=2) < 6).mean() > 0.05
