from dataclasses import replace
from pathlib import Path

import pytest
import torch

from phototriage.errors import ModelError
from phototriage.features import Features
from phototriage.labels import Split
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.state import TrainingState, load_state, save_state
from phototriage.ranker.training import train


def test_a_state_comes_back_and_holds_weights_and_plain_values_only(
    learnable: tuple[Split, Features], tmp_path: Path
) -> None:
    path = tmp_path / "last_state.pt"
    states: list[TrainingState] = []

    def keep(state: TrainingState) -> None:
        states.append(state)
        save_state(state, path)

    train(*learnable, MultiFeatureConfig(mlp_hidden_dims=(3,), max_epochs=2), on_state=keep)
    assert isinstance(torch.load(path, weights_only=True), dict)
    loaded, kept = load_state(path), states[-1]
    assert (loaded.identity, loaded.epochs, loaded.batches, loaded.order_rng, loaded.best_epoch) == (
        kept.identity,
        kept.epochs,
        kept.batches,
        kept.order_rng,
        kept.best_epoch,
    )
    assert torch.equal(loaded.torch_rng, kept.torch_rng)
    for name, tensor in kept.best_network.items():
        assert torch.equal(loaded.best_network[name], tensor)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"format": "phototriage-ranker-1"}, "not a training of this version"),
        (
            {"format": "phototriage-training-2"},
            "is no interrupted training: KeyError.*; start anew by --overwrite",
        ),
        (
            {"format": "phototriage-training-2", "batches": [], "epochs": [[1]]},
            "is no interrupted training: TypeError",
        ),
        ([1, 2], "not a training"),
    ],
)
def test_other_files_are_one_clear_error(tmp_path: Path, content: object, message: str) -> None:
    torch.save(content, tmp_path / "state.pt")
    with pytest.raises(ModelError, match=message):
        load_state(tmp_path / "state.pt")


def test_a_cut_state_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state.pt").write_bytes(b"PK\x03\x04cut")
    with pytest.raises(
        ModelError, match=r"state\.pt is no interrupted training: .*; start anew by --overw"
    ) as raised:
        load_state(tmp_path / "state.pt")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "change",
    [
        {"network": {"layers.0.weight": torch.zeros(2)}},
        {"optimizer": {"state": 3}},
        {"order_rng": "{"},
        {"torch_rng": torch.zeros(3)},
    ],
)
def test_a_tampered_state_is_one_clear_error(
    learnable: tuple[Split, Features], tmp_path: Path, change: dict[str, object]
) -> None:
    config = MultiFeatureConfig(mlp_hidden_dims=(3,), max_epochs=2)
    states: list[TrainingState] = []
    train(*learnable, config, on_state=states.append)
    save_state(replace(states[0], **change), tmp_path / "state.pt")  # type: ignore[arg-type]
    with pytest.raises(
        ModelError, match="state of the interrupted training is damaged: start anew by --over"
    ):
        train(*learnable, config, state=load_state(tmp_path / "state.pt"))
