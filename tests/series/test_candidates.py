import numpy as np
import pytest

from phototriage.series.candidates import Candidates

# Three series: one to choose from, a panorama, one to choose from.
PHOTOS = Candidates(
    shot=np.arange(7),
    series=np.array([0, 0, 0, 1, 1, 2, 2]),
    selectable=np.array([True, True, True, False, False, True, True]),
    inputs=np.arange(14, dtype=np.float32).reshape(7, 2),
    numbers={"noise": np.arange(7.0)},
    score=np.arange(7.0) / 10,
    megapixels=np.array([12, 5.9, np.nan, 12, 1, 6, 3.0]),
)


def test_photos_count_from_the_first_of_their_series() -> None:
    assert len(PHOTOS) == 7
    assert PHOTOS.begins.tolist() == [0, 3, 5]
    assert PHOTOS.first.tolist() == [0, 0, 0, 3, 3, 5, 5]
    assert PHOTOS.place.tolist() == [0, 1, 2, 0, 1, 0, 1]


def test_sums_and_counts_are_of_the_series() -> None:
    assert PHOTOS.sums(np.arange(7.0)).tolist() == [3, 3, 3, 7, 7, 11, 11]
    marked = np.array([True, False, True, False, False, True, True])
    assert PHOTOS.counts(marked).tolist() == [2, 2, 2, 0, 0, 2, 2]


def test_small_is_less_than_half_the_pixels_where_there_is_a_choice() -> None:
    # 5.9 of 12; not what is unknown, nor a panorama's, nor 3 of 6.
    assert PHOTOS.small.tolist() == [False, True, False, False, False, False, False]


def test_taken_rows_keep_all_their_columns() -> None:
    rows = np.array([1, 2, 0, 4, 3, 5, 6])
    photos = PHOTOS.take(rows)
    assert photos.shot.tolist() == rows.tolist()
    assert photos.series.tolist() == PHOTOS.series.tolist()
    assert photos.selectable.tolist() == PHOTOS.selectable.tolist()
    assert photos.inputs[:, 0].tolist() == (2 * rows).tolist()
    assert photos.numbers["noise"].tolist() == rows.tolist()
    assert photos.score == pytest.approx(rows / 10)
    assert photos.megapixels == pytest.approx(PHOTOS.megapixels[rows], nan_ok=True)
    assert photos.small.tolist() == [True, False, False, False, False, False, False]


def test_the_typical_photo_is_the_median_of_those_marked() -> None:
    typical = PHOTOS.typical(np.array([True, True, True, False, False, True, True]))
    assert typical.series.tolist() == [0, 2]  # none of the other is marked
    assert typical.numbers["noise"].tolist() == [1, 5.5]
    assert typical.inputs.tolist() == [[2, 3], [11, 12]]
    assert typical.score == pytest.approx([0.1, 0.55])


@pytest.mark.parametrize("size", range(1, 12))
def test_the_typical_photo_of_a_series_of_any_size_is_numpys_median(size: int) -> None:
    draw = np.random.default_rng(size)
    inputs, noise = draw.random((3 * size, 5), np.float32), draw.random(3 * size)
    noise[draw.random(3 * size) < 0.1] = np.nan
    photos = Candidates(
        shot=np.arange(3 * size),
        series=np.repeat(np.arange(3), size),
        selectable=np.ones(3 * size, bool),
        inputs=inputs,
        numbers={"noise": noise},
        score=noise,
        megapixels=noise,
    )
    typical = photos.typical(np.ones(3 * size, bool))
    np.testing.assert_array_equal(typical.inputs, np.median(inputs.reshape(3, size, 5), axis=1))
    np.testing.assert_array_equal(typical.numbers["noise"], np.median(noise.reshape(3, size), axis=1))
