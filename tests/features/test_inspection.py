import numpy as np
import pytest

from phototriage.features import Block
from phototriage.features.inspection import Inspection, nearest_photos


def inspection(vectors: object) -> Inspection:
    matrix = np.array(vectors, np.float32)
    return Inspection(Block("b", "b/1", tuple("abcdef"[: matrix.shape[1]])), matrix)


def test_statistics_of_a_column() -> None:
    (column,) = inspection([[0], [0.5], [1], [1], [np.nan]]).columns
    assert (column.mean, column.low, column.high) == (0.625, 0, 1)
    assert column.sd == pytest.approx(np.std([0, 0.5, 1, 1]))
    assert (column.at_low, column.at_high, column.zeros, column.not_finite) == (0.25, 0.5, 0.25, 1)
    assert not column.constant


def test_a_column_without_any_number() -> None:
    (column,) = inspection([[np.nan], [np.inf]]).columns
    assert np.isnan(column.mean)
    assert column.not_finite == 2


def test_constant_columns_and_twins_are_found() -> None:
    rng = np.random.default_rng(0)
    number, other = rng.normal(size=(2, 50))
    found = inspection(np.column_stack([number, np.full(50, 0.1), other, 3 - 2 * number, other + number]))
    assert [column.name for column in found.columns if column.constant] == ["b"]
    ((one, twin, correlation),) = found.twins
    assert (one, twin) == ("a", "d")
    assert correlation == pytest.approx(-1)


def test_lengths_and_cosines_are_of_the_finite_vectors() -> None:
    found = inspection([[3, 4], [-6, -8], [np.nan, 1]])
    assert found.norms.tolist() == [5, 10]
    assert found.cosines == pytest.approx(np.full(20_000, -1))
    assert len(inspection([[1, 2]]).cosines) == 0
    assert inspection([[1, 2]]).twins == ()


def test_nearest_photos_are_those_of_the_largest_cosine() -> None:
    vectors = np.array([[0, 1], [2, 0.1], [0, 0], [np.nan, 1], [-1, 0], [5, 5]], np.float32)
    wanted = np.array([3, 0], np.float32)
    found = nearest_photos(vectors, wanted, 4)
    assert [row for row, _ in found] == [1, 5, 0, 4]
    assert [cosine for _, cosine in found] == pytest.approx([2 / np.hypot(2, 0.1), 0.5**0.5, 0, -1])
    assert nearest_photos(vectors, np.zeros(2, np.float32), 4) == []
