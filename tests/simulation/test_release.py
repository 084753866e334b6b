import hashlib
import json
import math
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from scipy.optimize import minimize

from phototriage.errors import OutputError
from phototriage.labels import read_labels
from phototriage.simulation.release import write_release

SERIES, VAL = 24, 6


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(str(tmp_path_factory.mktemp("release")), SERIES, VAL, seed=3, width=84, height=56)


def _lines(release: Path, side: str) -> list[list[str]]:
    text = (release / "train_val" / f"{side}_pairlist.txt").read_text()
    return [line.split() for line in text.splitlines()]


def _reviews(release: Path, series: int) -> list[dict[str, object]]:
    path = release / "reviews_trainval" / "reviews_trainval" / f"{series:06d}.json"
    return list(json.loads(path.read_text())["reviews"])


def test_the_layout_is_that_of_the_archives(release: Path) -> None:
    assert sorted(path.name for path in release.iterdir()) == ["reviews_trainval", "train_val"]
    photos = sorted((release / "train_val" / "train_val_imgs").iterdir())
    assert photos[0].name == "000001-01.JPG"
    with Image.open(photos[0]) as picture:
        assert (picture.format, picture.size) == ("JPEG", (84, 56))
    train, val = _lines(release, "train"), _lines(release, "val")
    assert {int(line[0]) for line in train} == set(range(1, SERIES - VAL + 1))
    assert {int(line[0]) for line in val} == set(range(SERIES - VAL + 1, SERIES + 1))
    named = {f"{int(line[0]):06d}-{int(line[place]):02d}.JPG" for line in train + val for place in (1, 2)}
    assert named == {path.name for path in photos}
    review = _reviews(release, 1)[0]
    assert review["compareFile1"] == f"1-{int(str(review['compareID1'])) + 1}.JPG"
    assert review["userChoice"] in ("LEFT", "RIGHT")
    assert {"compareID2", "compareFile2", "reason"} < set(review)


def test_a_preference_is_what_the_votes_of_its_series_make_by_the_recipe_of_the_release(
    release: Path,
) -> None:
    """Bradley-Terry with ridge 0.001 by a general optimiser; ids unknown, so the sorted preferences agree."""
    for series in (1, 2, 3, 24):
        wins: Counter[tuple[int, int]] = Counter()
        for review in _reviews(release, series):
            first, second = int(str(review["compareID1"])), int(str(review["compareID2"]))
            wins[(first, second) if review["userChoice"] == "LEFT" else (second, first)] += 1
        photos = range(1 + max(max(pair) for pair in wins))
        pairs = [(i, j) for i in photos for j in photos if i != j]

        def loss(
            strength: list[float], wins: Counter[tuple[int, int]], pairs: list[tuple[int, int]]
        ) -> float:
            return sum(
                (wins[i, j] + 0.001) * math.log1p(math.exp(strength[j] - strength[i])) for i, j in pairs
            )

        fitted = minimize(loss, [0.0] * len(photos), (wins, pairs), "BFGS", options={"gtol": 1e-9}).x
        shares = [math.exp(s) / sum(math.exp(t) for t in fitted) for s in fitted]
        expected = sorted((shares[i] + 0.01) / (shares[i] + shares[j] + 0.02) for i, j in pairs)
        lines = _lines(release, "train") + _lines(release, "val")
        released = [float(line[3]) for line in lines if int(line[0]) == series]
        assert sorted([*released, *(1 - p for p in released)]) == pytest.approx(expected, abs=0.002)


def test_rank_one_is_the_photo_that_wins(release: Path) -> None:
    for _, _, _, preference, rank_a, rank_b in _lines(release, "train"):
        if float(preference) != 0.5:
            assert (float(preference) > 0.5) == (int(rank_a) < int(rank_b))


def test_raw_ids_are_a_coin_and_matched_ones_are_right(release: Path) -> None:
    labels = read_labels(release)
    assert labels.kind == "release"
    assert len(labels.official_test_series) == VAL
    assert labels.alignment is not None
    assert labels.alignment.aligned == SERIES
    assert 0.35 < labels.alignment.raw.share < 0.65
    assert labels.alignment.matched_clear.share > 0.97


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest.hexdigest()


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    folders = [write_release(tmp_path / str(seed), 2, 1, seed, width=84, height=56) for seed in (5, 6)]
    again = write_release(tmp_path / "again", 2, 1, 5, width=84, height=56)
    assert _digest(again) == _digest(folders[0]) != _digest(folders[1])


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not empty"):
        write_release(tmp_path, 2, 1, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(ValueError, match="val_series"):
        write_release(tmp_path / "new", 2, 2, 0)
