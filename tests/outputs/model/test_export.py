import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import yaml
from huggingface_hub import ModelCard

from phototriage.errors import ModelError, OutputError
from phototriage.features import Block, Features
from phototriage.outputs.model.export import export_model, read_test_results
from phototriage.ranker import MultiFeatureConfig, TrainedRanker, load_embedded_ranker, load_ranker

RESULTS: dict[str, Any] = {
    "pairs": 1234,
    "clear_pairs": 700,
    "series": 400,
    "complete_series": 300,
    "scorers": {
        "coin": {
            "accuracy": {"value": 0.5, "low": 0.5, "high": 0.5},
            "accuracy_clear": None,
            "top1": None,
            "log_likelihood": {"value": -0.6931, "low": -0.6931, "high": -0.6931},
            "ece": None,
        },
        "this ranker": {
            "accuracy": {"value": 0.6123, "low": 0.5801, "high": 0.6444},
            "accuracy_clear": {"value": 0.67, "low": 0.6, "high": 0.72},
            "top1": {"value": 0.55, "low": 0.5, "high": 0.6},
            "log_likelihood": {"value": -0.66, "low": -0.67, "high": -0.65},
            "ece": {"value": 0.021, "low": 0.01, "high": 0.04},
        },
    },
}


@pytest.fixture
def ranker() -> TrainedRanker:
    return load_embedded_ranker()


def random_photos(ranker: TrainedRanker) -> Features:
    dim = sum(block.dim for block in ranker.blocks)
    return Features(
        tuple("abcde"), np.random.default_rng(0).uniform(size=(5, dim)).astype(np.float32), ranker.blocks
    )


def test_a_folder_loads_back_and_scores_the_same(ranker: TrainedRanker, tmp_path: Path) -> None:
    folder = tmp_path / "my ranker"
    written = export_model(ranker, folder, "bursts", RESULTS)
    assert {path.name for path in written} == {
        "README.md",
        "config.json",
        "model.onnx",
        "model.safetensors",
    }
    assert {path.name for path in folder.iterdir()} == {path.name for path in written}
    assert written[-1].name == "model.safetensors"
    photos = random_photos(ranker)
    for path in (folder, folder / "model.safetensors"):
        loaded = load_ranker(path)
        assert (loaded.config, loaded.blocks, loaded.temperature) == (
            ranker.config,
            ranker.blocks,
            ranker.temperature,
        )
        assert np.array_equal(loaded.scores(photos), ranker.scores(photos))
        assert np.array_equal(loaded.seen_contents, ranker.seen_contents)
    (scores,) = onnxruntime.InferenceSession(folder / "model.onnx").run(None, {"features": photos.matrix})
    np.testing.assert_allclose(scores, ranker.scores(photos), atol=1e-5)
    config = json.loads((folder / "config.json").read_text())
    assert MultiFeatureConfig.from_dict(config["config"]) == ranker.config
    assert config["blocks"][0]["columns"] == ["sharpness", "exposure", "colorfulness", "contrast"]
    assert config["temperature"] == ranker.temperature


def test_the_card_has_data_features_and_figures(ranker: TrainedRanker, tmp_path: Path) -> None:
    export_model(ranker, tmp_path / "my ranker", "bursts of 2019 | 2020", RESULTS)
    text = (tmp_path / "my ranker" / "README.md").read_text()
    assert "\n# my ranker\n" in text
    assert "Trained on: bursts of 2019 | 2020." in text
    assert f"{len(ranker.seen_keys):,} photos in training and validation" in text
    assert f"| iqa | 4 | {ranker.blocks[0].fingerprint} |" in text
    assert f"| mlp_hidden_dims | {ranker.config.mlp_hidden_dims[0]} |" in text
    assert "On 1,234 pairs of 400 series that were held out (700 pairs" in text
    assert "| coin | 50.0 (50.0 to 50.0) | – | – | -0.693 (-0.693 to -0.693) | – |" in text
    assert (
        "| this ranker | 61.2 (58.0 to 64.4) | 67.0 (60.0 to 72.0) | 55.0 (50.0 to 60.0) "
        "| -0.660 (-0.670 to -0.650) | 0.021 (0.010 to 0.040) |" in text
    )


def test_a_hub_reads_the_cards_head(ranker: TrainedRanker, tmp_path: Path) -> None:
    export_model(ranker, tmp_path / "r", "bursts: mine", RESULTS)
    data = ModelCard.load(tmp_path / "r" / "README.md").data
    assert data.library_name == "phototriage"
    results = {each.metric_type: each.metric_value for each in data.eval_results}
    assert results == {
        "accuracy": 0.6123,
        "accuracy_clear": 0.67,
        "top1": 0.55,
        "log_likelihood": -0.66,
        "ece": 0.021,
    }
    assert {each.dataset_name for each in data.eval_results} == {"bursts: mine"}


def test_without_figures_the_card_says_so(ranker: TrainedRanker, tmp_path: Path) -> None:
    export_model(ranker, tmp_path / "r")
    text = (tmp_path / "r" / "README.md").read_text()
    assert "There are no figures" in text
    assert "Trained on: not stated" in text
    assert "model-index" not in yaml.safe_load(text.split("---")[1])


def test_the_cards_examples_run(
    ranker: TrainedRanker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    export_model(ranker, tmp_path / "r", results=RESULTS)
    examples = re.findall(r"```python\n(.*?)```", (tmp_path / "r" / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path / "r")
    names: dict[str, Any] = {}
    for example in examples:
        exec(example, names)
    assert names["ranker"].blocks == ranker.blocks
    zeros = Features(("a",), np.zeros((1, 4), np.float32), ranker.blocks)
    np.testing.assert_allclose(names["score"], np.repeat(ranker.scores(zeros), 2), atol=1e-5)
    assert capsys.readouterr().out.startswith("(Block(name='iqa'")


@pytest.mark.parametrize(
    ("name", "files"), [("m.onnx", {"m.onnx"}), ("m.safetensors", {"m.safetensors", "m.json"})]
)
def test_a_single_file(ranker: TrainedRanker, tmp_path: Path, name: str, files: set[str]) -> None:
    export_model(ranker, tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == files
    if name.endswith(".safetensors"):
        photos = random_photos(ranker)
        assert np.array_equal(load_ranker(tmp_path / name).scores(photos), ranker.scores(photos))


@pytest.mark.parametrize("name", ["README.md", "model.safetensors"])
def test_nothing_is_replaced_unasked(ranker: TrainedRanker, tmp_path: Path, name: str) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / name).write_text("mine")
    with pytest.raises(OutputError, match=rf"{name} exists: choose another --output, or --overwrite"):
        export_model(ranker, tmp_path / "r")
    assert [path.name for path in (tmp_path / "r").iterdir()] == [name]
    assert (tmp_path / "r" / name).read_text() == "mine"
    export_model(ranker, tmp_path / "r", overwrite=True)
    assert load_ranker(tmp_path / "r").config == ranker.config
    assert (tmp_path / "r" / name).read_bytes() != b"mine"


def test_nothing_is_written_where_the_figures_are_no_figures(ranker: TrainedRanker, tmp_path: Path) -> None:
    no_results: list[dict[str, Any]] = [
        {},
        {"scorers": []},
        {"scorers": {}},
        {**RESULTS, "scorers": {"x": {"accuracy": 3}}},
    ]
    for results in no_results:
        with pytest.raises(ModelError, match=r"test_results\.json .* is not of a training"):
            export_model(ranker, tmp_path / "r", results=results)
    assert not (tmp_path / "r").exists()


def test_test_results_lie_beside_a_model_or_in_its_folder(tmp_path: Path) -> None:
    assert read_test_results(tmp_path / "model.pt") is None
    (tmp_path / "test_results.json").write_text(json.dumps(RESULTS))
    assert read_test_results(tmp_path / "model.pt") == RESULTS
    assert read_test_results(tmp_path) == RESULTS
    for damaged in ("{", "[1]"):
        (tmp_path / "test_results.json").write_text(damaged)
        with pytest.raises(ModelError, match=r"test_results\.json"):
            read_test_results(tmp_path)


def test_names_cannot_break_the_card(ranker: TrainedRanker, tmp_path: Path) -> None:
    nasty = 'a | "b" <i>\n---\n# head'
    export_model(ranker, tmp_path / "r", nasty, RESULTS)
    text = (tmp_path / "r" / "README.md").read_text()
    assert text.count("\n# ") == 1
    data: Any = ModelCard(text).data
    assert data.to_dict()["model-index"][0]["results"][0]["dataset"]["name"] == r'a | "b" <i>\n---\n# head'


def test_a_folder_without_a_ranker(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"holds no ranker: neither model\.safetensors nor best_model\.pt is"
    ):
        load_ranker(tmp_path)


def test_many_blocks_are_listed(tmp_path: Path, make_features: Callable[..., Features]) -> None:
    blocks = (Block("clip", "clip-1/x", ("c0", "c1")), Block("iqa", "iqa-1/y", ("s",)))
    config = MultiFeatureConfig(mlp_hidden_dims=(), input_normalization="standardize")
    weights = {
        "normalize.mean": np.zeros(3, np.float32),
        "normalize.std": np.ones(3, np.float32),
        "layers.0.weight": np.ones((1, 3), np.float32),
        "layers.0.bias": np.zeros(1, np.float32),
    }
    seen = np.arange(7, dtype=np.uint32)
    export_model(TrainedRanker(weights, config, blocks, 2.0, seen, seen), tmp_path / "r")
    text = (tmp_path / "r" / "README.md").read_text()
    assert "| clip | 2 | clip-1/x |\n| iqa | 1 | iqa-1/y |" in text
    assert "from 3 measured numbers" in text
    assert "(score a − score b) / T): 2." in text
