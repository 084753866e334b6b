import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from phototriage.errors import FeatureError
from phototriage.features import Block, Features, check_blocks, check_weights_dir
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


def test_layers_are_named_by_the_columns() -> None:
    names = ("layer3_mean_0000", "layer3_mean_0001", "layer4_mean_0000")
    assert Block("resnet", "r/1", names).layers == "layer3_mean+layer4_mean"
    assert (CLIP.layers, IQA.layers) == ("", "")


def test_weights_of_a_folder_are_asked_for() -> None:
    local = Block("clip", "clip-1/clip-vit-base-patch32#12ab34cd/Crop/area800", ("clip_0",))
    hub = Block("clip", "clip-1/openai/clip-vit-base-patch32@c237dc/Crop/area800", ("clip_0",))
    table = Block("table", "table/a#1", ("a#1",))
    assert [each.weights_folder for each in (local, hub, table)] == ["clip-vit-base-patch32", "", ""]
    check_weights_dir([hub, table], None)
    check_weights_dir([local], Path("weights"))
    with pytest.raises(
        FeatureError, match="folder clip-vit-base-patch32/: give the folder that holds it by --w"
    ):
        check_weights_dir([hub, local], None)
    with pytest.raises(
        FeatureError, match="give the folder with that clip-vit-base-patch32/ by --weights_dir"
    ):
        check_blocks([local], [hub])
    with pytest.raises(FeatureError, match="make them the same way, or train anew"):
        check_blocks([hub], [local])


@pytest.mark.parametrize("kind", [np.array, torch.tensor, list])
def test_own_arrays_are_a_table(kind: Any) -> None:
    own = Features.from_arrays([Path("s/a"), "b", 3], kind([[1.0, 2], [3, 4], [5, 6]]), ["one", "two"])
    assert own.photos == ("s/a", "b", "3")
    assert own.matrix.dtype == np.float32
    assert own.matrix.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert own.blocks == (Block("table", "table/one,two", ("one", "two")),)
    assert Features.from_arrays("ab", [[1], [2]]).columns == ("0",)


def test_own_arrays_are_copied() -> None:
    numbers = np.ones((1, 2), np.float32)
    own = Features.from_arrays(["a"], numbers)
    numbers[:] = 5
    assert own.matrix.tolist() == [[1, 1]]


@pytest.mark.parametrize(
    ("photos", "matrix", "names", "message"),
    [
        (["a"], [1.0, 2.0], None, r"1 photos need a matrix of 1 rows and .* not one of the shape \(2,\)"),
        (["a", "b"], [[1.0]], None, r"2 photos need a matrix of 2 rows"),
        (["a"], np.zeros((1, 0)), None, "at least one column"),
        (["a"], [["text"]], None, "the matrix must hold numbers, not <U4"),
        (["a"], [[1, 2]], ["x"], "2 columns need as many different names, not 1"),
        (["a"], [[1, 2]], ["x", "x"], "2 columns need as many different names, not 1"),
        (["a", "a"], [[1], [2]], None, "a photo has features twice"),
        (["a", "b"], [[1], [1e300]], None, "the features of b are not all finite"),
    ],
)
def test_own_arrays_that_do_not_fit_are_refused(
    photos: list[str], matrix: Any, names: list[str] | None, message: str
) -> None:
    with pytest.raises(FeatureError, match=message):
        Features.from_arrays(photos, matrix, names)


def test_the_fixed_picture_is_the_same_everywhere() -> None:
    picture = fixed_picture()
    assert (picture.shape, picture.dtype) == ((200, 800, 3), "uint8")
    assert (picture.min(), picture.max()) == (0, 255)
    assert hashlib.sha256(picture.tobytes()).hexdigest()[:16] == "a10d2528a719fca8"
    assert not picture.flags.writeable
