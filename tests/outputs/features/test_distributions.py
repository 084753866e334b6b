from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phototriage.features import Block
from phototriage.features.inspection import Inspection
from phototriage.outputs.features.distributions import block_title, distribution_chart


@pytest.mark.parametrize("photos", [1, 2, 60])
@pytest.mark.parametrize("kind", ["varied", "constant", "zero", "not finite"])
def test_any_numbers_can_be_drawn(tmp_path: Path, photos: int, kind: str) -> None:
    inspections = []
    for dim in (1, 5, 40):
        vectors = np.random.default_rng(0).normal(size=(photos, dim)).astype(np.float32)
        if kind != "varied":
            vectors[:] = {"constant": 0.1, "zero": 0.0, "not finite": np.nan}[kind]
        inspections.append(
            Inspection(Block("b", "b/1", tuple(f"b{number}" for number in range(dim))), vectors)
        )
    distribution_chart(inspections, tmp_path / "chart.png")
    with Image.open(tmp_path / "chart.png") as drawn:
        drawn.load()
        # Bands of one row, two rows and one row of panels below each other.
        assert 1.4 < drawn.width / (drawn.height / 4 * 3) < 1.9


def test_a_band_is_called_by_its_layers() -> None:
    layered = Block("resnet", "r/1", ("layer2_mean_0", "layer3_mean_0"))
    assert block_title(layered) == "resnet, layer2_mean+layer3_mean"
    assert block_title(Block("iqa", "iqa/1", ("sharpness",))) == "iqa"
