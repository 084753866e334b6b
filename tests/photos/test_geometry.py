from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phototriage.photos.geometry import SIDEWAYS, fitted_size, shrink, upright

# Where the upright picture shows stored row i and column j, by the words of EXIF 2.32 for the 0th row and
# column ("right side, top", ...); h and w are the upright height and width.
PLACES: dict[int, Callable[[int, int, int, int], tuple[int, int]]] = {
    1: lambda i, j, h, w: (i, j),
    2: lambda i, j, h, w: (i, w - 1 - j),
    3: lambda i, j, h, w: (h - 1 - i, w - 1 - j),
    4: lambda i, j, h, w: (h - 1 - i, j),
    5: lambda i, j, h, w: (j, i),
    6: lambda i, j, h, w: (j, w - 1 - i),
    7: lambda i, j, h, w: (h - 1 - j, w - 1 - i),
    8: lambda i, j, h, w: (h - 1 - j, i),
}


@pytest.mark.parametrize("orientation", PLACES)
def test_upright(orientation: int) -> None:
    expected = np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3)
    stored = np.zeros((5, 3, 3) if orientation in SIDEWAYS else (3, 5, 3), np.uint8)
    for i, j in np.ndindex(stored.shape[:2]):
        stored[i, j] = expected[PLACES[orientation](i, j, 3, 5)]
    np.testing.assert_array_equal(upright(stored, orientation), expected)


@pytest.mark.parametrize("orientation", [0, 9, -1, 274])
def test_orientations_that_exif_does_not_know(orientation: int) -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    np.testing.assert_array_equal(upright(pixels, orientation), pixels)


@given(width=st.integers(1, 70_000), height=st.integers(1, 70_000), max_side=st.integers(1, 5_000))
def test_fitted_size(width: int, height: int, max_side: int) -> None:
    fitted = fitted_size(width, height, max_side)
    assert max(fitted) == min(max_side, max(width, height))
    scale = max(fitted) / max(width, height)
    for before, after in zip((width, height), fitted, strict=True):
        assert after == 1 or abs(after - before * scale) <= 0.5 + 1e-9


def overlaps(before: int, after: int) -> np.ndarray:
    """Row k: the share of every old pixel in new pixel k, which covers [k, k + 1) · before / after."""
    edges = np.arange(after + 1) * before / after
    starts = np.arange(before)
    shared = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    return np.clip(shared, 0, None) * after / before


@pytest.mark.parametrize("channels", [(), (3,), (4,)])
@pytest.mark.parametrize("size", [(30, 20), (29, 17), (60, 1), (1, 1), (60, 40), (59, 40)])
def test_shrink_averages_areas(size: tuple[int, int], channels: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (40, 60, *channels), np.uint8)
    width, height = size
    expected = np.einsum(
        "yi,xj,ij...->yx...", overlaps(40, height), overlaps(60, width), pixels.astype(float)
    )
    shrunk = shrink(pixels, size)
    assert shrunk.dtype == np.uint8
    np.testing.assert_allclose(shrunk, expected, rtol=0, atol=0.501)
