import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phototriage.cli.ablate import Command, default
from phototriage.cli.feature_source import FeatureSource
from phototriage.cli.label_source import LabelSource
from phototriage.experiments.cross_validation import cross_validated

Cli = Callable[..., tuple[int, str, str]]
QUICK = ("--mlp_hidden_dims", "--input_normalization", "standardize", "--learning_rate", "0.1",
         "--max_epochs", "3", "--folds", "2")  # fmt: skip


def test_the_columns_of_a_table(cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path) -> None:
    labels, table = own_labels
    options = ("--comparisons", labels, "--feature_table", table, "--output_dir", tmp_path / "out", *QUICK)
    code, out, err = cli("ablate", *options, "--json", tmp_path / "a.json", "--markdown", tmp_path / "a.md")
    assert code == 0
    assert err.splitlines()[0].startswith("1 of 3: number+noise: ")
    rows = json.loads((tmp_path / "a.json").read_text())["rows"]
    assert rows[-1]["subset"] == "noise"
    assert rows[-1]["gain"]["high"] < 0
    assert rows[0]["accuracy"]["value"] > 0.9
    assert out.index("number") < out.index("noise ")
    assert (tmp_path / "a.md").read_text().startswith("2-fold over series: 60 pairs of 60 series")
    assert (tmp_path / "out" / "ablation.png").read_bytes()[1:4] == b"PNG"

    code, out, err = cli("ablate", *options, "--subsets", "noise", "--json", "-")
    assert code == 0
    assert json.loads(out)["rows"][0]["accuracy"] == rows[-1]["accuracy"]
    assert err.splitlines()[0] == "1 of 1: noise: was finished before; about 0 s left"


@pytest.mark.parametrize(
    ("options", "dims", "normalization"),
    [
        ((), (64,), "standardize"),
        (("--preset", "quick"), (256,), "layernorm"),
        (("--preset=deep", "--config", "own.yaml"), (3,), "layernorm"),
    ],
)
def test_the_recipe_is_the_best_one_or_that_asked_for(
    options: tuple[str, ...],
    dims: tuple[int, ...],
    normalization: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text("ranker: {mlp_hidden_dims: [3]}")
    ranker = default(options).ranker
    assert (ranker.mlp_hidden_dims, ranker.input_normalization) == (dims, normalization)


def test_photos_are_measured_once_for_all_subsets(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    options = ("--comparisons", bursts / "comparisons.csv", "--photos", bursts / "photos",
               "--cache_dir", tmp_path / "cache", "--output_dir", tmp_path / "out", *QUICK)  # fmt: skip
    code, out, _ = cli("ablate", *options, "--subsets", "iqa", "iqa_plus+iqa", "--json", "-")
    assert code == 0
    found = json.loads(out)
    assert {row["subset"]: row["dim"] for row in found["rows"]} == {"iqa": 4, "iqa_plus+iqa": 20}
    assert found["full"] == "iqa_plus+iqa"
    code, out, _ = cli("ablate", *options, "--features", "iqa", "iqa_plus", "--json", "-")
    assert code == 0
    assert {row["subset"] for row in json.loads(out)["rows"]} == {"iqa", "iqa_plus", "iqa+iqa_plus"}


def test_after_ctrl_c_what_was_finished_is_shown_and_kept(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels, table = own_labels
    options = ("--comparisons", labels, "--feature_table", table, "--output_dir", tmp_path / "out", *QUICK)

    def stopped(name: str, *inputs: Any) -> object:
        if name == "noise":
            raise KeyboardInterrupt
        return cross_validated(name, *inputs)

    monkeypatch.setattr("phototriage.experiments.ablation.cross_validated", stopped)
    code, out, err = cli("ablate", *options)
    assert code == 130
    assert "number+noise" in out
    assert "\nphototriage: stopped; finished work is kept" in err
    monkeypatch.setattr("phototriage.experiments.ablation.cross_validated", cross_validated)
    code, _, err = cli("ablate", *options)
    assert code == 0
    assert [line.split("; about")[0] for line in err.splitlines()[:2]] == [
        "1 of 3: number+noise: was finished before",
        "2 of 3: number: was finished before",
    ]
    assert err.splitlines()[2].startswith("3 of 3: noise: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--folds", "1"), "--folds must be at least 2, not 1"),
        (("--folds", "61"), "61 folds need as many series"),
        (("--json", "-", "--markdown", "-"), "only one of --json and --markdown"),
        (("--subsets", "noise", "--features", "iqa"), "give --subsets A+B ... or --features"),
        (("--subsets", "noise+number", "nosie"), "no part 'nosie' of the features: choose from number"),
        (("--input_normalization", "layernorm", "--subsets", "noise"), "not one subset could be trained"),
    ],
)  # fmt: skip
def test_mistakes_are_one_clear_line(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    labels, table = own_labels
    given = ("--comparisons", labels, "--feature_table", table, "--output_dir", tmp_path / "out")
    code, _, err = cli("ablate", *given, *options)
    assert code in (1, 2)
    assert message in err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("command", "names", "layers"),
    [
        (Command(), ("clip", "resnet", "iqa", "iqa_plus", "lite"), ("layer2", "layer3", "layer4")),
        (Command(layers=()), ("clip", "resnet", "iqa", "iqa_plus", "lite"), ("layer3",)),
        (Command(subsets=("clip+layer4", "resnet")), ("clip", "resnet"), ("layer3", "layer4")),
        (Command(subsets=("iqa",)), ("iqa",), ("layer3",)),
        (Command(source=FeatureSource(features=("resnet",))), ("resnet",), ("layer2", "layer3", "layer4")),
    ],
)
def test_one_pass_measures_all_layers(
    command: Command, names: tuple[str, ...], layers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[FeatureSource, tuple[str, ...]]] = []
    monkeypatch.setattr(
        LabelSource, "read_features", lambda self, labels, source, needed: asked.append((source, needed))
    )
    command._features(None)  # type: ignore[arg-type]
    ((source, needed),) = asked
    assert source.features == needed == names
    assert source.options.resnet_layers == layers
