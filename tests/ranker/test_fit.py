import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from phototriage.errors import ModelError
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.fit import Fit
from phototriage.ranker.state import EpochRecord, TrainingState

CONFIG = MultiFeatureConfig(max_epochs=6, patience=2)
STEPS = 12


class Scripted(Fit[int]):
    """The weight is the number of steps taken; epochs have the accuracies of a script."""

    def __init__(
        self, config: MultiFeatureConfig, accuracies: Sequence[float], *, start_may_stay: bool = False
    ) -> None:
        self.weight = torch.zeros(1, requires_grad=True)
        optimizer = torch.optim.SGD([self.weight], lr=1.0)
        super().__init__(config, optimizer, start_may_stay=start_may_stay)
        self._script = accuracies
        self.taken: list[tuple[int, int, int]] = []

    def _weights(self) -> dict[str, Tensor]:
        return {"weight": self.weight.detach()}

    def _load(self, weights: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            self.weight.copy_(weights["weight"])

    def _steps(self) -> Sequence[int]:
        return [int(each) for each in self._rng.permutation(STEPS)]

    def _step(self, batch: int, epoch: int, step: int) -> tuple[float, float]:
        self.taken.append((epoch, step, batch))
        self._optimizer.zero_grad()
        torch.autograd.backward(-self.weight.sum())
        self._optimizer.step()
        return float(step), math.nan if step == 1 else step / 100

    def _validate(self, place: str) -> tuple[float, float]:
        epoch = int(place.removeprefix("epoch ").partition(",")[0])
        return 1.0, self._script[epoch]


def run(fit: Scripted, state: TrainingState | None = None) -> list[TrainingState]:
    states: list[TrainingState] = []
    fit.run("it", state, lambda _: None, lambda _: None, states.append)
    return states


def test_stops_after_patience_and_ends_with_the_best_weights() -> None:
    fit = Scripted(CONFIG, [0, 0.5, 0.7, 0.6, 0.7])
    run(fit)
    assert fit.best_epoch == 2
    assert [each.validation_accuracy for each in fit.epochs] == [0.5, 0.7, 0.6, 0.7]
    assert fit.weight.item() == 2 * STEPS


def test_the_start_may_stay_the_best_also_of_a_resumed_run() -> None:
    script = [0.8, 0.5, 0.8]
    fit = Scripted(CONFIG, script, start_may_stay=True)
    states = run(fit)
    assert (fit.best_epoch, fit.weight.item()) == (0, 0)
    resumed = Scripted(CONFIG, script, start_may_stay=True)
    run(resumed, states[0])
    assert (resumed.best_epoch, resumed.weight.item(), resumed.epochs) == (0, 0, fit.epochs)


def test_every_ten_steps_and_the_last_are_recorded_as_means() -> None:
    fit = Scripted(replace(CONFIG, max_epochs=1), [0, 0.5])
    run(fit)
    assert [(each.epoch, each.step, each.loss) for each in fit.batches] == [(1, 10, 5.5), (1, 12, 11.5)]
    without_winner_left_out = [sum(range(2, 11)) / 9 / 100, 0.115]
    assert [each.accuracy for each in fit.batches] == pytest.approx(without_winner_left_out)
    assert fit.epochs == [EpochRecord(1, 6.5, 1.0, 0.5)]


def test_a_run_resumes_within_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phototriage.ranker.fit._SECONDS_BETWEEN_STATES", 0)  # a state after every step
    config = replace(CONFIG, max_epochs=2)
    undisturbed = Scripted(config, [0, 0.5, 0.7])

    class KilledError(Exception):
        pass

    killed, kept = Scripted(config, [0, 0.5, 0.7]), dict[str, TrainingState]()

    def die(state: TrainingState) -> None:
        weights = {name: each.clone() for name, each in state.network.items()}
        kept["last"] = replace(state, network=weights)
        if len(killed.taken) == STEPS + 5:
            raise KilledError

    with pytest.raises(KilledError):
        killed.run("it", None, lambda _: None, lambda _: None, die)
    run(undisturbed)
    resumed = Scripted(config, [0, 0.5, 0.7])
    run(resumed, kept["last"])
    assert resumed.taken == undisturbed.taken[STEPS + 5 :]
    assert (resumed.epochs, resumed.batches) == (undisturbed.epochs, undisturbed.batches)
    assert resumed.weight.item() == undisturbed.weight.item() == 2 * STEPS


def test_a_damaged_state_is_refused() -> None:
    (state,) = run(Scripted(replace(CONFIG, max_epochs=1), [0, 0.5]))
    for damaged in (
        replace(state, network={}),
        replace(state, order_rng="?"),
        replace(state, torch_rng=torch.zeros(1)),
    ):
        with pytest.raises(ModelError, match="damaged: start anew by --overwrite"):
            run(Scripted(CONFIG, [0, 0.5]), damaged)


def test_a_state_belongs_to_its_run() -> None:
    (state,) = run(Scripted(replace(CONFIG, max_epochs=1), [0, 0.5]))
    state.check("it")
    with pytest.raises(ModelError, match="had other settings"):
        state.check("another")
