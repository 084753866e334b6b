import numpy as np
import pytest
from tests.series.faces.made_up import face

from phototriage.series.faces import FACE_NUMBERS, people_of


def test_main_people_come_first_and_have_half_the_size_of_the_largest() -> None:
    background, adult, child = face(0.1, size=0.05), face(0.4, size=0.2), face(0.7, size=0.11)
    people = people_of([[adult, child, background], [child, background, adult]])
    assert [(each.person, each.main, each.left) for each in people.faces[1]] == [
        (1, True, adult.left),
        (2, True, child.left),
        (3, False, background.left),
    ]
    assert [each.eye_centers for each in people.faces[0]] == [adult.eyes, child.eyes, background.eyes]
    assert people.numbers["people"].tolist() == [2, 2]


def test_a_large_passer_by_is_no_main_person() -> None:
    people = people_of([[face(0.3)], [face(0.3)], [face(0.3), face(0.8, size=0.4, blink=0.9)]])
    assert [(each.person, each.main) for each in people.faces[2]] == [(1, True), (2, False)]
    assert people.numbers["blinks"].tolist() == [0, 0, 0]


def test_blinks_of_main_people_are_counted() -> None:
    first = [face(0.3), face(0.6, blink=0.8), face(0.9, size=0.05, blink=0.9)]
    second = [face(0.3, blink=0.7), face(0.6, blink=0.8), face(0.9, size=0.05)]
    third = [face(0.3), face(0.6), face(0.9, size=0.05)]
    numbers = people_of([first, second, third]).numbers
    assert {*numbers} == {*FACE_NUMBERS}
    assert numbers["blinks"].tolist() == numbers["eyes_shut"].tolist() == [1, 2, 0]
    assert numbers["judged"].tolist() == numbers["people"].tolist() == [2, 2, 2]


def test_who_is_not_seen_counts_as_in_the_other_photos() -> None:
    numbers = people_of(
        [
            [face(0.3), face(0.7, blink=0.9)],
            [face(0.3), face(0.7)],
            [face(0.3)],
        ]
    ).numbers
    assert numbers["eyes_shut"].tolist() == [1, 0, 0.5]
    assert numbers["judged"].tolist() == [2, 2, 1]


def test_a_photo_without_faces_has_no_numbers() -> None:
    people = people_of([[face()], []])
    assert people.faces[1] == ()
    assert all(np.isnan(column[1]) and np.isfinite(column[0]) for column in people.numbers.values())
    assert all(np.isnan(column).all() for column in people_of([[], []]).numbers.values())


def test_a_face_is_softer_than_the_sharpest_one_of_the_same_person() -> None:
    people = people_of(
        [
            [face(0.3, softness=3.0), face(0.7, softness=5.0)],
            [face(0.3, softness=2.2), face(0.7, size=0.1, softness=4.5, pixels=39)],
            [face(0.3, softness=2.9)],
        ]
    )
    assert [each.softer for photo in people.faces for each in photo] == pytest.approx([0, 0, 0.8, 0, 0.1])


def test_focus_and_smile_compare_people_with_themselves() -> None:
    # The one with the beard is sharper in every photo; that he is missing in one changes nothing.
    beard, bare = {"softness": 6.0, "smile": 0.0}, {"softness": 2.0, "smile": 0.8}
    numbers = people_of(
        [
            [face(0.3, **beard), face(0.7, **bare)],
            [face(0.7, **bare)],
            [face(0.3, **{**beard, "softness": 4}), face(0.7, softness=0, smile=0.2)],
        ]
    ).numbers
    softness, smile = numbers["face_softness"], numbers["smile"]
    assert softness[1] - softness[2] == pytest.approx((2 - 0) / 2 + (6 - 4) / 2, abs=0.4)
    assert softness[0] - softness[2] == pytest.approx(2)
    assert smile[0] - smile[2] == pytest.approx(0.3)


def test_small_faces_are_seen_but_have_no_say() -> None:
    numbers = people_of([[face(pixels=30, blink=0.9)], [face(pixels=30)]]).numbers
    assert numbers["judged"].tolist() == numbers["blinks"].tolist() == numbers["eyes_shut"].tolist() == [0, 0]
    assert np.isnan(numbers["smile"]).all()
