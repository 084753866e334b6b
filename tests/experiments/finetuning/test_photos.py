from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phototriage.errors import FeatureError
from phototriage.experiments.finetuning.photos import View, photo_loader

PIXELS = np.arange(10 * 20 * 3, dtype=np.uint8).reshape(10, 20, 3)


def test_a_view_cuts_and_flips_and_changes_nothing_else() -> None:
    assert np.array_equal(View()(PIXELS), PIXELS)
    seen = View(size=0.8, top=0.5, left=1.0, flip=True)(PIXELS)
    assert np.array_equal(seen, PIXELS[1:9, 4:][:, ::-1])


def test_drawn_views() -> None:
    rng = np.random.default_rng(0)
    views = [View.drawn(rng) for _ in range(200)]
    sizes = [view(np.zeros((100, 100, 3), np.uint8)).shape for view in views]
    assert min(min(shape[:2]) for shape in sizes) in (80, 81)
    assert max(max(shape[:2]) for shape in sizes) in (99, 100)
    assert all(shape[0] == shape[1] for shape in sizes)
    assert 70 < sum(view.flip for view in views) < 130
    assert View.drawn(np.random.default_rng(3)) == View.drawn(np.random.default_rng(3))


def test_photos_are_read_as_extractors_get_them(tmp_path: Path) -> None:
    Image.new("RGB", (1000, 500), (9, 9, 9)).save(tmp_path / "a.png")
    load = photo_loader({"a": tmp_path / "a.png", "b": tmp_path / "b.png"})
    assert load("a").shape == (400, 800, 3)
    assert load("a") is load("a")
    with pytest.raises(FeatureError, match="b could be read before and cannot be now"):
        load("b")
