import re
from pathlib import Path

import pytest

from phototriage.errors import ModelError
from phototriage.experiments.benchmark_inputs import read_presets
from phototriage.features import ExtractorOptions
from phototriage.ranker.presets import preset_config

OPTIONS = ExtractorOptions(weights_dir=Path("weights"), device="cpu")


def test_presets_by_name_and_by_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "ranker: {seed: 4, loss: listwise}\nfeatures: [iqa, clip]\nextractor: {resnet_size: 448}\n"
        "labels: {root: elsewhere}\nsplit: random\n"  # as in a run's own config.yaml
    )
    full, mine = read_presets(["full", str(path)], options=OPTIONS)
    assert (full.name, full.config, full.options) == ("full", preset_config("full"), OPTIONS)
    assert (mine.name, mine.config.seed, mine.config.loss) == ("mine", 4, "listwise")
    assert mine.features == ("iqa", "clip")
    assert mine.options == ExtractorOptions(weights_dir=Path("weights"), device="cpu", resnet_size=448)


def test_features_of_the_command_line_win(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("features: [clip]")
    (mine,) = read_presets([str(tmp_path / "mine.yaml")], ("iqa",))
    assert mine.features == ("iqa",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ranker: {los: margin}", "there is no setting 'los' in mine.yaml, ranker: did you mean 'loss'?"),
        ("extractor: {resnet_siz: 3}", "there is no setting 'resnet_siz' in mine.yaml, extractor"),
        ("training: {}", "there is no setting 'training' in mine.yaml"),
        ("features: iqa", "features in mine.yaml cannot be 'iqa': it must be a list"),
    ],
)
def test_settings_that_cannot_be_are_named(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(text)
    with pytest.raises(ModelError, match=re.escape(said)):
        read_presets(["mine.yaml"], options=OPTIONS)


def test_two_presets_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "full.yaml").write_text("ranker: {seed: 1}")
    with pytest.raises(ModelError, match="of different names, not full, full"):
        read_presets(["full", str(tmp_path / "full.yaml")], options=OPTIONS)
    with pytest.raises(ModelError, match="one or more"):
        read_presets([], options=OPTIONS)
