from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phototriage.errors import FeatureError
from phototriage.experiments.subsets import (
    chosen_subsets,
    default_subsets,
    feature_parts,
    measured_for,
    narrowed,
)
from phototriage.features import IQA_COLUMNS, IQA_PLUS_COLUMNS, Block, Features


def features(**blocks: tuple[str, ...]) -> Features:
    made = tuple(Block(name, f"{name}/1", columns) for name, columns in blocks.items())
    dim = sum(block.dim for block in made)
    return Features(("a", "b"), np.zeros((2, dim), np.float32), made)


MEASURED = features(
    clip=("clip_0000", "clip_0001"),
    resnet=("layer2_mean_0000", "layer2_std_0000", "layer3_mean_0000", "layer4_mean_0000"),
    iqa=IQA_COLUMNS,
    iqa_plus=IQA_PLUS_COLUMNS,
)


def test_measured_blocks_are_parts_and_resnet_is_taken_apart_by_layer() -> None:
    parts = feature_parts(MEASURED, ("layer3",))
    assert parts == {
        "clip": (0, 1),
        "layer2": (2, 3),
        "resnet": (4,),
        "layer3": (4,),
        "layer4": (5,),
        "iqa": (6, 7, 8, 9),
        "iqa_plus": tuple(range(10, 26)),
    }
    assert feature_parts(MEASURED, ("layer4", "layer2"))["resnet"] == (2, 3, 5)


@pytest.mark.parametrize(
    ("columns", "parts"),
    [
        (("number", "noise"), {"number": (0,), "noise": (1,)}),
        ((*IQA_PLUS_COLUMNS, "x"), {"iqa_plus": tuple(range(16)), "x": (16,)}),
        (("c_0000", "tone", "c_0001", "layer3_mean_0000"), {"c": (0, 2), "tone": (1,), "layer3": (3,)}),
        (("e_1", "e_2", "e_3"), {"e_1": (0,), "e_2": (1,), "e_3": (2,)}),
        (tuple(f"e_{n}" for n in range(17)), {"e": tuple(range(17))}),
    ],
)  # fmt: skip
def test_a_table_is_taken_apart_by_its_columns(
    columns: tuple[str, ...], parts: dict[str, tuple[int, ...]]
) -> None:
    assert feature_parts(features(table=columns)) == parts


def test_the_image_quality_block_alone_is_taken_apart() -> None:
    assert list(feature_parts(features(iqa=IQA_COLUMNS))) == list(IQA_COLUMNS)


def test_all_fifteen_subsets_and_layers_in_resnets_place() -> None:
    subsets = default_subsets(feature_parts(MEASURED, ("layer3",)))
    names = list(subsets)
    assert names[0] == "clip+resnet+iqa+iqa_plus"
    assert subsets[names[0]] == (0, 1, 4, *range(6, 26))
    assert len(names[:15]) == len({frozenset(name.split("+")) for name in names[:15]}) == 15
    assert names[15:] == [
        "clip+layer2+iqa+iqa_plus",
        "layer2",
        "clip+layer4+iqa+iqa_plus",
        "layer4",
        "clip+layer2+layer3+layer4+iqa+iqa_plus",
        "layer2+layer3+layer4",
    ]
    assert subsets["layer2+layer3+layer4"] == (2, 3, 4, 5)


def test_resnet_alone() -> None:
    parts = {
        name: columns for name, columns in feature_parts(MEASURED, ("layer3",)).items() if name[0] in "rl"
    }
    assert list(default_subsets(parts)) == ["resnet", "layer2", "layer4", "layer2+layer3+layer4"]


@given(st.integers(1, 9))
def test_how_many_subsets(count: int) -> None:
    parts = {f"p{place}": (place,) for place in range(count)}
    subsets = default_subsets(parts)
    assert len(subsets) == (sum(comb(count, size) for size in range(1, 5)) if count <= 4 else 2 * count + 1)
    assert next(iter(subsets.values())) == tuple(range(count))


def test_chosen_subsets_begin_with_the_widest() -> None:
    chosen = chosen_subsets({"a": (0,), "b": (1, 2), "c": (3,)}, ["a", "c+b", "b"])
    assert chosen == {"c+b": (1, 2, 3), "a": (0,), "b": (1, 2)}
    assert next(iter(chosen)) == "c+b"
    with pytest.raises(FeatureError, match="no part 'd' of the features: choose from a, b, c"):
        chosen_subsets({"a": (0,), "b": (1, 2), "c": (3,)}, ["a+d"])


@pytest.mark.parametrize(
    ("subsets", "names", "layers"),
    [
        (["iqa", "iqa+iqa_plus"], ("iqa", "iqa_plus"), ()),
        (["clip+resnet"], ("clip", "resnet"), ("layer3",)),
        (["layer4", "resnet", "layer2"], ("resnet",), ("layer2", "layer3", "layer4")),
        (["layer4+iqa"], ("resnet", "iqa"), ("layer4",)),
    ],
)
def test_what_has_to_be_measured(subsets: list[str], names: tuple[str, ...], layers: tuple[str, ...]) -> None:
    assert measured_for(subsets, ("layer3",)) == (names, layers)


def test_what_cannot_be_measured() -> None:
    with pytest.raises(FeatureError, match="no part 'layer5'"):
        measured_for(["clip+layer5"], ("layer3",))


def test_a_table_is_narrowed_to_parts_and_columns() -> None:
    columns = ("clip_0", "layer3_mean_0", "layer4_mean_0", "size", *IQA_COLUMNS)
    table = Features.from_arrays("ab", np.arange(16).reshape(2, 8), columns)
    for names, kept in (
        (["size", "clip"], ("clip_0", "size")),
        (["resnet"], ("layer3_mean_0",)),
        (["layer4", "layer3_mean_0"], ("layer3_mean_0", "layer4_mean_0")),
    ):
        narrow = narrowed(table, names, ["layer3"])
        assert narrow.columns == kept
        assert narrow.matrix[0].tolist() == [columns.index(name) for name in kept]
    assert [block.name for block in narrowed(table, [*IQA_COLUMNS, "size"], []).blocks] == ["iqa", "table"]
    with pytest.raises(FeatureError, match="there is no part 'lite' of the features: choose from clip_0, "):
        narrowed(table, ["lite"], ["layer3"])
