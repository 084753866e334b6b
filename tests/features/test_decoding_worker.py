import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.features import ExtractorOptions, build_extractors, decoding_worker
from phototriage.features.block import CloserLook, PhotoView
from phototriage.features.decoding_worker import Prepared, Work, prepare
from phototriage.photos import decode


def closer(pixels: NDArray[np.uint8], look: CloserLook) -> NDArray[np.float32]:
    grey = look.grey(10_000)
    return np.array([*pixels.shape[:2], look.long_side, *grey.shape, grey.mean()], np.float32)


def seen(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.array(pixels.shape, np.float32)


def prepared(path: Path, views: tuple[PhotoView, ...]) -> Prepared:
    steps = tuple(closer if view.closer else seen for view in views)
    found = prepare("photo", path, Work(steps, (frozenset(),) * len(views), views))
    assert isinstance(found, Prepared)
    return found


def test_a_step_may_look_closer_at_what_it_was_shown(make_photo: Callable[..., Path]) -> None:
    path = make_photo("photo.jpg", size=(96, 64))
    found = prepared(path, (PhotoView(48, closer=True), PhotoView(48), PhotoView(24, grey=True)))
    look, same, grey = (array for array in found.arrays)
    assert look is not None
    whole = decode(path.read_bytes(), None, grey=True).pixels
    assert look.tolist() == pytest.approx([32, 48, 96, 64, 96, whole.mean()])
    assert same is not None
    assert same.tolist() == [32, 48, 3]
    assert grey is not None
    assert grey.tolist() == [16, 24]


def test_one_decode_serves_steps_with_and_without_a_closer_look(
    make_photo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sides: list[int | None] = []

    def counted(data: bytes, side: int | None, **how: object) -> object:
        sides.append(side)
        return decode(data, side, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(decoding_worker, "decode", counted)
    prepared(make_photo("photo.jpg"), (PhotoView(48), PhotoView(48, closer=True)))
    assert sides == [48, 96]


def test_a_photo_too_large_for_the_memory_is_seen_at_half_its_size(
    make_photo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding_worker, "MAX_DECODED_PIXELS", 96 * 64 - 1)
    (look,) = prepared(make_photo("photo.jpg", size=(96, 64)), (PhotoView(24, closer=True),)).arrays
    assert look is not None
    assert look[2:5].tolist() == [96, 32, 48]


def test_a_process_imports_only_what_it_takes_to_prepare_photos(tmp_path: Path) -> None:
    """What it imports is most of what its start takes."""
    script = (
        "import pickle, sys\n"
        "from phototriage.features.decoding_worker import serve\n"
        "pickle.loads(sys.stdin.buffer.read())\n"
        "print(*sorted({'pyarrow', 'pandas', 'onnxruntime', 'natsort', 'torch'} & sys.modules.keys()))"
    )
    names = ["iqa", "iqa_plus", "detail", "look", "lite"]
    steps = [each.prepare for each in build_extractors(names, ExtractorOptions(), tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", script], input=pickle.dumps(steps), capture_output=True, check=True
    )
    assert done.stdout.split() == []
