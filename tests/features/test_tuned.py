from pathlib import Path

import numpy as np
import pytest

from phototriage.errors import FeatureError
from phototriage.features import ExtractorOptions, TunedWeights, build_extractors
from phototriage.features.runtime.efficientnet_lite import load_folded

NAME = "_blocks.15._project_conv.bias"
PHOTO = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


def measured(cache_dir: Path, runtime: str, *tuned: TunedWeights) -> np.ndarray:
    options = ExtractorOptions(runtime=runtime)  # type: ignore[arg-type]
    (extractor,) = build_extractors(["lite"], options, cache_dir, tuned)
    return extractor([extractor.prepare(PHOTO)])[0]


def test_both_runtimes_use_the_tuned_weights(tmp_path: Path) -> None:
    bias = load_folded()[NAME]
    tuned = TunedWeights("lite", {NAME: bias + np.float32(0.5)})
    before = measured(tmp_path, "auto")
    for runtime in ("auto", "torch"):
        after = measured(tmp_path, runtime, tuned)
        # The last convolution has no activation behind it: its bias moves the means of s7 alone.
        np.testing.assert_allclose(after - before, np.r_[np.zeros(448), np.full(320, 0.5)], atol=1e-4)


def test_the_fingerprint_names_them(tmp_path: Path) -> None:
    def block(*tuned: TunedWeights) -> str:
        return build_extractors(["lite"], ExtractorOptions(), tmp_path, tuned)[0].block.fingerprint

    ones, twos = (TunedWeights("lite", {NAME: np.full(320, value, np.float32)}) for value in (1, 2))
    assert len({block(), block(ones), block(twos)}) == 3
    assert block(ones) == block(TunedWeights("lite", {NAME: np.ones(320, np.float32)}))
    assert f"+{ones.identity}/" in block(ones)
    assert block(TunedWeights("clip", ones.tensors)) == block()


def test_weights_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="tuned weights n of 'lite' are not sound numbers"):
        TunedWeights("lite", {"n": np.array([np.nan], np.float32)})
    with pytest.raises(FeatureError, match="the network of 'lite' has no weights nothing to be tuned"):
        measured(tmp_path, "torch", TunedWeights("lite", {"nothing": np.ones(1, np.float32)}))
    with pytest.raises(FeatureError, match="the tuned weights of 'lite' have other shapes"):
        measured(tmp_path, "torch", TunedWeights("lite", {NAME: np.ones(1, np.float32)}))
