import pickle
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.features.extractors.iqa import IQA
from phototriage.features.extractors.iqa_plus import IQA_PLUS
from phototriage.features.extractors.measured import MeasuredExtractor


def measured_elsewhere(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """As another processor rounds."""
    return IQA.prepare(pixels) * np.float32(1 + 1e-5)


def measured_in_another_grey(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """As if a library had changed what grey is."""
    return IQA.prepare(np.ascontiguousarray(pixels[..., ::-1]))


def test_the_fingerprint_tells_how_it_was_measured() -> None:
    assert IQA.block.fingerprint.startswith("iqa-1/area800/decoding-")
    assert IQA_PLUS.block.fingerprint.startswith("iqa_plus-1/area800/decoding-")
    assert replace(IQA, version=2).block.fingerprint.startswith("iqa-2/area800/decoding-")


@pytest.mark.parametrize("extractor", [IQA, IQA_PLUS], ids=lambda each: each.name)
def test_the_libraries_here_measure_what_was_measured_when_it_was_written(
    extractor: MeasuredExtractor,
) -> None:
    assert "arithmetic" not in extractor.block.fingerprint


def test_rounding_keeps_the_fingerprint_and_other_arithmetic_does_not() -> None:
    assert replace(IQA, prepare=measured_elsewhere).block == IQA.block
    other = replace(IQA, prepare=measured_in_another_grey).block
    assert other.fingerprint.startswith(f"{IQA.block.fingerprint}/arithmetic-")
    assert other.columns == IQA.columns


def test_only_the_numbers_given_are_watched() -> None:
    first = replace(IQA, of_fixed_picture=IQA.of_fixed_picture[:1])
    assert first.block == IQA.block
    assert "/arithmetic-" in replace(first, of_fixed_picture=(0.5,)).block.fingerprint


def test_the_preparing_step_travels_to_other_processes() -> None:
    assert pickle.loads(pickle.dumps(IQA.prepare)) is IQA.prepare  # noqa: S301


def test_calling_it_stacks() -> None:
    rows = [np.arange(4, dtype=np.float32), np.ones(4, np.float32)]
    assert np.array_equal(IQA(rows), np.stack(rows))
