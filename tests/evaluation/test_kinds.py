import numpy as np
import pytest

from phototriage.errors import LabelError
from phototriage.evaluation.kinds import preference_kinds, reason_kinds, series_size_kinds, threshold_kinds

PREFERENCE = np.array([0.5, 0.6, 0.3, 0.7, 0.1, 0.95, 1.0, 1 - 0.8])


def rows(mask: np.ndarray) -> list[int]:
    return np.flatnonzero(mask).tolist()


def test_kinds_by_threshold_do_not_mind_rounding_or_the_side() -> None:
    kinds = {name: rows(mask) for name, mask in threshold_kinds(PREFERENCE, (0.8, 0.5)).items()}
    assert kinds == {
        "accuracy": [1, 2, 3, 4, 5, 6, 7],
        "accuracy_clear": [2, 3, 4, 5, 6, 7],
        "accuracy_strong": [4, 5, 6],
        "accuracy_weak": [1],
        "accuracy_0.8": [4, 5, 6, 7],
        "accuracy_0.5": [1, 2, 3, 4, 5, 6, 7],
    }


@pytest.mark.parametrize("threshold", [0.49, 1.01, float("nan")])
def test_a_threshold_that_is_no_share_of_a_majority_is_an_error(threshold: float) -> None:
    with pytest.raises(LabelError, match=r"between 0\.5 and 1"):
        threshold_kinds(PREFERENCE, (threshold,))


def test_every_pair_with_a_winner_is_in_one_tenth_of_the_preference() -> None:
    kinds = preference_kinds(PREFERENCE)
    assert {name: rows(mask) for name, mask in kinds.items()} == {
        "0.5–0.6": [],
        "0.6–0.7": [1],
        "0.7–0.8": [2, 3],
        "0.8–0.9": [7],
        "0.9–1": [4, 5, 6],
    }


def test_every_pair_with_a_winner_is_in_one_size_of_series() -> None:
    photos = np.array([2, 2, 3, 4, 5, 8, 9, 40])
    kinds = series_size_kinds(PREFERENCE, photos)
    assert {name: rows(mask) for name, mask in kinds.items()} == {
        "2": [1],
        "3": [2],
        "4": [3],
        "5–8": [4, 5],
        "9 or more": [6, 7],
    }


def test_a_pair_is_of_every_reason_that_a_third_of_its_votes_name() -> None:
    shares = np.array([[1, 0], [1 / 3, 1 / 3], [0.33, 0.67], *[[0.1 + 0.2, 0.0]] * 4, [0.4, 0.34]])
    kinds = reason_kinds(PREFERENCE, ["sharpness", "other"], shares)
    assert {name: rows(mask) for name, mask in kinds.items()} == {"sharpness": [1, 7], "other": [1, 2, 7]}
