from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from phototriage import Comparisons, Features
from phototriage.array_like import as_array, as_names
from phototriage.errors import FeatureError, LabelError


def test_text_paths_and_whole_numbers_are_names() -> None:
    values = ["ä b", Path("a/b.jpg"), 7, np.int64(8), *np.array(["c"])]
    assert as_names(values, "photo", LabelError) == ["ä b", "a/b.jpg", "7", "8", "c"]


@pytest.mark.parametrize("value", [None, float("nan"), 1.0, b"a", True, torch.tensor(1)])
def test_what_would_be_mangled_is_no_name(value: Any) -> None:
    with pytest.raises(LabelError, match=r"photo 1 is .*: a name must be text, a path or a whole number"):
        as_names(["a", value], "photo", LabelError)
    with pytest.raises(FeatureError, match=r"photo 0 is"):
        Features.from_arrays([value], [[1.0]])
    with pytest.raises(LabelError, match=r"photo_b 0 is"):
        Comparisons.from_pairs(["a"], [value], winner=["a"])


def test_rows_of_different_lengths_are_no_table() -> None:
    with pytest.raises(FeatureError, match="the matrix is no table"):
        Features.from_arrays(["a", "b"], [[1.0], [1.0, 2.0]])


def test_a_tensor_that_numpy_does_not_know_becomes_float32() -> None:
    tensor = torch.tensor([1.5, 2.0], dtype=torch.bfloat16, requires_grad=True)
    assert as_array(tensor).tolist() == [1.5, 2.0]
