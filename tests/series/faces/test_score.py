import numpy as np
import pytest
from tests.series.faces.made_up import face

from phototriage.features.extractors.faces.face import Face
from phototriage.series.faces import face_log_odds, people_of
from phototriage.series.faces.score import CLOSED_LOG_ODDS, SMILE_LOG_ODDS, SOFTNESS_LOG_ODDS


def moved(*photos: list[Face]) -> list[float]:
    """By how much faces move the photos of one series."""
    found: list[float] = face_log_odds(np.zeros(len(photos), np.intp), people_of(photos).numbers).tolist()
    return found


def test_closed_eyes_cost_a_photo_and_each_further_pair_less() -> None:
    people = [
        [face(x, blink=0.8 * (number < shut)) for number, x in enumerate((0.2, 0.5, 0.8))]
        for shut in range(4)
    ]
    none, one, two, three = moved(*people)
    assert one - none == pytest.approx(CLOSED_LOG_ODDS)
    assert three - none == pytest.approx(2 * CLOSED_LOG_ODDS)
    assert CLOSED_LOG_ODDS < two - one < 0
    assert sum((none, one, two, three)) == pytest.approx(0)


def test_focus_and_smiles_speak_for_a_photo() -> None:
    plain, crisp, smiling = moved([face()], [face(softness=4)], [face(smile=0.9)])
    assert crisp - plain == pytest.approx(SOFTNESS_LOG_ODDS)
    assert smiling - plain == pytest.approx(0.8 * SMILE_LOG_ODDS)
    assert 0 < SMILE_LOG_ODDS < -CLOSED_LOG_ODDS


def test_no_face_is_neither_better_nor_worse() -> None:
    open_eyes, nobody, shut = moved([face()], [], [face(blink=0.9)])
    assert (nobody, open_eyes + shut) == (0, pytest.approx(0))
    assert moved([], []) == [0, 0]
    assert face_log_odds(np.zeros(2, np.intp), {}).tolist() == [0, 0]
