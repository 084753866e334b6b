from pathlib import Path

import pytest

from phototriage.labels.release import VOTE_TABLE, find_release, photo_key, photo_root, series_key


def test_keys() -> None:
    assert series_key(int("000001")) == "1"
    assert photo_key(1, 2) == "000001-02.JPG"
    assert photo_key(5953, 12) == "005953-12.JPG"


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


@pytest.mark.parametrize("place", ["", "train_val", "train_val/train_val"])
def test_files_are_found_where_archives_unpack(tmp_path: Path, place: str) -> None:
    train = touch(tmp_path / place / "train_pairlist.txt")
    val = touch(tmp_path / place / "val_pairlist.txt")
    table = touch(tmp_path / place / VOTE_TABLE)
    release = find_release(tmp_path)
    assert release.pairlists == (train, val)
    assert (release.train_pairlist, release.val_pairlist, release.vote_table) == (train, val, table)
    assert release.reviews == ()


@pytest.mark.parametrize(
    "place",
    ["", "reviews_trainval", "reviews_trainval/reviews_trainval", "train_val/reviews_trainval"],
)
def test_reviews_are_found_in_order_of_their_series(tmp_path: Path, place: str) -> None:
    later, earlier = (touch(tmp_path / place / f"{series}.json") for series in ("000010", "000009"))
    touch(tmp_path / place / "._000009.json")
    touch(tmp_path / place / "settings.json")
    assert find_release(tmp_path).reviews == (earlier, later)
    assert find_release(earlier.parent).reviews == (earlier, later)


@pytest.mark.parametrize("place", ["", "train_val_imgs", "train_val", "train_val/train_val_imgs"])
def test_the_photo_root(tmp_path: Path, place: str) -> None:
    assert photo_root(tmp_path) is None
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    touch(tmp_path / place / "notes-01.JPG")
    assert photo_root(tmp_path) is None
    touch(tmp_path / place / "000001-02.JPG")
    assert photo_root(tmp_path) == tmp_path / place


def test_a_folder_without_files_of_the_release_holds_nothing(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere" / "000001.json")
    release = find_release(tmp_path)
    assert (release.pairlists, release.reviews, release.vote_table) == ((), (), None)
