"""Ranking photos of people, whose faces are real, for who has them."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.errors import FeatureError, OptionError
from phototriage.features import ExtractorOptions
from phototriage.rank import FaceSearch, Ranking, RankOptions, rank_folder
from phototriage.series import RankedSeries
from phototriage.simulation import draw_scene

Pixels = NDArray[np.uint8]

SIDE = 230
"""Of a pasted face, in pixels."""

GOOD, SPOILT = "good.jpg", "spoilt.jpg"
FACE = re.compile("face|eye|blink|smile")
BLURS = (0.0, 0.8, 1.6, 3.0)


@pytest.fixture(scope="module")
def crop(shared: Path) -> Callable[[str], Pixels]:
    """A face by its name."""

    def read(name: str) -> Pixels:
        pixels = cv2.imread(str(shared / "faces/photos" / f"{name}.jpg"))
        if pixels is None or not (shared / "weights/face_landmarker.task").is_file():
            pytest.skip(f"needs the faces and networks in {shared}, which are not there")
        return np.asarray(cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)

    return read


def paste(path: Path, *faces: Pixels) -> None:
    """A drawn scene with faces side by side."""
    photo = scene().copy()
    for place, face in enumerate(faces):
        photo[250 : 250 + SIDE, 15 + 245 * place :][:, :SIDE] = face
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), photo, [cv2.IMWRITE_JPEG_QUALITY, 95])


@cache
def scene() -> Pixels:
    return np.asarray(cv2.cvtColor(draw_scene(3, 1000, 600), cv2.COLOR_RGB2BGR), np.uint8)


def blurred(face: Pixels, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(face, (0, 0), sigma), np.uint8) if sigma else face


def nudged(face: Pixels) -> Pixels:
    """Moved by two pixels, and a little brighter."""
    return np.asarray(np.roll(face, (2, -2), (0, 1)) * 0.95 + 6, np.uint8)


@pytest.fixture(scope="module")
def ranked(
    crop: Callable[[str], Pixels], tmp_path_factory: pytest.TempPathFactory, shared: Path
) -> Callable[[FaceSearch], Ranking]:
    """Ranks series whose photos differ in one known way; they are measured once."""
    pytest.importorskip("ai_edge_litert", reason="needs ai-edge-litert, which is not installed")
    calm, other, third, fourth = (crop(name) for name in ("open_020", "open_060", "open_033", "open_019"))
    shut, smiling, squinting = (crop(name) for name in ("closed_050", "open_087", "open_045"))
    scratch = tmp_path_factory.mktemp("ranked")
    folder = scratch / "photos"
    series: dict[str, tuple[list[Pixels], list[Pixels]]] = {
        "one": ([calm], [shut]),
        "four": ([calm, other, third, fourth], [calm, other, shut, fourth]),
        "smile": ([smiling], [third]),
        "same": ([calm, other], [nudged(calm), nudged(other)]),
        "squint": ([squinting], [nudged(squinting)]),
        "none": ([], [np.full((SIDE, SIDE, 3), 90, np.uint8)]),
    }
    for name, photos in series.items():
        for file, faces in zip((GOOD, SPOILT), photos, strict=True):
            paste(folder / name / file, *faces)
    for sigma in BLURS:
        paste(folder / "soft" / f"{sigma}.jpg", blurred(other, sigma))

    def rank(faces: FaceSearch) -> Ranking:
        extractors = ExtractorOptions(weights_dir=shared / "weights")
        options = RankOptions(
            by_folder=True, faces=faces, extractors=extractors, cache_dir=scratch / "cache", workers=1
        )
        return rank_folder(folder, options)

    return rank


@pytest.fixture(scope="module")
def series(ranked: Callable[[FaceSearch], Ranking]) -> Mapping[str, RankedSeries]:
    return {each.name: each for each in ranked("auto").series}


def said(series: RankedSeries) -> list[set[str]]:
    """Of each photo, best first, what is said of its faces."""
    return [{each.words for each in photo.reasons if FACE.search(each.words)} for photo in series.photos]


@pytest.mark.parametrize(
    ("name", "of_pick", "of_other"),
    [
        ("one", "eyes open", "eyes closed"),
        ("four", "all eyes open", "one of four blinks"),
        ("smile", "smiles", "smiles less"),
    ],
)
def test_what_was_changed_is_said(
    series: Mapping[str, RankedSeries], name: str, of_pick: str, of_other: str
) -> None:
    pick, other = series[name].photos
    assert (pick.photo, other.photo) == (f"{name}/{GOOD}", f"{name}/{SPOILT}")
    assert [len(photo.faces or ()) for photo in (pick, other)] == [4 if name == "four" else 1] * 2
    words = said(series[name])
    assert of_pick in words[0]
    assert of_other in words[1]
    # Two crops differ in focus, too, but nowhere in what was not changed.
    others = {"smile": "eye|blink", "one": "smile", "four": "smile"}[name]
    assert not [each for each in words[0] | words[1] if re.search(others, each)]


def test_the_softer_a_face_the_lower_its_rank(series: Mapping[str, RankedSeries]) -> None:
    photos = {photo.photo: photo for photo in series["soft"].photos}
    order = [photos[f"soft/{sigma}.jpg"] for sigma in BLURS]
    softer = [photo.faces[0].softer for photo in order if photo.faces]
    assert softer[0] == 0
    assert np.all(np.diff(softer) > 0.3)
    assert series["soft"].photos == tuple(order)
    words = [{each.words for each in photo.reasons} for photo in order]
    assert all({"face softer", "softer", "out of focus"} & each for each in words[2:])
    assert not {each for each in set().union(*words) if "eyes" in each or "blink" in each}


@pytest.mark.parametrize("name", ["same", "squint"])
def test_what_does_not_differ_is_not_said(series: Mapping[str, RankedSeries], name: str) -> None:
    assert all(photo.faces for photo in series[name].photos)
    assert not any(photo.blinks for photo in series[name].photos)
    assert said(series[name]) == [set(), set()]


def test_where_nobody_is_nothing_changes(
    ranked: Callable[[FaceSearch], Ranking], series: Mapping[str, RankedSeries]
) -> None:
    without = {each.name: each for each in ranked("off").series}
    assert [each.faces for each in series["none"].photos] == [(), ()]
    assert [(each.photo, each.score, each.reasons) for each in series["none"].photos] == [
        (each.photo, each.score, each.reasons) for each in without["none"].photos
    ]
    assert {photo.faces for each in without.values() for photo in each.photos} == {None}


def test_whoever_asks_for_faces_hears_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs ai-edge-litert, which is not installed")

    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    paste(tmp_path / "photos/a.jpg")
    with pytest.raises(FeatureError, match=r"face_detection_yunet.*--weights_dir"):
        rank_folder(tmp_path / "photos", RankOptions(faces="on", cache_dir=tmp_path / "cache"))
    # Who did not ask is not told.
    assert rank_folder(tmp_path / "photos", RankOptions(cache_dir=tmp_path / "cache", workers=1)).notes == ()
    with pytest.raises(OptionError, match="faces must be auto, on or off, not 'yes'"):
        RankOptions(faces="yes")  # type: ignore[arg-type]
