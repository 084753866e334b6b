import numpy as np
import pytest

from phototriage.features.extractors.faces.face import (
    COLUMNS,
    EYES_CLOSED,
    LEAST_PIXELS,
    MOST_FACES,
    Face,
    face_count,
    faces_of,
    to_vector,
)


def face(pixels: float = 100.0, blink: float = 0.125, **other: float) -> Face:
    numbers = {"left": 0.25, "top": 0.5, "width": 0.125, "height": 0.25, "score": 0.75, "presence": 1.0}
    numbers |= {"smile": 0.5, "yaw": -8.0, "softness": -2.0, "eye_softness": -1.0} | other
    eyes = (0.25, 0.5, 0.125, 0.5)
    return Face(pixels=pixels, blink_left=blink + 0.0625, blink_right=blink - 0.0625, eyes=eyes, **numbers)


def named(vector: np.ndarray) -> dict[str, float]:
    return dict(zip(COLUMNS, vector.tolist(), strict=True))


def test_faces_are_what_they_were_the_tallest_first() -> None:
    small, large = face(64.0, yaw=4.0), face(256.0)
    vector = to_vector([small, large])
    assert vector.dtype == np.float32
    assert vector.shape == (len(COLUMNS),)
    assert faces_of(vector) == (large, small)
    assert named(vector)["face01_yaw"] == 4.0
    assert large.blink == 0.125


def test_no_face_is_neither_open_nor_closed_eyes() -> None:
    vector = to_vector([])
    assert np.isfinite(vector).all()
    assert face_count(vector) == 0
    assert faces_of(vector) == ()
    numbers = named(vector)
    assert (numbers["faces"], numbers["judged"]) == (0, 0)
    assert numbers["worst_blink"] == numbers["open_share"] == numbers["smile"] == -1
    assert not any(vector[len(vector) - MOST_FACES * 17 :])


def test_eyes_that_are_too_small_are_not_judged() -> None:
    numbers = named(to_vector([face(LEAST_PIXELS - 1, blink=0.9)]))
    assert (numbers["faces"], numbers["judged"]) == (1, 0)
    assert numbers["worst_blink"] == numbers["open_share"] == -1
    assert numbers["smile"] == 0.5
    assert named(to_vector([face(LEAST_PIXELS)]))["judged"] == 1


def test_the_summary_is_that_of_main_faces() -> None:
    main = [face(200.0, blink=0.125, smile=0.25), face(100.0, blink=EYES_CLOSED + 0.125, smile=0.75)]
    passer_by = face(99.0, blink=0.9, smile=1.0)
    numbers = named(to_vector([passer_by, *main]))
    assert (numbers["faces"], numbers["judged"]) == (3, 2)
    assert numbers["worst_blink"] == pytest.approx(EYES_CLOSED + 0.125)
    assert numbers["open_share"] == 0.5
    assert numbers["smile"] == 0.5
    assert numbers["softness"] == main[0].softness


def test_of_a_crowd_the_tallest_are_kept_and_all_are_counted() -> None:
    crowd = [face(float(pixels)) for pixels in range(41, 41 + MOST_FACES + 4)]
    vector = to_vector(crowd, 200)
    assert face_count(vector) == 200
    kept = faces_of(vector)
    assert len(kept) == MOST_FACES
    assert {each.pixels for each in crowd} - {each.pixels for each in kept} == {41, 42, 43, 44}


def test_columns_have_names_of_their_own() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS) == 6 + MOST_FACES * 17
