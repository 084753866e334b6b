import hashlib

import numpy as np
import pytest

from phototriage.errors import FeatureError
from phototriage.features import Block, Features
from phototriage.features.block import fixed_picture

IQA = Block("iqa", "iqa/1", ("sharpness", "contrast"))
CLIP = Block("clip", "clip/1", ("clip_0", "clip_1", "clip_2"))


def features() -> Features:
    return Features(("b", "a"), np.arange(10, dtype=np.float32).reshape(2, 5), (CLIP, IQA))


def test_rows_follow_the_order_asked_for() -> None:
    assert features().rows(["a", "b", "a"]).tolist() == [1, 0, 1]


def test_a_photo_without_features_is_named() -> None:
    with pytest.raises(FeatureError, match="no features for photo 'c'"):
        features().rows(["a", "c"])


def test_select_takes_blocks_in_the_order_asked_for() -> None:
    assert features().select([IQA]).tolist() == [[3, 4], [8, 9]]
    assert features().select([IQA, CLIP]).tolist() == [[3, 4, 0, 1, 2], [8, 9, 5, 6, 7]]


def test_select_refuses_a_block_made_another_way() -> None:
    with pytest.raises(
        FeatureError, match=r"trained on 'iqa' features made as iqa/2, these are made as iqa/1"
    ):
        features().select([Block("iqa", "iqa/2", IQA.columns)])


def test_select_refuses_an_absent_block() -> None:
    with pytest.raises(FeatureError, match=r"needs the features 'resnet' \(r/1\); here are only clip, iqa"):
        features().select([Block("resnet", "r/1", ("r_0",))])


@pytest.mark.parametrize(
    ("photos", "matrix", "message"),
    [
        (("a",), np.zeros((1, 2), np.float64), "must be float32"),
        (("a",), np.zeros((2, 2), np.float32), r"must be float32 \(1, 2\)"),
        (("a", "b"), np.array([[0, 0], [0, np.nan]], np.float32), "features of b are not all finite"),
        (("a", "a"), np.zeros((2, 2), np.float32), "features twice"),
    ],
)
def test_unsound_features_are_refused(photos: tuple[str, ...], matrix: np.ndarray, message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        Features(photos, matrix, (IQA,))


def test_the_fixed_picture_is_the_same_everywhere() -> None:
    picture = fixed_picture()
    assert (picture.shape, picture.dtype) == ((200, 800, 3), "uint8")
    assert (picture.min(), picture.max()) == (0, 255)
    assert hashlib.sha256(picture.tobytes()).hexdigest()[:16] == "a10d2528a719fca8"
    assert not picture.flags.writeable
