from pathlib import Path
from typing import Any

import pytest

from phototriage.errors import FeatureError
from phototriage.features import DEFAULT_FEATURES, ExtractorOptions, MultiFeatureExtractor, build_extractors


def test_extractors_come_once_by_name(tmp_path: Path) -> None:
    assert [
        extractor.block.name for extractor in build_extractors(["iqa", "iqa"], ExtractorOptions(), tmp_path)
    ] == ["iqa"]


@pytest.mark.parametrize(
    ("names", "message"), [(["iqx"], "no features called 'iqx'"), ([], "no features were")]
)
def test_an_unknown_name_lists_the_known_ones(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(FeatureError, match=rf"{message}.*: choose from clip, resnet, iqa"):
        build_extractors(names, ExtractorOptions(), tmp_path)


def test_the_specified_features_are_1540_numbers_in_this_order_without_weights(tmp_path: Path) -> None:
    blocks = [
        each.block for each in MultiFeatureExtractor(["iqa", "resnet", "clip"], cache_dir=tmp_path).extractors
    ]
    assert [(block.name, block.dim) for block in blocks] == [("clip", 512), ("resnet", 1024), ("iqa", 4)]
    assert MultiFeatureExtractor().dim == 1540
    assert tuple(block.name for block in blocks) == DEFAULT_FEATURES


def test_every_choice_has_a_fingerprint_of_its_own(tmp_path: Path) -> None:
    choices = [
        ExtractorOptions(),
        ExtractorOptions(preprocess="pad"),
        ExtractorOptions(resnet_size=448),
        ExtractorOptions(preprocess="whole"),
        ExtractorOptions(preprocess="whole", resnet_size=448),
        ExtractorOptions(resnet_layers=("layer2",)),
        ExtractorOptions(resnet_layers=("layer2", "layer3")),
        ExtractorOptions(resnet_pooling="mean_std"),
    ]
    prints = [build_extractors(["resnet"], options, tmp_path)[0].block.fingerprint for options in choices]
    assert len(set(prints)) == len(choices)
    clips = {
        build_extractors(["clip"], options, tmp_path)[0].block.fingerprint
        for options in (
            ExtractorOptions(),
            ExtractorOptions(preprocess="pad"),
            ExtractorOptions(precision="int8"),
        )
    }
    assert len(clips) == 3


@pytest.mark.parametrize("options", [{"device": "cpu"}, {"runtime": "torch"}, {"inference_batch_size": 3}])
def test_what_changes_only_the_time_is_not_in_the_fingerprint(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    plain, same = (
        [each.block.fingerprint for each in build_extractors(DEFAULT_FEATURES, chosen, tmp_path)]
        for chosen in (ExtractorOptions(), ExtractorOptions(**options))
    )
    assert plain == same


def test_the_folder_of_weights_may_be_text() -> None:
    assert ExtractorOptions(weights_dir="weights") == ExtractorOptions(weights_dir=Path("weights"))  # type: ignore[arg-type]
