from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.web.faces_shoot import EYES, SIZE
from tests.web.reviewing import Page, review

from phototriage.rank import Ranking
from phototriage.web.faces import CELL, EYES_APART, EYES_DOWN, FaceSheet
from phototriage.web.picture_store import Kind
from phototriage.web.renditions import Renditions

Point = tuple[float, float]

LEFT = (0.5 + EYES_APART / 2) * CELL, EYES_DOWN * CELL
RIGHT = (0.5 - EYES_APART / 2) * CELL, EYES_DOWN * CELL


def pixels(picture: bytes) -> NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)


def center(cell: NDArray[np.uint8], channel: int) -> Point:
    """Where a dot of red (0) or blue (2) is, from pixel corners."""
    others = np.delete(cell, channel, axis=2).max(axis=2).astype(float)
    weight = (cell[..., channel] - others).clip(0) ** 2
    weight[weight < 100**2] = 0
    rows, columns = np.indices(weight.shape)
    total = weight.sum()
    assert total > 0
    return float((weight * columns).sum() / total) + 0.5, float((weight * rows).sum() / total) + 0.5


def dotted(size: tuple[int, int], left: Point, right: Point, radius: float) -> NDArray[np.uint8]:
    """A gray photo of (width, height) with a red left eye and a blue right one, exact to 1/16 of a pixel."""
    photo = np.full((size[1], size[0], 3), 128, np.uint8)
    for (x, y), color in ((left, (255, 0, 0)), (right, (0, 0, 255))):
        at = round((x - 0.5) * 16), round((y - 0.5) * 16)
        cv2.circle(photo, at, round(radius * 16), color, -1, cv2.LINE_AA, 4)
    return photo


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param((420.0, 300.0), (316.0, 300.0), id="level"),
        pytest.param((1500.0, 700.0), (900.0, 900.0), id="large and leaning"),
        pytest.param((530.0, 310.0), (520.0, 300.0), id="small"),
        pytest.param((400.0, 500.0), (400.0, 400.0), id="sideways"),
        pytest.param((300.0, 500.0), (400.0, 480.0), id="upside down"),
        pytest.param((1990.0, 30.0), (1930.0, 20.0), id="in a corner"),
    ],
)
def test_eyes_come_to_the_same_place(left: Point, right: Point) -> None:
    width, height = 2000, 1200
    apart = float(np.hypot(left[0] - right[0], left[1] - right[1]))
    photo = dotted((width, height), left, right, max(1.0, apart / 12))
    shares = (left[0] / width, left[1] / height, right[0] / width, right[1] / height)
    cell = pixels(FaceSheet(((*shares, 2.4 * apart / height),))(photo).tobytes())
    assert cell.shape == (CELL, CELL, 3)
    assert center(cell, 0) == pytest.approx(LEFT, abs=1.5)
    assert center(cell, 2) == pytest.approx(RIGHT, abs=1.5)


def test_a_turned_head_is_no_larger_than_others() -> None:
    photo = dotted((1000, 1000), (515.0, 400.0), (485.0, 400.0), 6)
    cell = pixels(FaceSheet(((0.515, 0.4, 0.485, 0.4, 0.3),))(photo).tobytes())
    (left, left_y), (right, _) = center(cell, 0), center(cell, 2)
    assert ((left + right) / 2, left_y) == pytest.approx((CELL / 2, EYES_DOWN * CELL), abs=1)
    assert left - right == pytest.approx(EYES_APART * CELL * 30 / 90, abs=1)


def test_a_face_in_a_photo_of_one_pixel_is_a_picture_of_it() -> None:
    photo = np.full((1, 1, 3), (200, 40, 90), np.uint8)
    cell = pixels(FaceSheet(((0.5, 0.5, 0.5, 0.5, 1.0),))(photo).tobytes())
    assert cell.shape == (CELL, CELL, 3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faces")


@pytest.fixture(scope="module")
def page(people: Ranking, folder: Path) -> Iterator[Page]:
    renditions = Renditions(folder / "cache", renderers=1)
    yield review(people, folder, renditions)
    renditions.close()


def test_faces_are_shown_by_person_and_cut_out_in_the_same_order(page: Page) -> None:
    people, things = page.session()["series"]
    photos = {photo["name"]: photo for photo in page.get(f"api/series/{people['id']}").json()["photos"]}
    said = {
        name: [(face["person"], face["eyes"], face["softer"]) for face in photo["faces"]]
        for name, photo in photos.items()
    }
    assert said == {
        "people/a.jpg": [(1, "open", False), (2, "open", False)],
        "people/b.jpg": [(1, "closed", False), (2, "open", True)],
        "people/c.jpg": [(1, "open", False)],
    }
    for name, photo in photos.items():
        for face, (left, right) in zip(photo["faces"], EYES[name.removeprefix("people/")], strict=True):
            middle = (np.array(left) + right) / 2 / SIZE
            assert (face["x"], face["y"], face["height"]) == pytest.approx((*middle, 0.25))
        answer = page.get(f"photos/{photo['id']}/faces")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        sheet = pixels(answer.content)
        assert sheet.shape == (len(photo["faces"]) * CELL, CELL, 3)
        for cell in np.split(sheet, len(photo["faces"])):
            assert center(cell, 0) == pytest.approx(LEFT, abs=4)
            assert center(cell, 2) == pytest.approx(RIGHT, abs=4)
    for photo in page.get(f"api/series/{things['id']}").json()["photos"]:
        assert photo["faces"] == []
        refused = page.get(f"photos/{photo['id']}/faces")
        assert (refused.status_code, refused.json()) == (404, {"error": "there are no faces in this photo"})
    assert page.get("photos/nothing/faces").status_code == 404


def test_no_picture_of_a_face_is_kept(page: Page, folder: Path) -> None:
    people, _ = page.session()["series"]
    assert page.get(f"photos/{people['photos'][0]}/faces").status_code == 200
    assert {place.name for place in (folder / "cache/renditions").glob("*/*")} <= {*get_args(Kind)}
