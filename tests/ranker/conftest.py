from collections.abc import Callable

import numpy as np
import pytest

from phototriage.features import Block, Features
from phototriage.labels import Comparisons, Split, split_by_series


@pytest.fixture
def learnable(make_comparisons: Callable[..., Comparisons]) -> tuple[Split, Features]:
    """Preferences that follow the first of three numbers by σ(2·difference); the others are noise."""
    rng = np.random.default_rng(5)
    photos = [f"{series}/{photo}" for series in range(80) for photo in range(4)]
    matrix = rng.normal(size=(len(photos), 3)).astype(np.float32)
    rows = []
    for series in range(80):
        for a in range(4):
            for b in range(a):
                lead = matrix[4 * series + a, 0] - matrix[4 * series + b, 0]
                rows.append((str(series), f"{series}/{a}", f"{series}/{b}", 1 / (1 + np.exp(-2 * lead))))
    block = Block("block", "block/1", ("signal", "noise_0", "noise_1"))
    split = split_by_series(make_comparisons(*rows), seed=0)
    return split, Features(tuple(photos), matrix, (block,))
