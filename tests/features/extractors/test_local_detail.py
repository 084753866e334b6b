import cv2
import numpy as np
import pytest

from phototriage.features.extractors.local_detail import tile_means


@pytest.mark.parametrize("shape", [(533, 800), (17, 19), (8, 3), (2, 800), (1, 1)])
@pytest.mark.parametrize("tiles", [3, 8, 16])
def test_means_of_tiles_are_those_of_area_averaging(shape: tuple[int, int], tiles: int) -> None:
    values = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    size = (min(tiles, shape[1]), min(tiles, shape[0]))
    expected = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    assert tile_means(values, tiles) == pytest.approx(expected, rel=1e-5)
    assert tile_means(values, tiles).dtype == np.float32
