"""Photos of two drawn people, ranked with what there is to know of their faces."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from tests.series.faces.made_up import face

from phototriage.features.extractors.faces.face import Face
from phototriage.rank import Ranking, RankOptions, rank_folder
from phototriage.series import rank_series

__all__ = ["EYES", "SIZE", "ranked_faces"]

SIZE = 900, 600

EYES = {
    "a.jpg": ([(300, 200), (240, 200)], [(700, 300), (640, 300)]),
    "b.jpg": ([(330, 240), (272, 225)], [(720, 330), (660, 330)]),
    "c.jpg": ([(280, 180), (220, 196)],),
}
"""The left and the right eye of each person, in pixels; the last photo lacks the second person."""

_RED, _BLUE = (255, 0, 0), (0, 0, 255)
_ORIENTATION = 0x0112


def ranked_faces(folder: Path, cache: Path) -> Ranking:
    """A series of people, whose left eye is red and whose right eye is blue, and one without.

    The first person blinks in `b.jpg`; the second one is softer there.
    """
    for number, (name, people) in enumerate(EYES.items()):
        _draw(folder / "people" / name, 0.4 + 0.4 * number, people)
        _draw(folder / "things" / name, 0.4 + 0.4 * number, ())
    ranking = rank_folder(folder, RankOptions(by_folder=True, cache_dir=cache, workers=1, faces="off"))
    faces = {f"people/{name}": _faces(name) for name in EYES} | {f"things/{name}": () for name in EYES}
    series = rank_series(ranking.found, ranking.features, ranking.ranker, detail=ranking.detail, faces=faces)
    return replace(ranking, faces=faces, series=series)


def _draw(path: Path, blur: float, people: tuple[list[tuple[int, int]], ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(4)
    scene = cv2.resize(rng.integers(100, 150, (20, 30, 3), np.uint8), SIZE, interpolation=cv2.INTER_CUBIC)
    photo = cv2.GaussianBlur(scene, (0, 0), blur)
    for left, right in people:
        cv2.circle(photo, left, 8, _RED, -1)
        cv2.circle(photo, right, 8, _BLUE, -1)
    exif = Image.Exif()
    if path.name == "c.jpg":  # stored on its side
        photo, exif[_ORIENTATION] = np.rot90(photo), 6
    Image.fromarray(photo).save(path, quality=98, exif=exif)


def _faces(name: str) -> tuple[Face, ...]:
    found = []
    for person, eyes in enumerate(EYES[name]):
        (left_x, left_y), (right_x, right_y) = (np.array(eye) / SIZE for eye in eyes)
        blinks, soft = name == "b.jpg" and person == 0, name == "b.jpg" and person == 1
        made = face(
            (left_x + right_x) / 2, (left_y + right_y) / 2, 0.25, pixels=150, blink=0.8 if blinks else 0.1
        )
        found.append(replace(made, softness=2.0 if soft else 3.0, eyes=(left_x, left_y, right_x, right_y)))
    return tuple(found)
