from tests.series.faces.made_up import face

from phototriage.features.extractors.faces.face import Face
from phototriage.series.faces import Swap, people_of, swaps


def found(**photos: list[Face]) -> tuple[Swap, ...]:
    people = people_of(list(photos.values()))
    return swaps(list(zip(photos, people.faces, strict=True)))


def pair(left: float, right: float) -> list[Face]:
    return [face(0.7, blink=right), face(0.3, blink=left)]


def test_who_blinks_in_the_first_photo_is_taken_from_the_best_other_one() -> None:
    assert found(a=pair(0.1, 0.8), b=pair(0.9, 0.9), c=pair(0.9, 0.1), d=pair(0.8, 0.1)) == (
        Swap(person=2, place=2, photo="a", other="c"),
    )


def test_nothing_is_swapped_where_one_photo_has_all_eyes_open() -> None:
    assert found(a=pair(0.1, 0.8), b=pair(0.8, 0.1), c=pair(0.1, 0.1)) == ()
    assert found(a=[], b=[]) == swaps([]) == ()


def test_whose_eyes_are_open_nowhere_else_stays() -> None:
    # The right one is seen in the first photo only.
    assert found(a=[*pair(0.8, 0.1)[1:], face(0.7, blink=0.8)], b=[face(0.3)]) == (Swap(1, 1, "a", "b"),)


def test_a_first_photo_whose_main_people_all_look_needs_none() -> None:
    assert found(a=[face(0.3)], b=pair(0.8, 0.1), c=pair(0.8, 0.1)) == ()
