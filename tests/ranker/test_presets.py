from pathlib import Path

import pytest

from phototriage.errors import ModelError
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.presets import preset_config, preset_names, read_settings


def test_the_specifications_presets() -> None:
    assert preset_names() == ["best", "deep", "full", "quick"]
    full = preset_config("full")
    assert full == MultiFeatureConfig()
    assert (full.mlp_hidden_dims, full.batch_size, full.learning_rate, full.max_epochs) == (
        (512, 256),
        64,
        1e-4,
        30,
    )
    assert (full.loss, full.margin, full.dropout, full.input_normalization) == (
        "margin",
        1.0,
        0.3,
        "layernorm",
    )
    quick = preset_config("quick")
    assert (quick.mlp_hidden_dims, quick.batch_size, quick.learning_rate, quick.max_epochs) == (
        (256,),
        128,
        1e-3,
        15,
    )
    deep = preset_config("deep")
    assert (deep.mlp_hidden_dims, deep.batch_size, deep.learning_rate, deep.max_epochs) == (
        (1024, 512, 256),
        64,
        1e-4,
        30,
    )
    assert isinstance(preset_config("best"), MultiFeatureConfig)


def test_a_preset_that_is_none_lists_those_that_are() -> None:
    with pytest.raises(ModelError, match="no preset 'fulll': choose from best, deep, full, quick"):
        preset_config("fulll")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ranker: [", "settings.yaml is not YAML: while parsing"),
        (
            "just words",
            "settings.yaml must hold settings by name: ranker, features, extractor, labels, split",
        ),
        ("", "settings.yaml must hold settings by name"),
        ("rankr: {}", "no setting 'rankr' in .*settings.yaml: did you mean 'ranker'"),
    ],
)
def test_a_file_that_is_no_settings_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(ModelError, match=message) as raised:
        read_settings(path)
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read .*none\.yaml: No such file"):
        read_settings(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"ranker: {loss: \xe9}")
    with pytest.raises(ModelError, match=r"latin\.yaml is not UTF-8 text"):
        read_settings(tmp_path / "latin.yaml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ranker:\n  seed: &a [x, *a]\n", "write each value out, without"),
        ("ranker: " + "[" * 5000 + "]" * 5000, "not nested more than 10 deep"),
        ("ranker: {seed: 2026-99-99}", "is not YAML"),
        ("ranker: {seed: !!bool perhaps}", "is not YAML"),
        (f"ranker: {{seed: {'9' * 5000}}}", "is not YAML"),
        ("x: " + "1" * 1_000_001, "larger than settings are"),
    ],
)
def test_settings_that_would_fill_the_memory_are_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(ModelError, match=says) as caught:
        read_settings(path)
    assert len(str(caught.value).splitlines()) == 1
