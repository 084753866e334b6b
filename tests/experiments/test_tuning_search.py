from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args, get_type_hints

import numpy as np
import optuna
import pytest

from phototriage.errors import LabelError, ModelError, OutputError
from phototriage.evaluation import evaluate_scorers
from phototriage.experiments import tuning_search
from phototriage.experiments.cross_validation import cross_validated
from phototriage.experiments.tuning_search import SearchTrial, search
from phototriage.features import Block, Features
from phototriage.labels import Comparisons, Split
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.training import train

DEFAULT = MultiFeatureConfig(
    mlp_hidden_dims=(),
    input_normalization="standardize",
    learning_rate=0.05,
    max_epochs=2,
    min_agreement=0.5,
    min_reviewers=0,
)


@pytest.fixture
def data(make_comparisons: Callable[..., Comparisons]) -> tuple[Comparisons, Features]:
    """Preferences that follow the first of two numbers most of the time."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(60, 2)).astype(np.float32)
    noisy = matrix[:, 0] + rng.normal(scale=0.5, size=60)
    rows = [(str(s), f"{s}a", f"{s}b", 0.8 if noisy[2 * s] > noisy[2 * s + 1] else 0.2) for s in range(30)]
    photos = tuple(photo for row in rows for photo in row[1:3])
    return make_comparisons(*rows), Features(photos, matrix, (Block("table", "t", ("x", "y")),))


class FakeTraining:
    """In place of training: scores by the first number, the other way round where `wrong` says so."""

    def __init__(self, wrong: Callable[[int], bool] = lambda trial: False) -> None:
        self._wrong = wrong
        self.configs: list[MultiFeatureConfig] = []
        self.calls = 0

    def __call__(self, *inputs: Any) -> Any:
        config = inputs[-1]
        self.calls += 1
        if config not in self.configs:
            self.configs.append(config)
        sign = -1 if self._wrong(self.configs.index(config)) else 1
        return SimpleNamespace(ranker=SimpleNamespace(scores=lambda each: sign * each.matrix[:, 0]))


def test_a_search_that_was_interrupted_goes_on_as_if_it_had_not_been(
    data: tuple[Comparisons, Features], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning_search, "_RANDOM_TRIALS", 3)
    monkeypatch.setattr(tuning_search, "_WIDTHS", (3, 5))
    whole = search(*data, DEFAULT, 2, 6, tmp_path / "whole.sqlite")
    assert [trial.number for trial in whole.trials] == [1, 2, 3, 4, 5, 6]
    started = 0

    def interrupted(*inputs: Any) -> object:
        nonlocal started
        started += 1
        if started == 12:
            raise KeyboardInterrupt
        return train(*inputs)

    monkeypatch.setattr("phototriage.experiments.tuning_search.train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        search(*data, DEFAULT, 2, 6, tmp_path / "parts.sqlite")
    monkeypatch.setattr(tuning_search, "train", train)
    new: list[int] = []
    parts = search(
        *data, DEFAULT, 2, 6, tmp_path / "parts.sqlite", on_trial=lambda trial, _: new.append(trial.number)
    )
    assert new[-1] == 6
    assert 0 < len(new) < 6
    assert parts == whole


def test_an_accuracy_is_that_of_cross_validation(data: tuple[Comparisons, Features], tmp_path: Path) -> None:
    seen: list[SearchTrial] = []
    found = search(*data, DEFAULT, 3, 1, tmp_path / "s.sqlite", lambda trial, _: seen.append(trial))
    assert [trial.number for trial in seen] == [0, 1]
    scorer = cross_validated("default", *data, DEFAULT, 3)
    accuracy = evaluate_scorers(data[0], [scorer]).scorer("default").figures["accuracy"]
    assert accuracy
    assert found.default_accuracy == seen[0].accuracy == pytest.approx(accuracy.value)


def test_what_is_behind_after_two_folds_is_given_up(
    data: tuple[Comparisons, Features], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeTraining(wrong=lambda trial: trial == 3)
    monkeypatch.setattr(tuning_search, "train", fake)
    monkeypatch.setattr(tuning_search, "_PRUNE_AFTER", 2)
    found = search(*data, DEFAULT, 4, 4, tmp_path / "s.sqlite")
    assert [trial.accuracy is None for trial in found.trials] == [False, False, True, False]
    assert found.trials[2].given_up == "behind the median of the trials before it"
    assert fake.calls == 5 * 4 - 2  # the default and four trials, one of them two folds short


def test_what_cannot_be_trained_is_given_up(
    data: tuple[Comparisons, Features], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeTraining()

    def diverging(split: Split, features: Features, config: MultiFeatureConfig) -> Any:
        if config != DEFAULT:
            raise ModelError("the loss became nan")
        return fake(split, features, config)

    monkeypatch.setattr(tuning_search, "train", diverging)
    found = search(*data, DEFAULT, 2, 3, tmp_path / "s.sqlite")
    assert [(trial.accuracy, trial.given_up) for trial in found.trials] == [(None, "the loss became nan")] * 3
    assert (found.best, found.best_accuracy) == (DEFAULT, found.default_accuracy)
    assert found.importances == {}


def test_the_best_is_what_was_tried_and_only_what_is_searched_differs(
    data: tuple[Comparisons, Features], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeTraining(wrong=lambda trial: trial != 3)
    monkeypatch.setattr(tuning_search, "train", fake)
    monkeypatch.setattr(tuning_search, "_FEWEST_FOR_IMPORTANCES", 5)
    default = replace(DEFAULT, max_epochs=7, patience=3, seed=5)
    found = search(*data, default, 2, 6, tmp_path / "s.sqlite")
    assert found.best == fake.configs[3]
    assert found.best_accuracy == max(trial.accuracy or 0 for trial in found.trials) > found.default_accuracy
    assert (found.best.max_epochs, found.best.patience, found.best.seed) == (7, 3, 5)
    assert found.importances.keys() == found.trials[0].settings.keys()
    assert sum(found.importances.values()) == pytest.approx(1)
    other_seed = search(*data, replace(default, seed=6), 2, 1, tmp_path / "other.sqlite")
    assert other_seed.trials[0].settings != found.trials[0].settings


def test_equally_good_trials_tell_nothing_about_settings(
    data: tuple[Comparisons, Features], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning_search, "train", FakeTraining())
    monkeypatch.setattr(tuning_search, "_FEWEST_FOR_IMPORTANCES", 2)
    assert search(*data, DEFAULT, 2, 3, tmp_path / "s.sqlite").importances == {}


@pytest.mark.parametrize("has_votes", [True, False])
def test_every_choice_of_the_config_is_searched(has_votes: bool) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    configs = [tuning_search._suggested(study.ask(), DEFAULT, has_votes) for _ in range(150)]
    hints = get_type_hints(MultiFeatureConfig)
    for name in ("loss", "input_normalization", "labels"):
        expected = set(get_args(hints[name])) - (set() if has_votes else {"votes"})
        assert {getattr(config, name) for config in configs} == expected
    depths = {len(config.mlp_hidden_dims) for config in configs}
    assert depths == {0, 1, 2, 3}
    assert all(
        wide == 2 * narrow
        for config in configs
        for wide, narrow in zip(config.mlp_hidden_dims, config.mlp_hidden_dims[1:], strict=False)
    )
    assert any(config.mlp_hidden_dims == (512, 256) for config in configs) or has_votes is False
    assert {config.batch_size for config in configs} == {16, 32, 64, 128, 256, 512}


def test_a_folder_holds_one_search(data: tuple[Comparisons, Features], tmp_path: Path) -> None:
    storage = tmp_path / "a?b #%20" / "s.sqlite"
    search(*data, DEFAULT, 2, 1, storage)
    assert storage.exists()
    comparisons, features = data
    fewer = comparisons.select(np.arange(30) > 0)
    for inputs in (
        (fewer, features, DEFAULT, 2),
        (*data, replace(DEFAULT, max_epochs=1), 2),
        (*data, DEFAULT, 3),
    ):
        with pytest.raises(OutputError, match=r"holds a search with other labels, .* another --output_dir"):
            search(*inputs, 1, storage)
    again = search(*data, DEFAULT, 2, 1, storage, lambda trial, _: pytest.fail("nothing was left to do"))
    assert len(again.trials) == 1


def test_a_damaged_search_is_one_clear_line(data: tuple[Comparisons, Features], tmp_path: Path) -> None:
    (tmp_path / "s.sqlite").write_text("no database " * 100)
    with pytest.raises(OutputError, match=r"cannot keep the search in .*s\.sqlite") as raised:
        search(*data, DEFAULT, 2, 1, tmp_path / "s.sqlite")
    assert "\n" not in str(raised.value)


def test_labels_without_a_winner(make_comparisons: Callable[..., Comparisons], tmp_path: Path) -> None:
    rows = [(str(s), f"{s}a", f"{s}b", 0.5) for s in range(10)]
    features = Features(
        tuple(photo for row in rows for photo in row[1:3]),
        np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32),
        (Block("table", "t", ("x", "y")),),
    )
    with pytest.raises(LabelError):
        search(make_comparisons(*rows), features, DEFAULT, 2, 1, tmp_path / "s.sqlite")


def test_fewer_series_than_folds(data: tuple[Comparisons, Features], tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="31 folds need as many series"):
        search(*data, DEFAULT, 31, 1, tmp_path / "s.sqlite")
    assert not (tmp_path / "s.sqlite").exists()
