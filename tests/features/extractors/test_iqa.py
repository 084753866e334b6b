from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from phototriage.features import IQA_COLUMNS, measure_iqa
from phototriage.features.extractors.iqa import at_measured_size
from phototriage.photos import load
from phototriage.photos.geometry import fitted_size


def plain_iqa(pixels: NDArray[np.uint8]) -> list[float]:
    """The four formulas in plain numpy, nothing shared with the code under test."""
    red, green, blue = (pixels[..., channel].astype(np.float64) for channel in range(3))
    # ITU-R BT.601 luma in 15-bit fixed point, as OpenCV has it for 8-bit pictures.
    grey = (9798 * red + 19235 * green + 3735 * blue + 16384) // 32768
    padded = np.pad(grey, 1, mode="reflect")
    laplacian = (
        padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * padded[1:-1, 1:-1]
    )
    histogram = np.histogram(grey, bins=256, range=(-0.5, 255.5))[0] / grey.size
    entropy = -sum(share * np.log(share) for share in histogram if share > 0)
    rg, yb = red - green, (red + green) / 2 - blue
    colour = np.sqrt(rg.var() + yb.var()) + 0.3 * np.sqrt(rg.mean() ** 2 + yb.mean() ** 2)
    values = [
        laplacian.var() / 1000,
        0.5 * (1 - histogram[0] - histogram[255]) + 0.5 * entropy / np.log(256),
        colour / 100,
        grey.std() / grey.mean() / 0.8 if grey.any() else 0.0,
    ]
    return [min(max(value, 0.0), 1.0) for value in values]


@given(arrays(np.uint8, st.tuples(st.integers(2, 40), st.integers(2, 40), st.just(3))))
def test_equals_the_formulas_in_plain_numpy(pixels: NDArray[np.uint8]) -> None:
    assert measure_iqa(pixels) == pytest.approx(plain_iqa(pixels), abs=1e-6)


def test_equals_the_formulas_on_real_photos(shared: Path) -> None:
    for path in sorted((shared / "photos").rglob("*.jpg")):
        pixels = load(path, 800).pixels
        assert measure_iqa(pixels) == pytest.approx(plain_iqa(pixels), abs=1e-6)


def test_black_white_and_grey() -> None:
    # All grey pixels at an extreme and a histogram of one bin: nothing is well exposed.
    assert measure_iqa(np.zeros((8, 8, 3), np.uint8)).tolist() == [0, 0, 0, 0]
    assert measure_iqa(np.full((8, 8, 3), 255, np.uint8)).tolist() == [0, 0, 0, 0]
    assert measure_iqa(np.full((8, 8, 3), 128, np.uint8)).tolist() == [0, 0.5, 0, 0]


def test_known_colour() -> None:
    # Pure red everywhere: no spread, means rg = 255 and yb = 127.5.
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[..., 0] = 255
    assert measure_iqa(pixels)[2] == pytest.approx(0.3 * np.hypot(255, 127.5) / 100)


def test_large_photos_are_measured_at_800_pixels_by_area_averaging() -> None:
    small = np.random.default_rng(0).integers(0, 256, (400, 800, 3), np.uint8)
    doubled = small.repeat(2, axis=0).repeat(2, axis=1)
    assert measure_iqa(doubled).tolist() == measure_iqa(small).tolist()


def test_real_photos_lie_where_the_real_scores_lie(shared: Path) -> None:
    released = pd.read_csv(shared / "phototriage" / "iqa_scores.csv")
    files = sorted((shared / "clive" / "photos").iterdir())[::8]
    ours = np.array([measure_iqa(load(path, 800).pixels) for path in files])
    for column, name in enumerate(IQA_COLUMNS):
        low, high = released[name].quantile([0.1, 0.9])
        assert low < np.median(ours[:, column]) < high, name
    assert 0.1 < (ours[:, 0] == 1).mean() < 0.8  # 43 % of the released sharpness values are saturated


def test_a_large_photo_gets_the_size_that_decoding_gives_it() -> None:
    assert at_measured_size(np.zeros((289, 1088, 3), np.uint8)).shape[:2] == fitted_size(1088, 289, 800)[::-1]
