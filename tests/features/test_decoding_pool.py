import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.features import interrupted_pool

from phototriage.features.decoding_pool import DecodingPool, Prepared


def complain(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    raise ZeroDivisionError(f"{pixels.shape[1]} wide")


def test_ctrl_c_at_any_moment_ends_the_processes(make_photo: Callable[..., Path]) -> None:
    photo = make_photo("photo.jpg", size=(16, 16))
    command = [sys.executable, interrupted_pool.__file__, str(photo), "60"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.stdout, done.stderr) == ("60\n", "")


def test_a_mistake_in_a_step_is_raised_and_not_blamed_on_the_photo(make_photo: Callable[..., Path]) -> None:
    photo = make_photo("photo.jpg", size=(16, 12))
    with (
        DecodingPool([complain], [frozenset()], workers=1) as pool,
        pytest.raises(ZeroDivisionError, match="16 wide"),
    ):
        list(pool.run({"photo": photo}))


def test_more_photos_than_are_held_at_a_time_all_come_out(make_photo: Callable[..., Path]) -> None:
    photo = make_photo("photo.jpg", size=(16, 12))
    finished = frozenset[str]()
    with DecodingPool([interrupted_pool.mean], [finished], workers=2) as pool:
        found = list(pool.run({str(number): photo for number in range(300)}))
    assert sorted(int(each.photo) for each in found if isinstance(each, Prepared)) == list(range(300))
