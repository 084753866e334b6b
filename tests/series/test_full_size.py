import numpy as np
import pytest

from phototriage.features import DETAIL_COLUMNS, Block, Features
from phototriage.series.full_size import (
    ACUTANCE_LOG_ODDS,
    NOISE_LOG_ODDS,
    detail_columns,
    detail_log_odds,
)


def detail(numbers: dict[str, tuple[float, float]]) -> Features:
    """Of photos with these (noise, acutance)."""
    matrix = np.zeros((len(numbers), len(DETAIL_COLUMNS)), np.float32)
    matrix[:, [DETAIL_COLUMNS.index(name) for name in ("noise", "acutance")]] = list(numbers.values())
    return Features(tuple(numbers), matrix, (Block("detail", "detail/1", DETAIL_COLUMNS),))


def test_noise_counts_against_a_photo_and_acutance_for_it() -> None:
    numbers = detail({"clean": (1, 1), "noisy": (6, 1), "soft": (1, 0.5)})
    found = detail_log_odds(np.zeros(3, np.intp), detail_columns(["clean", "noisy", "soft"], numbers))
    assert found[1] - found[0] == pytest.approx(5 * NOISE_LOG_ODDS)
    assert found[2] - found[0] == pytest.approx(-0.5 * ACUTANCE_LOG_ODDS)
    assert found.sum() == pytest.approx(0)
    assert NOISE_LOG_ODDS < 0 < ACUTANCE_LOG_ODDS


def test_a_photo_that_was_not_looked_at_is_the_mean_of_its_own_series() -> None:
    numbers = detail_columns(
        ["a", "b", "c", "d", "e", "alone"], detail({"b": (1, 0), "c": (3, 0), "e": (9, 0)})
    )
    found = detail_log_odds(np.array([0, 0, 0, 1, 1, 2], np.intp), numbers)
    assert np.isnan(numbers["full_noise"]).tolist() == [True, False, False, True, False, True]
    assert found == pytest.approx([0, -NOISE_LOG_ODDS, NOISE_LOG_ODDS, 0, 0, 0])


def test_without_numbers_nothing_moves() -> None:
    assert detail_columns(["a", "b"], None) == {}
    assert detail_log_odds(np.zeros(2, np.intp), {}).tolist() == [0, 0]
    empty = Features((), np.zeros((0, len(DETAIL_COLUMNS)), np.float32), (detail({"a": (0, 0)}).blocks))
    assert detail_columns(["a", "b"], empty) == {}
