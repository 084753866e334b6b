from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.experiments.finetuning.conftest import CONFIG, Bench

from phototriage.errors import ModelError
from phototriage.experiments.finetuning.model import FineTuned
from phototriage.experiments.finetuning.photos import View
from phototriage.experiments.finetuning.settings import FineTuning
from phototriage.experiments.finetuning.training import Estimate, FineTuningResult, finetune
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.state import BatchRecord, TrainingState

SETTINGS = FineTuning(unfreeze=("tiny.layer2",), backbone_learning_rate=1e-2, pairs_at_once=2)


def run(
    bench: Bench,
    config: MultiFeatureConfig = CONFIG,
    settings: FineTuning = SETTINGS,
    **options: Any,
) -> tuple[FineTuned, FineTuningResult]:
    model = bench.model(config=config)
    return model, finetune(model, bench.ranker, bench.split, bench.features, config, settings, **options)


def copied(state: TrainingState) -> TrainingState:
    clone = {name: each.clone() for name, each in state.network.items()}
    optimizer = {
        "state": {
            key: {name: each.clone() for name, each in values.items()}
            for key, values in state.optimizer["state"].items()
        },
        "param_groups": [dict(group) for group in state.optimizer["param_groups"]],
    }
    return replace(state, network=clone, optimizer=optimizer)


def test_the_loss_goes_down(bench: Bench) -> None:
    _, result = run(bench, replace(CONFIG, max_epochs=6, dropout=0.0))
    losses = [record.train_loss for record in result.epochs]
    assert losses[-1] < losses[0]
    assert [record.epoch for record in result.epochs] == [1, 2, 3, 4, 5, 6]


def test_a_resumed_run_ends_with_the_same_numbers(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phototriage.ranker.fit._SECONDS_BETWEEN_STATES", 0.0)
    states: list[TrainingState] = []
    whole, result = run(bench, on_state=lambda state: states.append(copied(state)))
    within = next(state for state in states if state.losses and state.epochs)
    for state in (within, states[0]):
        resumed, again = run(bench, state=state)
        assert again.epochs == result.epochs
        assert again.batches == result.batches
        assert all(
            torch.equal(each, whole.trained_state()[name]) for name, each in resumed.trained_state().items()
        )
    for other in (replace(SETTINGS, backbone_learning_rate=1e-3), replace(SETTINGS, pairs_at_once=4)):
        with pytest.raises(ModelError, match="had other settings"):
            run(bench, settings=other, state=within)
    run(bench, settings=replace(SETTINGS, checkpoint_activations=True), state=states[-1])


def test_gradients_of_a_step_are_summed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pairs go through at once, a step is the same."""
    monkeypatch.setattr(View, "drawn", classmethod(lambda cls, rng: View()))
    config = replace(CONFIG, dropout=0.0, max_epochs=1)
    states = [run(bench, config, replace(SETTINGS, pairs_at_once=size))[0].trained_state() for size in (1, 8)]
    for name, each in states[0].items():
        torch.testing.assert_close(each, states[1][name], atol=1e-4, rtol=1e-3)


def test_the_start_is_kept_where_no_epoch_is_better(bench: Bench) -> None:
    settings = replace(SETTINGS, backbone_learning_rate=1e-12)
    model, result = run(bench, replace(CONFIG, learning_rate=1e-12), settings)
    assert result.best_epoch == 0
    start = bench.model().trained_state()
    assert all(torch.equal(each, start[name]) for name, each in model.trained_state().items())


def test_the_estimate_comes_first(bench: Bench) -> None:
    told: list[object] = []
    run(bench, on_estimate=told.append, on_batches=told.append)
    estimate, *others = told
    assert isinstance(estimate, Estimate)
    assert others
    assert all(isinstance(each, BatchRecord) for each in others)
    stages = 2 * (4 * 4 * 9 + 4)
    head = 6 * 4 + 4 + 4 + 1
    assert estimate.trained == stages + (4 * 5 + 5) + head
    assert estimate.weights == estimate.trained + (3 * 4 * 9 + 4) + (4 * 4 * 9 + 4)
    assert estimate.memory > 4 * estimate.weights + 12 * estimate.trained
    assert estimate.seconds > 0


def test_a_loss_that_is_no_number(bench: Bench) -> None:
    settings = replace(SETTINGS, backbone_learning_rate=1e30)
    with pytest.raises(ModelError, match=r"the loss became nan in .*lower --backbone_learning_rate"):
        run(bench, replace(CONFIG, learning_rate=1e30), settings)
