from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phototriage.errors import FeatureError
from phototriage.features.table import read_feature_table

PHOTOS = np.array(["s/a.jpg", "./s/b.jpg"])
NUMBERS = np.array([[1, 2], [3, 0.5]], np.float32)


def test_an_npz_is_a_table(tmp_path: Path) -> None:
    np.savez(tmp_path / "f.npz", photos=PHOTOS, features=NUMBERS, names=["one", "two"])
    features = read_feature_table(tmp_path / "f.npz")
    assert (features.photos, features.columns) == (("s/a.jpg", "s/b.jpg"), ("one", "two"))
    assert np.array_equal(features.matrix, NUMBERS)
    np.savez(tmp_path / "f.npz", photos=[1, 2], series=[7, 7], features=NUMBERS.astype(np.float16))
    features = read_feature_table(tmp_path / "f.npz")
    assert (features.photos, features.columns) == (("000007-01.JPG", "000007-02.JPG"), ("0", "1"))


def test_an_npy_has_its_photos_beside_it(tmp_path: Path) -> None:
    np.save(tmp_path / "f.npy", NUMBERS)
    with pytest.raises(FeatureError, match=r"cannot read .*f\.txt: No such file"):
        read_feature_table(tmp_path / "f.npy")
    (tmp_path / "f.txt").write_text("x.jpg\ny.jpg\n")
    features = read_feature_table(tmp_path / "f.npy")
    assert features.photos == ("x.jpg", "y.jpg")
    assert np.array_equal(features.matrix, NUMBERS)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"photos": PHOTOS}, "holds photos: a .npz holds photos"),
        ({"photos": PHOTOS, "features": NUMBERS[:1]}, r"\(1, 2\) .* do not fit photos of the shape \(2,\)"),
        ({"photos": PHOTOS, "features": NUMBERS[0]}, "do not fit photos"),
        ({"photos": PHOTOS, "features": PHOTOS[:, None]}, "do not fit photos"),
        ({"photos": PHOTOS, "features": NUMBERS, "names": ["one"]}, "names or series do not fit"),
        ({"photos": PHOTOS.astype(object), "features": NUMBERS}, "is not a file of plain arrays"),
    ],
)
def test_other_files_are_one_clear_error(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "f.npz", **arrays)
    with pytest.raises(FeatureError, match=message):
        read_feature_table(tmp_path / "f.npz")


@pytest.mark.parametrize("name", ["f.npy", "f.npz"])
def test_a_damaged_file_is_one_clear_error(tmp_path: Path, name: str) -> None:
    for start in (b"\x93NUMPY", b"PK\x03\x04"):
        (tmp_path / name).write_bytes(start + b" and no more")
        with pytest.raises(FeatureError, match=f"{name} is not a file of plain arrays"):
            read_feature_table(tmp_path / name)
