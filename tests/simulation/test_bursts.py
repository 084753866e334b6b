import hashlib
import math
from collections import Counter
from dataclasses import fields
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from phototriage.errors import OutputError
from phototriage.simulation.bursts import Burst, draw_takes, write_bursts
from phototriage.simulation.camera import Take, penalty
from phototriage.simulation.scenes import draw_scene

SIZE: dict[str, Any] = {"width": 240, "height": 160}


def rows_of(table: pd.DataFrame) -> list[Any]:
    return list(table.itertuples())


def digest(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bursts")
    assert write_bursts(folder, 8, 3, **SIZE) == folder / "comparisons.csv"
    return folder


def test_the_same_seed_writes_the_same_bytes_and_another_others(written: Path, tmp_path: Path) -> None:
    write_bursts(tmp_path / "again", 8, 3, **SIZE)
    write_bursts(tmp_path / "other", 8, 4, **SIZE)
    assert digest(tmp_path / "again") == digest(written)
    assert digest(tmp_path / "other") != digest(written)


def test_the_photos_on_disk_are_those_of_both_tables(written: Path) -> None:
    assert sorted(path.name for path in written.iterdir()) == ["comparisons.csv", "photos", "truth.csv"]
    on_disk = {p.relative_to(written / "photos").as_posix() for p in (written / "photos").rglob("*.jpg")}
    pairs, truth = pd.read_csv(written / "comparisons.csv"), pd.read_csv(written / "truth.csv")
    assert on_disk == set(truth["photo"]) == set(pairs["photo_a"]) | set(pairs["photo_b"])
    assert sorted(Path(p).name for p in on_disk) == [f"IMG_{i:04d}.jpg" for i in range(1, len(on_disk) + 1)]
    assert list(truth.columns) == ["series", "photo", *(f.name for f in fields(Take)), "penalty"]
    assert list(pairs.columns) == ["series", "photo_a", "photo_b", "preference", "votes_a", "votes_b"]


def test_every_pair_of_every_burst_stands_once_with_its_true_preference(written: Path) -> None:
    pairs, truth = pd.read_csv(written / "comparisons.csv"), pd.read_csv(written / "truth.csv")
    assert truth["series"].nunique() == 8
    expected = {pair for _, burst in truth.groupby("series") for pair in combinations(burst["photo"], 2)}
    rows = rows_of(pairs)
    assert len(rows) == len(expected)
    assert {(row.photo_a, row.photo_b) for row in rows} == expected
    cost = dict(zip(truth["photo"], truth["penalty"], strict=True))
    for row in rows:
        assert row.photo_a.split("/")[0] == row.photo_b.split("/")[0] == row.series
        assert row.preference == pytest.approx(1 / (1 + math.exp(cost[row.photo_a] - cost[row.photo_b])))
        assert row.votes_a + row.votes_b == 5
        assert row.votes_a >= 0 <= row.votes_b


def test_the_penalty_is_that_of_the_shot_written_beside_it(written: Path) -> None:
    for row in pd.read_csv(written / "truth.csv").to_dict("records"):
        shot = Take(**{field.name: row[field.name] for field in fields(Take)})
        assert row["penalty"] == pytest.approx(penalty(shot))


def test_photos_carry_plausible_exif_that_tells_only_the_time(written: Path) -> None:
    others, last = set(), None
    for path in sorted((written / "photos").rglob("*.jpg"), key=lambda p: p.name):
        with Image.open(path) as image:
            assert image.size == (240, 160)
            exif = image.getexif()
            inner = dict(exif.get_ifd(0x8769))
        assert (exif[0x010F], exif[0x0110]) == ("phototriage", "simulated camera")
        stamp = f"{inner.pop(0x9003)}.{inner.pop(0x9291)}{inner.pop(0x9011)}"
        time = datetime.strptime(stamp, "%Y:%m:%d %H:%M:%S.%f%z")
        assert inner[0x9204] == 0
        others.add(str(sorted(inner.items())))
        if last is not None:
            gap = (time - last[1]).total_seconds()
            assert 0.25 <= gap < 0.35 if path.parent == last[0] else gap >= 120
        last = (path.parent, time)
    assert len(others) == 1


def test_jpeg_quality_is_that_of_the_shot(written: Path, tmp_path: Path) -> None:
    for row in rows_of(pd.read_csv(written / "truth.csv")):
        Image.new("RGB", (8, 8)).save(tmp_path / "reference.jpg", quality=row.jpeg_quality)
        with (
            Image.open(tmp_path / "reference.jpg") as asked,
            Image.open(written / "photos" / row.photo) as got,
        ):
            assert isinstance(got, JpegImageFile)
            assert isinstance(asked, JpegImageFile)
            assert got.quantization == asked.quantization


def test_given_scenes_are_used_in_turn(tmp_path: Path) -> None:
    scenes = [draw_scene(0, 100, 70), draw_scene(1, 90, 120)]
    write_bursts(tmp_path, 3, 0, scenes)
    sizes = []
    for burst in sorted((tmp_path / "photos").iterdir()):
        with Image.open(next(burst.iterdir())) as image:
            sizes.append(image.size)
    assert sizes == [(86, 60), (77, 103), (86, 60)]


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty") as caught:
        write_bursts(tmp_path, 1, 0, **SIZE)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(OutputError, match="cannot write"):
        write_bursts(tmp_path / "mine.txt", 1, 0, **SIZE)


def test_a_failure_leaves_the_folder_empty(tmp_path: Path) -> None:
    scenes = [draw_scene(0, 100, 70), np.zeros((4, 4), np.uint8)]
    with pytest.raises(ValueError, match="uint8"):
        write_bursts(tmp_path, 2, 0, scenes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change", [{"series": 0}, {"seed": -1}, {"reviewers": 0}, {"scenes": []}])
def test_impossible_requests_are_refused(change: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        write_bursts(**{"folder": tmp_path / "new", "series": 1, "seed": 0, **change})  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


def test_a_burst_needs_as_many_takes_as_photos() -> None:
    with pytest.raises(ValueError, match="2 photos and 1 takes"):
        Burst("b", ("a.jpg", "b.jpg"), (Take(),))
    burst = Burst("b", ("a.jpg", "b.jpg"), (Take(), Take(exposure=1)))
    assert burst.preference(0, 1) == pytest.approx(1 / (1 + math.exp(-1.3)))
    assert burst.preference(0, 1) + burst.preference(1, 0) == pytest.approx(1)


def test_bursts_mix_near_ties_with_clear_pairs_and_hide_the_order() -> None:
    rng = np.random.default_rng(0)
    bursts = [draw_takes(rng) for _ in range(800)]
    assert Counter(map(len, bursts)).keys() == {2, 3, 4, 5, 6}
    costs = [[penalty(shot) for shot in burst] for burst in bursts]
    sure = np.array([1 / (1 + math.exp(-abs(a - b))) for burst in costs for a, b in combinations(burst, 2)])
    assert 0.15 < (sure < 0.6).mean() < 0.4
    assert 0.2 < (sure > 0.8).mean() < 0.5
    # The best take is the first no more often than any other: Σ 1/n expected, within three deviations.
    chance = np.array([1 / len(burst) for burst in costs])
    first = sum(burst[0] == min(burst) for burst in costs)
    assert abs(first - chance.sum()) < 3 * math.sqrt((chance * (1 - chance)).sum())


def test_sharpness_alone_tells_more_than_a_coin_and_less_than_the_order(tmp_path: Path) -> None:
    write_bursts(tmp_path, 40, 1, width=400, height=267)

    def sharpness(photo: str) -> float:
        grey = cv2.imread(str(tmp_path / "photos" / photo), cv2.IMREAD_GRAYSCALE)
        return float(cv2.Laplacian(np.asarray(grey), cv2.CV_64F).var())

    pairs = pd.read_csv(tmp_path / "comparisons.csv")
    sharper = pairs["photo_a"].map(sharpness) > pairs["photo_b"].map(sharpness)
    accuracy = (sharper == (pairs["preference"] > 0.5)).mean()
    assert 0.55 < accuracy < 0.78


def test_real_pictures_serve_as_scenes(shared: Path, tmp_path: Path) -> None:
    scenes = []
    for path in sorted((shared / "kodak").glob("*.png"))[:3]:
        with Image.open(path) as image:
            scenes.append(np.asarray(image.convert("RGB")))
    write_bursts(tmp_path, 3, 0, scenes)
    with Image.open(next((tmp_path / "photos").rglob("*.jpg"))) as image:
        assert image.size == tuple(round(0.86 * side) for side in reversed(scenes[0].shape[:2]))
