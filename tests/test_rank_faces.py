"""Ranking photos of people, whose faces are real, for who has them."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.errors import FeatureError, OptionError
from phototriage.features import ExtractorOptions
from phototriage.rank import FaceSearch, Ranking, RankOptions, rank_folder
from phototriage.simulation import draw_scene

Pixels = NDArray[np.uint8]
Rank = Callable[..., Ranking]


@pytest.fixture(scope="module")
def crop(shared: Path) -> Callable[[str], Pixels]:
    """A face of 300 × 300 pixels by its name."""

    def read(name: str) -> Pixels:
        pixels = cv2.imread(str(shared / "faces/photos" / name))
        if pixels is None or not (shared / "weights/face_landmarker.task").is_file():
            pytest.skip(f"needs the faces and networks in {shared}, which are not there")
        return np.asarray(cv2.resize(pixels, (300, 300), interpolation=cv2.INTER_AREA), np.uint8)

    return read


@pytest.fixture(scope="module")
def rank(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Rank:
    pytest.importorskip("ai_edge_litert", reason="needs ai-edge-litert, which is not installed")
    cache = tmp_path_factory.mktemp("cache")

    def ranked(folder: Path, faces: FaceSearch = "auto") -> Ranking:
        extractors = ExtractorOptions(weights_dir=shared / "weights")
        options = RankOptions(by_folder=True, faces=faces, extractors=extractors, cache_dir=cache, workers=1)
        return rank_folder(folder, options)

    return ranked


def pasted(path: Path, *faces: Pixels) -> None:
    """A drawn scene with faces side by side."""
    canvas = cv2.cvtColor(draw_scene(3, 1200, 800), cv2.COLOR_RGB2BGR)
    for place, face in enumerate(faces):
        canvas[250:550, 80 + 400 * place : 380 + 400 * place] = face
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), canvas, [cv2.IMWRITE_JPEG_QUALITY, 95])


def test_a_known_fault_of_a_face_is_the_reason(
    crop: Callable[[str], Pixels], rank: Rank, tmp_path: Path
) -> None:
    a, b, shut = crop("open_020.jpg"), crop("open_060.jpg"), crop("closed_050.jpg")
    pasted(tmp_path / "one/good.jpg", a)
    pasted(tmp_path / "one/spoilt.jpg", shut)
    pasted(tmp_path / "two/good.jpg", a, b)
    pasted(tmp_path / "two/spoilt.jpg", a, shut)
    pasted(tmp_path / "soft/good.jpg", b)
    pasted(tmp_path / "soft/spoilt.jpg", np.asarray(cv2.GaussianBlur(b, (0, 0), 1.5), np.uint8))
    pasted(tmp_path / "none/a.jpg")
    pasted(tmp_path / "none/b.jpg", np.full((300, 300, 3), 90, np.uint8))
    ranking = rank(tmp_path)
    by_name = {series.name: series for series in ranking.series}
    said = {}
    for name in ("one", "two", "soft"):
        best, worst = by_name[name].photos
        assert best.photo == f"{name}/good.jpg"
        said[name] = {reason.words for reason in worst.reasons}
        assert [len(each.faces or ()) for each in (best, worst)] == [2 if name == "two" else 1] * 2
    assert "eyes closed" in said["one"]
    assert "one of two blinks" in said["two"]
    assert {"face softer", "softer", "out of focus"} & said["soft"]
    assert not {each for each in said["soft"] if "eyes" in each or "blink" in each}
    # Where nobody is, nothing changes.
    without = {series.name: series for series in rank(tmp_path, "off").series}
    assert [each.faces for each in by_name["none"].photos] == [(), ()]
    assert [(each.photo, each.score, each.reasons) for each in by_name["none"].photos] == [
        (each.photo, each.score, each.reasons) for each in without["none"].photos
    ]
    assert {each.faces for series in without.values() for each in series.photos} == {None}


def test_whoever_asks_for_faces_hears_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs ai-edge-litert, which is not installed")

    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    pasted(tmp_path / "photos/a.jpg")
    with pytest.raises(FeatureError, match=r"face_detection_yunet.*--weights_dir"):
        rank_folder(tmp_path / "photos", RankOptions(faces="on", cache_dir=tmp_path / "cache"))
    # Who did not ask is not told.
    assert rank_folder(tmp_path / "photos", RankOptions(cache_dir=tmp_path / "cache", workers=1)).notes == ()
    with pytest.raises(OptionError, match="faces must be auto, on or off, not 'yes'"):
        RankOptions(faces="yes")  # type: ignore[arg-type]
