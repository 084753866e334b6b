from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.features import Features
from phototriage.features.extractors.iqa_plus import IQA_PLUS
from phototriage.simulation.camera import from_linear, to_linear
from phototriage.web.faults import faults_of

Pixels = NDArray[np.uint8]


def scene() -> Pixels:
    """Fine texture in the light of an ordinary photo."""
    rng = np.random.default_rng(4)
    coarse = cv2.resize(rng.uniform(60, 190, (10, 15, 3)), (720, 480), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(coarse + rng.normal(0, 18, (480, 720, 1)), 0, 255), np.uint8)


def blurred(photo: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), 3), np.uint8)


def exposed(stops: float) -> Callable[[Pixels], Pixels]:
    return lambda photo: from_linear(to_linear(photo) * np.float32(2.0**stops))


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda photo: photo, ()),
        (blurred, ("blurred",)),
        (lambda photo: exposed(-3.5)(photo), ("too dark",)),
        (exposed(2.5), ("too bright",)),
        (lambda photo: exposed(-4)(blurred(photo)), ("too dark",)),
    ],
)
def test_a_photo_alone_shows_only_plain_faults(
    spoil: Callable[[Pixels], Pixels], fault: tuple[str, ...]
) -> None:
    numbers = IQA_PLUS([IQA_PLUS.prepare(spoil(scene()))])
    found = faults_of(["a"], Features(("a",), numbers, (IQA_PLUS.block,)))
    assert found.get("a", ()) == fault
