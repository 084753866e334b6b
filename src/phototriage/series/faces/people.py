"""The people of a series: in which photos they blink, smile and are in focus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phototriage.features.extractors.faces.face import Face
from phototriage.series.faces.eyes import IGNORED_BELOW, Eyes, closedness, eyes_of
from phototriage.series.faces.tracks import Track, tracks

__all__ = ["FACE_NUMBERS", "People", "SeenFace", "people_of"]

FACE_NUMBERS = ("people", "judged", "blinks", "eyes_shut", "face_softness", "smile")

_MAIN = 0.5
"""Size of a main face, beside the largest one."""


@dataclass(frozen=True)
class SeenFace:
    """A face in a photo, beside the same person's in the other photos of its series.

    person: its number, the same in every photo of the series and in no other series; main people come first,
    from left to right. main: whether it counts in the ranking: at least half as large as the largest one.
    eyes: what they are. left, top, width, height: its box; eye_centers: x, y of the left eye, then of the
    right one; all as shares [0, 1] of the upright photo. softer: by how many doublings the face shows less
    detail than the same person's most detailed one; 0 for a face too small to tell.
    """

    person: int
    main: bool
    eyes: Eyes
    left: float
    top: float
    width: float
    height: float
    eye_centers: tuple[float, float, float, float]
    softer: float = 0.0


@dataclass(frozen=True, eq=False)
class People:
    """The people of a series of n photos.

    faces: of each photo, by the number of the person. numbers: float64 (n,) each of FACE_NUMBERS, all of main
    people, NaN where a photo shows none of them:
    people: how many there are in the series; judged: of how many this photo shows whether their eyes are
    open; blinks: how many of those have closed eyes;
    eyes_shut: how many have closed eyes, each in [0, 1], where one who is not seen, or not clearly, counts as
    the mean of their other photos;
    face_softness: log2 of the detail of their faces, mean over them, higher is sharper; smile: in [0, 1],
    mean over them. In both a person counts by the difference from their mean over the series, so that it does
    not matter who is missing.
    """

    faces: tuple[tuple[SeenFace, ...], ...]
    numbers: Mapping[str, NDArray[np.float64]]


def people_of(photos: Sequence[Sequence[Face]]) -> People:
    """The people of a series, from the faces of its photos in the order in which they were taken."""
    found = tracks(photos)
    main = _are_main(found)
    order = sorted(range(len(found)), key=lambda number: not main[number])
    faces: list[list[SeenFace]] = [[] for _ in photos]
    for person, number in enumerate(order, 1):
        eyes = eyes_of(found[number])
        softness = _values([found[number]], "softness")[0]
        softer = np.nan_to_num(np.fmax.reduce(softness) - softness)
        for place, face in enumerate(found[number]):
            if face:
                box = (face.left, face.top, face.width, face.height)
                seen = SeenFace(
                    person, bool(main[number]), eyes[place], *box, face.eyes, float(softer[place])
                )
                faces[place].append(seen)
    numbers = _numbers([found[number] for number in order if main[number]], len(photos))
    return People(tuple(map(tuple, faces)), numbers)


def _are_main(found: Sequence[Track]) -> NDArray[np.bool_]:
    """(people,) who is large, and no passer-by: in half of the photos with faces, where anybody is."""
    if not found:
        return np.zeros(0, bool)
    there = np.array([[face is not None for face in track] for track in found])
    size = np.array([np.median([face.pixels for face in track if face]) for track in found])
    stays = there.sum(axis=1) >= there.any(axis=0).sum() / 2
    if not stays.any():
        stays[:] = True
    return np.asarray(stays & (size >= _MAIN * size[stays].max()))


def _numbers(mains: Sequence[Track], photos: int) -> dict[str, NDArray[np.float64]]:
    if not mains:
        return {name: np.full(photos, np.nan) for name in FACE_NUMBERS}
    known = np.array([[face is not None for face in track] for track in mains])
    shown = known.any(axis=0)
    shut = np.array([closedness(track) for track in mains])
    eyes = np.array([eyes_of(track) for track in mains])
    judged = (eyes == "open") | (eyes == "closed")
    clear = np.where(judged, shut, np.nan)
    numbers = {
        "people": np.full(photos, float(len(mains))),
        "judged": judged.sum(axis=0).astype(float),
        "blinks": (eyes == "closed").sum(axis=0).astype(float),
        "eyes_shut": np.where(np.isfinite(shut), shut, _means(clear)[:, None]).sum(axis=0),
        "face_softness": _beside_own_mean(mains, "softness"),
        "smile": _beside_own_mean(mains, "smile"),
    }
    return {name: np.where(shown, values, np.nan) for name, values in numbers.items()}


def _beside_own_mean(mains: Sequence[Track], name: str) -> NDArray[np.float64]:
    """(photos,) the mean of a number over people, as if all were there; NaN where nobody is large enough."""
    values = _values(mains, name)
    own = _means(values)
    difference = values - own[:, None]
    known = np.isfinite(difference)
    count = known.sum(axis=0)
    everyone = own[np.isfinite(values).any(axis=1)]
    mean = np.where(known, difference, 0).sum(axis=0) / np.maximum(count, 1)
    level = float(everyone.mean()) if len(everyone) else np.nan
    return np.where(count > 0, level + mean, np.nan)


def _values(people: Sequence[Track], name: str) -> NDArray[np.float64]:
    """(people, photos) a number of each face; NaN where there is none, or one too small."""
    return np.array(
        [
            [getattr(face, name) if face and face.pixels >= IGNORED_BELOW else np.nan for face in track]
            for track in people
        ]
    )


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows,) the mean of what is known; 0 where nothing is."""
    known = np.isfinite(values)
    return np.asarray(np.where(known, values, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))
