from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phototriage.experiments import run_folder
from phototriage.experiments.training_run import training_run
from phototriage.features import Features
from phototriage.labels import Comparisons, split_by_series
from phototriage.ranker import MultiFeatureConfig, load_ranker
from phototriage.ranker.state import TrainingState, save_state

CONFIG = MultiFeatureConfig(mlp_hidden_dims=(4,), max_epochs=4, patience=4, min_agreement=0.5)


def test_an_interrupted_run_goes_on_and_its_watcher_and_notes_say_so(
    tmp_path: Path,
    make_comparisons: Callable[..., Comparisons],
    make_features: Callable[..., Features],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    comparisons = make_comparisons(*((str(s), f"{s}a", f"{s}b", float(rng.uniform())) for s in range(40)))
    features = make_features({photo: rng.normal(size=3).tolist() for photo in comparisons.photos})
    split = split_by_series(comparisons, 0)
    epochs: list[int] = []
    notes: list[str] = []

    @contextmanager
    def watch(max_epochs: int) -> Iterator[Any]:
        assert max_epochs == 4
        yield lambda record: None, lambda record: epochs.append(record.epoch)

    whole = training_run(split, features, CONFIG, str(tmp_path / "whole"), {}, watch=watch)
    assert epochs == [1, 2, 3, 4]

    def interrupted(state: TrainingState, path: Path) -> None:
        save_state(state, path)
        if len(state.epochs) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(run_folder, "save_state", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training_run(split, features, CONFIG, tmp_path / "parts", {})
    monkeypatch.undo()
    epochs.clear()
    parts = training_run(
        split, features, CONFIG, tmp_path / "parts", {}, resume=True, watch=watch, on_note=notes.append
    )
    assert (notes, epochs) == (["going on after epoch 2"], [3, 4])
    assert parts.evaluation.report == whole.evaluation.report
    one, other = (load_ranker(tmp_path / name / "best_model.pt") for name in ("whole", "parts"))
    assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)
