import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from phototriage import extras
from phototriage.experiments.tuning_search import search
from phototriage.features.table import read_feature_table
from phototriage.labels import read_labels, split_by_series
from phototriage.ranker import load_ranker

Cli = Callable[..., tuple[int, str, str]]
QUICK = ("--max_epochs", "3", "--folds", "2", "--learning_rate", "1e-9", "--mlp_hidden_dims",
         "--input_normalization", "standardize")  # fmt: skip


def test_searches_and_judges_on_series_it_never_saw(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels, table = own_labels
    folder = tmp_path / "out"
    monkeypatch.chdir(tmp_path)
    options = ("--comparisons", labels, "--feature_table", table, "--output_dir", folder, *QUICK,
               "--weights_dir", "weights")  # fmt: skip
    split = split_by_series(read_labels(labels).comparisons, seed=0)
    searched: list[set[str]] = []

    def watched(comparisons: Any, *inputs: Any, **more: Any) -> Any:
        searched.append(set(comparisons.series))
        return search(comparisons, *inputs, **more)

    monkeypatch.setattr("phototriage.experiments.tuning.search", watched)
    code, out, err = cli("tune", *options, "--trials", "4")
    assert code == 0
    assert searched == [{*split.train.series, *split.validation.series}]
    lines = err.splitlines()
    assert lines[0].startswith("default settings: ")
    assert [line.split(":")[0] for line in lines[1:5]] == [f"trial {number} of 4" for number in (1, 2, 3, 4)]
    assert "on 6 series that the search never saw:" in lines
    assert {path.name for path in folder.iterdir()} == {
        "study.sqlite", "trials.csv", "tuning.png", "best_config.yaml", "best_model.pt", "test_results.json",
    }  # fmt: skip
    ranker = load_ranker(folder / "best_model.pt")
    assert ranker.config.max_epochs == 3
    # Whoever trains by it may stand in another folder.
    best = yaml.safe_load((folder / "best_config.yaml").read_text())
    assert best["extractor"]["weights_dir"] == str(tmp_path / "weights")
    photos = read_feature_table(table)
    again = ("--config", folder / "best_config.yaml", "--output_dir", tmp_path / "run")
    assert cli("train", *options[:4], *again)[0] == 0
    trained = load_ranker(tmp_path / "run" / "best_model.pt")
    assert trained.config == ranker.config
    assert np.array_equal(trained.scores(photos), ranker.scores(photos))
    judged = json.loads((folder / "test_results.json").read_text())
    assert list(judged["scorers"]) == ["default settings", "settings found"]
    assert judged["series"] == 6
    assert "settings found" in out

    code, _, err = cli("tune", *options, "--trials", "5")
    assert code == 0
    assert err.splitlines()[0].startswith("trial 5 of 5: ")
    assert len((folder / "trials.csv").read_text().splitlines()) == 7
    assert cli("export", folder / "best_model.pt", "--output", tmp_path / "hub")[0] == 0
    assert "| settings found | " in (tmp_path / "hub" / "README.md").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--folds", "1"), "--folds must be at least 2, not 1"),
        (("--trials", "0"), "--trials must be at least 1, not 0"),
        (("--folds", "61"), "61 folds need as many series"),
        (("--split", "official"), "there is no official test"),
    ],
)
def test_mistakes_are_one_clear_line(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    labels, table = own_labels
    given = ("--comparisons", labels, "--feature_table", table, "--output_dir", tmp_path / "out")
    code, _, err = cli("tune", *given, *options)
    assert code in (1, 2)
    assert message in err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_without_optuna_it_says_how_to_get_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "installed_version", lambda package: None if package == "optuna" else "1")
    code, _, err = cli("tune", "--comparisons", "labels.csv")
    assert (code, err) == (
        1,
        'phototriage: this needs optuna, which is not installed: pip install "phototriage[tune]"\n',
    )


@pytest.mark.parametrize("command", [("tune", "--trials", "1"), ("ablate", "--subsets", "number")])
def test_numbers_that_cannot_be_used_are_told_by_the_exit_code(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path, command: tuple[str, ...]
) -> None:
    labels, table = own_labels
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines[:-1], lines[-1].rpartition(",")[0] + ",none"]))
    options = ("--comparisons", labels, "--feature_table", table, "--output_dir", tmp_path / "out", *QUICK)
    code, _, err = cli(*command, *options)
    assert code == 3
    assert "1 of 120 labeled photos have no features, the first is s59/b.jpg" in err
