import numpy as np
import pytest
from tests.series.faces.made_up import face

from phototriage.features.extractors.faces.face import Face
from phototriage.series.differences import Difference
from phototriage.series.faces import people_of
from phototriage.series.faces.differences import face_differences
from phototriage.series.reasons import BLINKS, Reason

THREE = (0.2, 0.5, 0.8)


def words(of: list[Face], against: list[Face], *others: list[Face], **told: float) -> set[str]:
    """What is said of one photo beside another; `told`: the strength of other differences."""
    numbers = people_of([of, against, *others]).numbers
    here, there = ({name: column[[place]] for name, column in numbers.items()} for place in (0, 1))
    known = {
        name: Difference(np.array([strength]), np.array([""]), np.array([""]))
        for name, strength in told.items()
    }
    found = face_differences(here, there, known)
    return {str(each.words[0]) for each in found.values() if abs(each.strength[0]) >= 1}


def group(*shut: int) -> list[Face]:
    return [face(x, blink=0.8 if number in shut else 0.1) for number, x in enumerate(THREE)]


@pytest.mark.parametrize(
    ("of", "against", "more", "less"),
    [
        ([face(blink=0.8)], [face()], "eyes closed", "eyes open"),
        (group(0), group(), "one of three blinks", "all eyes open"),
        (group(0, 2), group(1), "two of three blink", "fewer blink"),
        (group(0, 1, 2), group(), "all eyes closed", "all eyes open"),
    ],
)
def test_eyes(of: list[Face], against: list[Face], more: str, less: str) -> None:
    assert words(of, against) == {more}
    assert words(against, of) == {less}
    fault, merit = (Reason(each, BLINKS, 1, 0, None) for each in (more, less))
    assert (fault.speaks, merit.speaks) == (-1, 1)
    assert fault.is_fault
    assert fault.is_plain
    assert merit.is_plain
    assert not merit.is_fault


def test_many_people_are_numbers() -> None:
    of = [face(0.05 + 0.08 * x, size=0.1, blink=0.8 * (x < 2)) for x in range(12)]
    assert words(of, [face(0.05 + 0.08 * x, size=0.1) for x in range(12)]) == {"two of 12 blink"}


def test_eyes_that_are_not_seen_are_no_reason() -> None:
    assert words([face(0.3)], [face(0.3), face(0.7, blink=0.9)]) == set()
    assert words([face(0.3)], [face(0.3), face(0.7, blink=0.9)], [face(0.3), face(0.7)]) == {"fewer blink"}
    assert words([], [face(blink=0.8)]) == words([face(blink=0.8)], []) == set()


def test_focus_is_said_of_faces_where_the_whole_photo_does_not_say_it() -> None:
    crisp, soft = [face(softness=4)], [face(softness=3)]
    assert words(soft, crisp) == {"face softer"}
    assert words(crisp, soft) == {"face sharper"}
    assert words(soft, crisp, sharpness=-2) == words(crisp, soft, noise=1) == set()
    assert words(soft, crisp, sharpness=2) == {"face softer"}
    assert words([face(softness=3.3)], soft) == set()


def test_smiles() -> None:
    assert words([face(smile=0.8)], [face()]) == {"smiles"}
    assert words([face()], [face(smile=0.8)]) == {"smiles less"}
    assert words([face(smile=0.45)], [face(smile=0.05)]) == set()
    happy, sober = ([face(x, smile=smile) for x in THREE] for smile in (0.9, 0.1))
    assert words(happy, sober) == {"more smiles"}
    assert words(sober, happy) == {"fewer smiles"}
