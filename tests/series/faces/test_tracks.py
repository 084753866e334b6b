import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.series.faces.made_up import face

from phototriage.features.extractors.faces.face import Face
from phototriage.series.faces.tracks import FARTHEST, LARGEST_RATIO, tracks


def test_people_are_told_by_their_places_from_left_to_right() -> None:
    left, middle, right = (face(x) for x in (0.2, 0.5, 0.8))
    moved = [face(x + 0.01, 0.51) for x in (0.8, 0.2, 0.5)]
    assert tracks([[middle, right, left], moved]) == (
        (left, moved[1]),
        (middle, moved[2]),
        (right, moved[0]),
    )


def test_a_camera_that_moves_takes_everyone_along() -> None:
    before = [face(x, size=0.12) for x in (0.2, 0.32, 0.44)]
    after = [face(x + 0.12, 0.6, size=0.12) for x in (0.2, 0.32, 0.44)]
    # Each face now stands where another one stood.
    assert tracks([before, after]) == tuple(zip(before, after, strict=True))


def test_a_track_passes_through_a_photo_that_misses_the_face() -> None:
    one, other, again = face(0.3), face(0.7), face(0.31)
    assert tracks([[one, other], [face(0.7)], [], [again, face(0.7)]])[0] == (one, None, None, again)


def test_a_newcomer_has_a_track_of_their_own() -> None:
    a, b = face(0.3), face(0.7)
    assert tracks([[a], [a, b]]) == ((a, a), (None, b))
    assert tracks([[], [b]]) == ((None, b),)
    assert tracks([]) == tracks([[], []]) == ()


def test_nobody_becomes_twice_as_large_or_crosses_the_photo() -> None:
    small, large = face(0.5, size=0.1), face(0.5, size=0.1 * LARGEST_RATIO * 1.05)
    assert len(tracks([[small], [large]])) == 2
    assert len(tracks([[small], [face(0.5, size=0.1 * LARGEST_RATIO * 0.95)]])) == 1
    still = face(0.2)
    far = [face(0.7), face(0.7 + 1.1 * FARTHEST * still.width)]
    assert len(tracks([[still, far[0]], [still, far[1]]])) == 3
    assert len(tracks([[still, far[0]], [still, face(0.7 + 0.9 * FARTHEST * still.width)]])) == 2


def crowd(data: st.DataObject) -> list[Face]:
    columns = data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True))
    return [face(0.14 * column + 0.07, data.draw(st.floats(0.3, 0.35)), size=0.12) for column in columns]


@settings(max_examples=30)
@given(st.data())
def test_every_face_is_in_one_track_whatever_their_order(data: st.DataObject) -> None:
    photos = [crowd(data) for _ in range(data.draw(st.integers(1, 4)))]
    found = tracks(photos)
    for place, faces in enumerate(photos):
        there = [track[place] for track in found if track[place]]
        assert sorted(map(id, there)) == sorted(map(id, faces))
    shuffled = [data.draw(st.permutations(faces)) for faces in photos]
    assert {tuple(map(id, track)) for track in tracks(shuffled)} == {tuple(map(id, track)) for track in found}


def test_of_two_that_fit_alike_the_left_one_does_in_either_order() -> None:
    one, left, right = face(0.5), face(0.4), face(0.6)
    assert tracks([[one], [left, right]]) == tracks([[one], [right, left]]) == ((one, left), (None, right))


@pytest.mark.parametrize("jitter", [0.2, 0.4])
def test_a_crowd_that_fidgets_stays_who_it_is(jitter: float) -> None:
    generator = np.random.default_rng(1)
    places = list(itertools.product((0.12, 0.37, 0.63, 0.88), (0.3, 0.6)))
    photos = [
        [
            face(x + move[0] * 0.08, y + move[1] * 0.12, size=0.12)
            for (x, y), move in zip(places, generator.uniform(-jitter, jitter, (8, 2)), strict=True)
        ]
        for _ in range(6)
    ]
    by_person = {tuple(faces[person] for faces in photos) for person in range(8)}
    assert {*tracks(photos)} == by_person
