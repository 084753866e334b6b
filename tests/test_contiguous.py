import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phototriage.contiguous import in_one_piece


@given(st.lists(st.integers(0, 9), max_size=6))
def test_it_takes_the_same_rows(places: list[int]) -> None:
    rows = np.arange(30).reshape(10, 3)
    np.testing.assert_array_equal(rows[in_one_piece(np.array(places, np.intp))], rows[places])


def test_rows_that_follow_one_another_are_a_view() -> None:
    rows = np.arange(10)
    assert np.shares_memory(rows[in_one_piece(np.array([3, 4, 5]))], rows)
    assert not np.shares_memory(rows[in_one_piece(np.array([3, 5, 4]))], rows)
