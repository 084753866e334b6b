import errno
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from phototriage.cli import _parsed, train
from phototriage.experiments import run_folder
from phototriage.features import MultiFeatureExtractor
from phototriage.features.table import read_feature_table
from phototriage.ranker import load_ranker
from phototriage.ranker.state import TrainingState, save_state
from phototriage.simulation.release import write_release

Cli = Callable[..., tuple[int, str, str]]
QUICK = (
    "--mlp_hidden_dims",
    "8",
    "--learning_rate",
    "0.02",
    "--input_normalization",
    "standardize",
    "--dropout",
    "0",
)


def test_trains_judges_and_keeps_everything(cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path) -> None:
    labels, table = own_labels
    run = tmp_path / "run"
    options = ("--comparisons", labels, "--feature_table", table, "--output-dir", run, *QUICK)
    code, out, err = cli("train", *options)
    assert code == 0
    assert "this ranker" in out
    assert "epoch 1: training loss " in err
    assert {path.name for path in run.iterdir()} == {
        "config.yaml",
        "best_model.pt",
        "finished_state.pt",
        "training_log.csv",
        "training_curves.png",
        "test_results.json",
        "test_predictions.csv",
    }
    # What each step kept, and how it goes: also where nobody watches a bar.
    assert "labels: to train on: 60 pairs, 60 series, 120 photos\n" in err
    assert "split: training, clear enough: 48 pairs, 48 series, 96 photos\n" in err
    assert "split: test: 6 pairs, 6 series, 12 photos\n" in err
    assert re.search(r"^epoch 1, batch 1: loss \d\.\d{4}, accuracy \d+\.\d%$", err, re.MULTILINE)
    assert (
        json.loads((run / "test_results.json").read_text())["scorers"]["this ranker"]["accuracy"]["value"]
        > 0.8
    )
    model = (run / "best_model.pt").read_bytes()

    code, _, err = cli("train", *options)
    assert code == 4
    assert f"{run} holds a finished run" in err
    results = (run / "test_results.json").read_text()
    assert cli("train", *options, "--overwrite")[0] == 0
    assert (run / "test_results.json").read_text() == results
    assert len((run / "best_model.pt").read_bytes()) == len(model)


def test_photos_that_are_not_there_are_counted_and_strict_stops(
    cli: Cli, bursts: Path, tmp_path: Path
) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text((bursts / "comparisons.csv").read_text() + "z,gone/1.jpg,gone/2.jpg,0.9,4,1\n")
    options = (
        "--features",
        "iqa",
        "--comparisons",
        labels,
        "--photos",
        bursts / "photos",
        "--cache_dir",
        tmp_path / "cache",
        *QUICK,
    )
    code, _, err = cli("train", *options, "--output_dir", tmp_path / "run")
    assert code == 3
    assert "left out: gone/2.jpg: cannot be read: No such file or directory" in err
    assert (
        "2 of 41 labeled photos have no features, the first is gone/1.jpg "
        "(cannot be read: No such file or directory); 1 of " in err
    )
    code, _, err = cli("train", *options, "--strict", "--output_dir", tmp_path / "run2")
    assert code == 1
    assert not (tmp_path / "run2").exists()


def test_figures_say_how_much_was_judged_and_what_was_learned_from(
    cli: Cli, bursts: Path, tmp_path: Path
) -> None:
    # Every burst twice, under two names: as long as they are told by content, none is judged by memory.
    labels, photos = pd.read_csv(bursts / "comparisons.csv"), tmp_path / "photos"
    shutil.copytree(bursts / "photos", photos / "first")
    shutil.copytree(bursts / "photos", photos / "again")
    sides = ["photo_a", "photo_b"]
    pd.concat(
        labels.assign(
            series=f"{place} " + labels["series"], **{side: f"{place}/" + labels[side] for side in sides}
        )
        for place in ("first", "again")
    ).to_csv(tmp_path / "labels.csv", index=False)
    options = (
        *("--comparisons", tmp_path / "labels.csv", "--photos", photos, "--features", "iqa"),
        *("--cache_dir", tmp_path / "cache", *QUICK),
    )
    code, _, err = cli("train", *options, "--output_dir", tmp_path / "run")
    assert code == 0
    results = json.loads((tmp_path / "run" / "test_results.json").read_text())
    assert (results["in_sample"], results["seen_series"]) == (False, 0)
    assert f"test series: {results['pairs']} pairs of {results['series']} series (" in err
    assert f"only {results['series']} series: the figures and their intervals say little" in err
    predicted = pd.read_csv(tmp_path / "run" / "test_predictions.csv")
    places = predicted["series"].str.split(" ", n=1, expand=True)
    assert set(places[1][places[0] == "first"]) == set(places[1][places[0] == "again"]) != set()


@pytest.mark.parametrize("copied", [1, 3])
def test_an_official_test_with_copies_of_photos_learned_from(cli: Cli, tmp_path: Path, copied: int) -> None:
    photos = write_release(tmp_path / "release", 12, 3, 1, width=96, height=64) / "train_val/train_val_imgs"
    for series in range(10, 10 + copied):
        shutil.copy(photos / f"{series - 9:06d}-01.JPG", photos / f"{series:06d}-01.JPG")
    options = ("--root", tmp_path / "release", "--features", "iqa", "--cache_dir", tmp_path / "cache", *QUICK)
    code, _, err = cli("train", *options, "--split", "official", "--output_dir", tmp_path / "run")
    assert code == 0
    results = json.loads((tmp_path / "run" / "test_results.json").read_text())
    assert (results["in_sample"], results["seen_series"]) == (copied == 3, copied)
    said = {
        1: "test series (1 with photos used in training are left out): ",
        3: "IN-SAMPLE: all test series have photos used in training, which says little about others: ",
    }
    assert f"{said[copied]}{results['pairs']} pairs of {results['series']} series (" in err
    assert results["series"] == {1: 2, 3: 3}[copied]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--comparisons", "{labels}", "--root", "{labels}"), "give either --root FOLDER"),
        (
            (),
            "there are no labels: put the PhotoTriage release (train_val/, reviews_trainval/) into Photo",
        ),
        (("--preset", "fulll"), "there is no preset 'fulll': choose from best, deep, full, quick"),
        (("--config", "/nowhere.yaml"), "cannot read /nowhere.yaml"),
        (("--resume", "--overwrite"), "give --resume or --overwrite, not both"),
        (("--comparisons", "{labels}"), "no photos: give --photos FOLDER"),
        (("--comparisons", "{labels}", "--photos", "/nowhere"), "photo folder /nowhere does not exist"),
        (
            ("--comparisons", "{labels}", "--feature_table", "{table}", "--loss", "margin", "--margin", "-1"),
            "margin",
        ),
        (
            ("--comparisons", "{labels}", "--feature_table", "{table}", "--min_agreement", "0.95"),
            "min_agreement",
        ),
        (
            ("--comparisons", "{labels}", "--feature_table", "{table}", "--split", "official"),
            "there is no official test",
        ),
        (
            ("--comparisons", "{labels}", "--feature_table", "{table}", "--labels", "votes"),
            "none is known: use labels soft or hard",
        ),
        (
            ("--comparisons", "{labels}", "--feature_table", "{table}", "--learning_rate", "1e30"),
            "lower --learning_rate (it is 1e+30)",
        ),
    ],
)
def test_mistakes_are_one_clear_line(
    cli: Cli, own_labels: tuple[Path, Path], options: tuple[str, ...], message: str
) -> None:
    labels, table = own_labels
    filled = [option.format(labels=labels, table=table) for option in options]
    code, _, err = cli("train", *filled, "--output_dir", labels.parent / "run")
    assert code in (1, 2)
    assert message in err.splitlines()[-1]
    assert not (labels.parent / "run").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        # Series that are too few, labels that say nothing, labels about other photos.
        (lambda table: table.head(2), "more series without a common photo, and there are 2"),
        (lambda table: table.assign(preference=0.5), "training pairs has a winner, all preferences are ½"),
        (
            lambda table: table.assign(photo_a="x" + table["photo_a"]),
            "photos have no features, the first is xs0/a.jpg; 60 of 60 pairs are left out; "
            "the table names its photos like s0/a.jpg",
        ),
    ],
)
def test_labels_that_cannot_be_learned_from_are_one_clear_line(
    cli: Cli, own_labels: tuple[Path, Path], change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    labels, table = own_labels
    change(pd.read_csv(labels)).to_csv(labels, index=False)
    code, _, err = cli(
        "train",
        *("--comparisons", labels, "--feature_table", table, "--output_dir", labels.parent / "run"),
        *("--min_agreement", "0.5", *QUICK),
    )
    assert code == 1
    assert message in err.splitlines()[-1]
    assert not (labels.parent / "run").exists()


def outcome(run: Path) -> tuple[Any, ...]:
    """All numbers of a run."""
    ranker = load_ranker(run / "best_model.pt")
    return (
        (run / "training_log.csv").read_text(),
        (run / "test_results.json").read_text(),
        (run / "test_predictions.csv").read_text(),
        ranker.temperature,
        {name: weights.tobytes() for name, weights in ranker.weights.items()},
    )


def test_a_runs_own_config_repeats_it_from_anywhere(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_labels[0].parent)
    run, again = tmp_path / "run", tmp_path / "again"
    options = ("--comparisons", "labels.csv", "--feature_table", "features.csv", "--preset", "quick", *QUICK)
    assert cli("train", *options, "--seed", 3, "--output_dir", run)[0] == 0
    monkeypatch.chdir(tmp_path.parent)
    assert cli("train", "--config", run / "config.yaml", "--output_dir", again)[0] == 0
    assert outcome(again) == outcome(run)
    assert (again / "config.yaml").read_text() == (run / "config.yaml").read_text()


def test_measured_features_are_in_the_config_too(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    run, again = tmp_path / "run", tmp_path / "again"
    cache = ("--cache_dir", tmp_path / "cache")
    options = (
        *("--comparisons", bursts / "comparisons.csv", "--photos", bursts / "photos"),
        *("--features", "iqa", "--weights_dir", "."),
    )
    assert cli("train", *options, *cache, *QUICK, "--output_dir", run)[0] == 0
    settings = yaml.safe_load((run / "config.yaml").read_text())
    assert settings["features"] == ["iqa"]
    assert settings["extractor"]["weights_dir"] == str(Path.cwd())
    assert cli("train", "--config", run / "config.yaml", *cache, "--output_dir", again)[0] == 0
    assert outcome(again) == outcome(run)


def test_options_go_before_the_config_and_the_config_before_the_preset(tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("ranker: {learning_rate: 2e-3, dropout: 0}\nfeatures: [iqa]\nlabels: {root: /there}")
    command = _parsed("train", ["--preset=quick", "--config", str(config), "--dropout", "0.5"])
    assert isinstance(command, train.Command)
    ranker = command.ranker
    assert (ranker.dropout, ranker.learning_rate, ranker.batch_size) == (0.5, 2e-3, 128)
    assert (command.source.features, command.labels.root) == (("iqa",), Path("/there"))
    # Labels that are named here take the place of the config's.
    other = _parsed("train", ["--config", str(config), "--comparisons", "here.csv"])
    assert isinstance(other, train.Command)
    assert (other.labels.root, other.labels.comparisons) == (None, Path("here.csv"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "ranker: {learning_rat: 1}",
            "no setting 'learning_rat' in {path}, ranker: did you mean 'learning_rate'",
        ),
        (
            "ranker: {loss: hing}",
            "loss in {path}, ranker cannot be 'hing': choose from margin, bradley_terry",
        ),
        ("ranker: {dropout: 2}", "dropout cannot be 2.0"),
        ("extractor: {resnet_sise: 448}", "no setting 'resnet_sise' in {path}, extractor: did you mean"),
        ("labels: {fodler: x}", "no setting 'fodler' in {path}, labels"),
        ("rankr: {}", "no setting 'rankr' in {path}: did you mean 'ranker'"),
    ],
)
def test_a_mistake_in_a_config_names_the_place_and_the_nearest(
    cli: Cli, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    code, _, err = cli("train", "--config", path)
    assert code == 1
    assert err.count("\n") == 1
    assert message.format(path=path) in err


def interrupt_after(epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C, once so many epochs are on disk."""

    def save(state: TrainingState, path: Path) -> None:
        save_state(state, path)
        if len(state.epochs) == epochs:
            raise KeyboardInterrupt

    monkeypatch.setattr(run_folder, "save_state", save)


def test_an_interrupted_run_is_resumed_or_overwritten_and_nothing_else(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels, table = own_labels
    options = ("--comparisons", labels, "--feature_table", table, *QUICK)
    assert cli("train", *options, "--output_dir", tmp_path / "undisturbed")[0] == 0
    run = tmp_path / "run"
    with monkeypatch.context() as patched:
        interrupt_after(2, patched)
        assert cli("train", *options, "--output_dir", run)[0] == 130
    assert {path.name for path in run.iterdir()} == {"config.yaml", "last_state.pt", "training_log.csv"}
    assert (run / "last_state.pt").stat().st_size

    code, _, err = cli("train", *options, "--output_dir", run)
    assert code == 4
    assert f"{run} holds an interrupted run: continue it with --resume, or replace it with --overwrite" in err
    # Other features than it began with.
    pd.read_csv(table).assign(number=lambda rows: rows["number"] + 1).to_csv(
        tmp_path / "other.csv", index=False
    )
    code, _, err = cli("train", "--feature_table", tmp_path / "other.csv", "--output_dir", run, "--resume")
    assert code == 1
    assert "the interrupted training had other settings, labels or features" in err.splitlines()[-1]

    code, _, err = cli("train", "--output_dir", run, "--resume")
    assert code == 0
    assert "going on after epoch 2\n" in err
    assert outcome(run) == outcome(tmp_path / "undisturbed")
    assert not (run / "last_state.pt").exists()
    code, _, err = cli("train", "--output_dir", run, "--resume")
    assert (code, "is finished: there is nothing to resume" in err) == (0, True)


def test_a_run_interrupted_while_photos_are_measured_is_resumed_by_its_folder_alone(
    cli: Cli, bursts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, cache = tmp_path / "run", ("--cache_dir", tmp_path / "cache")
    options = (
        *("--comparisons", bursts / "comparisons.csv", "--photos", bursts / "photos", "--features", "iqa"),
        *(*QUICK, "--max_epochs", 2),
    )
    assert cli("train", *options, *cache, "--output_dir", tmp_path / "undisturbed")[0] == 0

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for _ in range(2):
        with monkeypatch.context() as patched:
            patched.setattr(MultiFeatureExtractor, "__call__", interrupted)
            assert cli("train", *options, *cache, "--output_dir", run)[0] == 130
        assert {path.name for path in run.iterdir()} == {"config.yaml", "last_state.pt"}
    assert cli("train", "--resume", "--output_dir", run, *cache)[0] == 0
    assert outcome(run) == outcome(tmp_path / "undisturbed")


def test_a_finished_run_goes_on_with_more_epochs_and_patience(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels, table = own_labels
    options = ("--comparisons", labels, "--feature_table", table, *QUICK)
    more = ("--max_epochs", 9, "--patience", 9)
    assert cli("train", *options, *more, "--output_dir", tmp_path / "undisturbed")[0] == 0
    run = tmp_path / "run"
    assert cli("train", *options, "--max_epochs", 3, "--output_dir", run)[0] == 0
    code, _, err = cli("train", "--resume", "--max_epochs", 3, "--output_dir", run)
    assert (code, "more --max_epochs or --patience would go on with it" in err) == (0, True)
    with monkeypatch.context() as patched:
        interrupt_after(5, patched)
        assert cli("train", "--resume", *more, "--output_dir", run)[0] == 130
    code, _, err = cli("train", "--resume", "--output_dir", run)
    assert (code, "going on after epoch 5\n" in err) == (0, True)
    assert outcome(run) == outcome(tmp_path / "undisturbed")
    # Its patience was used up: more epochs alone change nothing, and it says why.
    short = ("--patience", 1, "--learning_rate", 1, "--output_dir", tmp_path / "short")
    assert cli("train", *options, *short)[0] == 0
    before = outcome(tmp_path / "short")
    code, _, err = cli("train", "--resume", "--max_epochs", 99, "--output_dir", tmp_path / "short")
    assert code == 0
    found = re.search(r"nothing is left to train: .* after epoch (\d+), its best is (\d+); ", err)
    assert found is not None
    assert int(found[1]) == int(found[2]) + 1 < 30
    assert outcome(tmp_path / "short") == before


def test_training_starts_from_another_runs_weights_and_knows_what_that_has_seen(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels, table = own_labels
    data = ("--comparisons", labels, "--feature_table", table)
    first, second = tmp_path / "first", tmp_path / "second"
    assert cli("train", *data, *QUICK, "--output_dir", first)[0] == 0
    barely = ("--learning_rate", 1e-9, "--max_epochs", 2, "--seed", 1, *QUICK[:2], *QUICK[4:])
    monkeypatch.chdir(tmp_path)
    assert cli("train", *data, *barely, "--init", "first", "--output_dir", second)[0] == 0
    one, other = (load_ranker(run) for run in (first, second))
    for name, weights in one.weights.items():
        np.testing.assert_allclose(other.weights[name], weights, atol=1e-6)
    assert set(one.seen_keys) < set(other.seen_keys)
    assert yaml.safe_load((second / "config.yaml").read_text())["init"] == str(first)
    # Series in the test of the second were learned from by the first: they are left out.
    results = json.loads((second / "test_results.json").read_text())
    assert results["seen_series"] == 6 - results["series"] * (not results["in_sample"]) > 0
    # Repeated from its config alone, interrupted and not.
    with monkeypatch.context() as patched:
        interrupt_after(1, patched)
        config = ("--config", second / "config.yaml", "--output_dir", tmp_path / "again")
        assert cli("train", *config)[0] == 130
    assert cli("train", "--resume", "--output_dir", tmp_path / "again")[0] == 0
    assert outcome(tmp_path / "again") == outcome(second)
    code, _, err = cli("train", *data, *QUICK, "--init", first, "--output_dir", first, "--overwrite")
    assert code == 2
    assert "names the run that --output_dir would replace" in err
    assert load_ranker(first).weights.keys() == one.weights.keys()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--mlp_hidden_dims", "9"),
            "the run to start from has mlp_hidden_dims (8,), this one (9,): use its",
        ),
        (("--input_normalization", "none"), "has input_normalization 'standardize', this one 'none'"),
        (("--features", "noise"), "trained on a table with the column 'number', which is not here"),
        (("--init", "/nowhere"), "cannot read the model /nowhere"),
    ],
)
def test_weights_that_do_not_fit_are_refused_before_anything_is_measured(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    labels, table = own_labels
    data = ("--comparisons", labels, "--feature_table", table, *QUICK, "--max_epochs", 1)
    assert cli("train", *data, "--output_dir", tmp_path / "first")[0] == 0
    init = ("--init", tmp_path / "first")
    code, _, err = cli("train", *data, *init, *options, "--output_dir", tmp_path / "second")
    assert code == 1
    assert message in err.splitlines()[-1]
    assert not (tmp_path / "second").exists()


def test_features_narrow_a_table_and_the_config_knows(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    data = ("--comparisons", labels, "--feature_table", table, *QUICK, "--max_epochs", 1)
    run, again = tmp_path / "run", tmp_path / "again"
    assert cli("train", *data, "--features", "number", "--output_dir", run)[0] == 0
    assert [block.columns for block in load_ranker(run).blocks] == [("number",)]
    assert cli("train", "--config", run / "config.yaml", "--output_dir", again)[0] == 0
    assert outcome(again) == outcome(run)
    code, _, err = cli("train", *data, "--features", "clip", "--output_dir", tmp_path / "none")
    assert code == 1
    assert "there is no part 'clip' of the features: choose from number, noise" in err


def test_a_recipe_that_drowns_few_numbers_is_cautioned_against_at_the_start_and_in_the_results(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    data = ("--comparisons", labels, "--feature_table", table, "--max_epochs", 1)
    code, _, err = cli("train", *data, "--preset", "quick", "--output_dir", tmp_path / "run")
    assert code == 0
    lines = err.splitlines()
    (caution,) = {line for line in lines if line.startswith("layernorm over only 2 numbers loses most")}
    assert lines.count(caution) == 2
    assert lines.index(caution) < next(i for i, line in enumerate(lines) if line.startswith("epoch 1"))
    assert json.loads((tmp_path / "run" / "test_results.json").read_text())["cautions"] == [caution]
    code, _, err = cli("evaluate", *data[:4], "--model", tmp_path / "run", "--no_baselines")
    assert f"best_model: {caution}" in err or f"run: {caution}" in err
    assert "layernorm" not in cli("train", *data, *QUICK, "--output_dir", tmp_path / "sound")[2]


def test_the_release_is_found_where_it_lies(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = write_release(tmp_path / "data" / "phototriage", 12, 3, 1, width=96, height=64)
    (tmp_path / "PhotoTriage").mkdir()  # an empty folder of that name is none
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PHOTOTRIAGE_ROOT", raising=False)
    options = ("--features", "iqa", "--cache_dir", tmp_path / "cache", *QUICK, "--max_epochs", 1)
    code, _, err = cli("train", *options, "--output_dir", tmp_path / "run")
    assert code == 0
    assert "the labels are those of data/phototriage\n" in err
    root = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["labels"]["root"]
    assert root == str(release)
    monkeypatch.setenv("PHOTOTRIAGE_ROOT", "/nowhere")
    code, _, err = cli("train", *options, "--output_dir", tmp_path / "other")
    assert code == 1
    assert "/nowhere does not exist" in err
    # A folder that is named, or other labels, go before it.
    assert cli("evaluate", "--root", release, *options[:4])[0] == 0


def test_resuming_what_never_began_begins_it(cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path) -> None:
    labels, table = own_labels
    options = ("--comparisons", labels, "--feature_table", table, *QUICK, "--output_dir", tmp_path / "run")
    code, _, err = cli("train", *options, "--resume")
    assert code == 0
    assert f"no epoch of the run in {tmp_path / 'run'} was finished: it starts with the first" in err


def test_a_run_that_was_killed_ends_as_if_it_had_not_been(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    options = [
        *("--comparisons", str(labels), "--feature_table", str(table), *QUICK),
        *("--max_epochs", "60", "--patience", "60", "--batch_size", "8"),
    ]
    run = tmp_path / "run"
    with subprocess.Popen(
        [sys.executable, "-m", "phototriage", "train", *options, "--output_dir", str(run)],
        stderr=subprocess.DEVNULL,
    ) as process:
        while not ((run / "last_state.pt").exists() and (run / "last_state.pt").stat().st_size):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert (run / "last_state.pt").exists()
    code, _, err = cli("train", "--resume", "--output_dir", run)
    assert code == 0
    assert 1 <= int(re.findall(r"going on after epoch (\d+)", err)[0]) < 60
    assert cli("train", *options, "--output_dir", tmp_path / "undisturbed")[0] == 0
    assert outcome(run) == outcome(tmp_path / "undisturbed")


@pytest.mark.parametrize("place", [0, 2, -1])  # config.yaml, last_state.pt, best_model.pt
def test_a_full_disk_is_one_clear_error_and_leaves_the_old_model(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    labels, table = own_labels
    run = tmp_path / "run"
    options = (
        "--comparisons",
        labels,
        "--feature_table",
        table,
        "--output_dir",
        run,
        *QUICK,
        "--max_epochs",
        2,
    )
    calls = 0
    fsync = os.fsync

    def counted(file: int) -> None:
        nonlocal calls
        calls += 1
        fsync(file)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", counted)
        assert cli("train", *options)[0] == 0
    full_at = place % calls
    model = (run / "best_model.pt").read_bytes()
    calls = 0

    def full(file: int) -> None:
        counted(file)
        if calls > full_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        code, _, err = cli("train", *options, "--seed", 1, "--overwrite")
    name = ("config.yaml", "last_state.pt", "best_model.pt")[(0, 2, -1).index(place)]
    assert code == 4
    assert err.splitlines()[-1] == f"phototriage: cannot write {run / name}: No space left on device"
    assert (run / "best_model.pt").read_bytes() == model
    assert not [path for path in run.iterdir() if path.name.startswith(".")]


def test_predictions_are_the_models(cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path) -> None:
    labels, table = own_labels
    run = tmp_path / "run"
    cli("train", "--comparisons", labels, "--feature_table", table, "--output_dir", run, *QUICK)
    predictions = pd.read_csv(run / "test_predictions.csv")
    ranker, features = load_ranker(run / "best_model.pt"), read_feature_table(table)
    lead = np.subtract(
        *(ranker.scores(features)[features.rows(predictions[f"photo_{side}"])] for side in "ab")
    )
    np.testing.assert_allclose(predictions["probability"], ranker.probability(lead), atol=1e-6)
    results = json.loads((run / "test_results.json").read_text())["scorers"]["this ranker"]
    assert predictions["correct"].mean() == pytest.approx(results["accuracy"]["value"])
    assert len(predictions) == 6


def test_on_a_terminal_there_is_a_bar(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels, table = own_labels
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code, _, err = cli(
        "train", "--comparisons", labels, "--feature_table", table, "--output_dir", tmp_path / "run", *QUICK
    )
    assert code == 0
    assert "epoch 1: training loss" in err
    assert re.search(r"epochs \S*━", err)


ROOT = Path(__file__).resolve().parents[2]


def test_the_script_in_the_root_is_the_same_command(
    own_labels: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, (labels, table) = str(ROOT / "train_multifeature_ranker.py"), own_labels
    options = {"output_dir": tmp_path / "run", "batch_size": 16, "learning_rate": 0.01, "max_epochs": 2}
    given = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    given += ["--mlp_hidden_dims", "8", "4", "--comparisons", str(labels), "--feature_table", str(table)]
    monkeypatch.setattr(sys, "argv", [script, *given])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(script, run_name="__main__")
    assert stop.value.code == 0
    config = load_ranker(tmp_path / "run" / "best_model.pt").config
    assert (config.batch_size, config.learning_rate, config.mlp_hidden_dims) == (16, 0.01, (8, 4))


def test_the_editors_configurations_run_and_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = json.loads((ROOT / ".vscode" / "launch.json").read_text())
    write_release(tmp_path / "PhotoTriage", 12, 3, 1, width=96, height=64)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PHOTOTRIAGE_ROOT", raising=False)
    runs: dict[str, tuple[int, ...]] = {}
    for configuration in launch["configurations"]:
        assert configuration["type"] == "debugpy"
        if "program" not in configuration:
            command = _parsed(configuration["args"][0], configuration["args"][1:])
            assert (configuration["module"], str(command.output)) == ("phototriage", "outputs/demo")  # type: ignore[attr-defined]
            continue
        script = configuration["program"].replace("${workspaceFolder}", str(ROOT))
        quick = ["--features", "iqa", "--max_epochs", "1", "--cache_dir", str(tmp_path / "cache")]
        for _ in range(1 if runs else 2):
            monkeypatch.setattr(sys, "argv", [script, *configuration["args"], *quick])
            with pytest.raises(SystemExit) as stop:
                runpy.run_path(script, run_name="__main__")
            assert stop.value.code == 0
        folder = Path(configuration["args"][configuration["args"].index("--output_dir") + 1])
        runs[configuration["name"]] = load_ranker(tmp_path / folder).config.mlp_hidden_dims
    assert runs == {
        "Train Multi-Feature Ranker - Full (Recommended) ⭐": (512, 256),
        "Train Multi-Feature Ranker - Quick Test (Small MLP)": (256,),
        "Train Multi-Feature Ranker - Deep MLP": (1024, 512, 256),
    }


def test_what_train_says_of_a_model_is_what_evaluate_says(
    cli: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    labels, table = ["series,photo_a,photo_b,preference"], ["series,photo,one,two"]
    for series in range(60):
        numbers = rng.uniform(size=3)
        table += [f"{series},{series}-{photo},{numbers[photo]},{rng.uniform()}" for photo in range(3)]
        labels += [
            f"{series},{series}-{a},{series}-{b},{0.9 if numbers[a] > numbers[b] else 0.1}"
            for a, b in ((0, 1), (0, 2), (1, 2))
        ]
        if series % 2:
            table.pop()  # of every other series one photo has no numbers, and two pairs cannot be judged
    (tmp_path / "labels.csv").write_text("\n".join(labels))
    (tmp_path / "table.csv").write_text("\n".join(table))
    data = ("--comparisons", tmp_path / "labels.csv", "--feature_table", tmp_path / "table.csv")
    run, judged = tmp_path / "run", tmp_path / "judged.json"
    model = run / "best_model.pt"
    assert cli("train", *data, "--preset", "best", "--max_epochs", "2", "--output_dir", run)[0] == 0
    assert cli("evaluate", *data, "--model", model, "--json", judged, "--no_baselines")[0] == 0
    trained, evaluated = (json.loads(path.read_text()) for path in (run / "test_results.json", judged))
    (name,) = trained["scorers"].keys() - evaluated["scorers"].keys()
    (same,) = evaluated["scorers"].keys() - trained["scorers"].keys()
    assert trained["scorers"][name] == evaluated["scorers"][same]
    assert trained["scorers"]["coin"] == evaluated["scorers"]["coin"]
    for count in ("pairs", "complete_series"):
        assert trained[count] == evaluated[count]
