import numpy as np
import pytest
from tests.series.faces.made_up import face

from phototriage.series.faces.eyes import CLOSED, OPEN, closedness, eyes_of, visibility


def verdicts(*blinks: float, pixels: float = 200) -> list[str]:
    track = tuple(face(blink=blink, pixels=pixels) for blink in blinks)
    return list(eyes_of(track))


def test_eyes_are_closed_beside_the_persons_own_open_ones() -> None:
    assert verdicts(0.1, 0.6, 0.12) == ["open", "closed", "open"]
    assert verdicts(0.1, CLOSED + 0.01, CLOSED - 0.01) == ["open", "closed", "open"]


def test_glasses_squints_and_downcast_eyes_cancel() -> None:
    assert verdicts(0.3, 0.5, 0.42) == ["open"] * 3
    assert verdicts(0.35, 0.38, 0.7) == ["open", "open", "closed"]


def test_eyes_that_are_open_in_no_photo_are_unclear() -> None:
    assert verdicts(0.45, 0.5, 0.48) == ["unclear"] * 3
    assert verdicts(0.45, 0.9) == ["unclear", "closed"]


def test_without_another_photo_the_usual_open_eye_is_the_measure() -> None:
    assert verdicts(0.1) == verdicts(OPEN) == ["open"]
    assert verdicts(CLOSED - 0.01) == ["open"]
    assert verdicts(CLOSED + 0.01) == ["closed"]


def test_small_faces_count_less_and_the_smallest_not_at_all() -> None:
    assert visibility(np.array([30, 40, 52, 64, 300.0])).tolist() == [0, 0, 0.5, 1, 1]
    assert verdicts(0.1, 0.9, pixels=39) == ["unclear", "unclear"]
    assert verdicts(0.1, 0.9, pixels=48) == ["unclear", "unclear"]
    assert verdicts(0.1, 0.9, pixels=54) == ["open", "closed"]
    assert verdicts(0.1, 0.41, pixels=54) == ["open", "unclear"]
    small, large = (closedness((face(blink=0.1), face(blink=0.9, pixels=each)))[1] for each in (46, 64))
    assert (small, large) == (pytest.approx(0.25), 1)


def test_a_missed_face_is_neither_open_nor_closed() -> None:
    closed = closedness((face(blink=0.1), None, face(blink=0.8)))
    assert np.isnan(closed[1])
    assert closed[[0, 2]].tolist() == [0, 1]
    assert np.isnan(closedness((None, face(pixels=20)))).all()


@pytest.mark.parametrize(("pixels", "noise"), [(112, 0.07), (64, 0.10), (48, 0.16)])
def test_repeats_of_open_eyes_never_move_a_photo(pixels: float, noise: float) -> None:
    track = tuple(face(blink=blink, pixels=pixels) for blink in (OPEN, OPEN + noise * 0.9))
    assert closedness(track).max() <= 0.05
