import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.special import expit

from phototriage.evaluation import evaluate_ranker
from phototriage.experiments.evaluation_plots import accuracy_chart
from phototriage.experiments.run_folder import read_last_state, write_last_state, write_predictions, write_run
from phototriage.features import Features
from phototriage.labels import Comparisons, split_by_series
from phototriage.ranker import MultiFeatureConfig, TrainedRanker, load_ranker
from phototriage.ranker.state import TrainingState
from phototriage.ranker.training import train


def test_a_run_leaves_its_log_curves_results_and_model(
    tmp_path: Path, make_comparisons: Callable[..., Comparisons], make_features: Callable[..., Features]
) -> None:
    rng = np.random.default_rng(0)
    comparisons = make_comparisons(*((str(s), f"{s}a", f"{s}b", float(rng.uniform())) for s in range(40)))
    features = make_features({photo: rng.normal(size=3).tolist() for photo in comparisons.photos})
    split = split_by_series(comparisons, 0)
    config = MultiFeatureConfig(mlp_hidden_dims=(4,), max_epochs=3, batch_size=2, min_agreement=0.5)
    training = train(split, features, config)
    # Of the series judged, one stands among those learned from.
    judged = comparisons.in_series([*split.test.series, split.train.series[0]])
    evaluation = evaluate_ranker("x", training.ranker, judged, features)
    report = evaluation.report
    write_run(tmp_path, training, evaluation, split, features)
    accuracy_chart(report, tmp_path / "accuracy.png")

    assert load_ranker(tmp_path / "best_model.pt").temperature == training.ranker.temperature
    lines = list(csv.DictReader((tmp_path / "training_log.csv").read_text().splitlines()))
    assert [line["step"] for line in lines] == ["10", "16", ""] * 3
    assert float(lines[2]["validation_accuracy"]) == training.epochs[0].validation_accuracy
    results = json.loads((tmp_path / "test_results.json").read_text())
    assert results["best_epoch"] == training.best_epoch
    assert (results["in_sample"], results["seen_series"], results["series"]) == (False, 1, 4)
    assert results["scorers"]["x"]["accuracy"]["value"] == report.scorers[-1].figures["accuracy"].value
    assert (results["training_pairs"], results["validation_pairs"], results["test_pairs"]) == (32, 4, 4)
    assert results["parameters"] == 2 * 3 + 3 * 4 + 4 + 4 + 1
    scores = training.ranker.scores(features)
    lead = np.subtract(*(scores[features.rows(split.test.table[f"photo_{side}"])] for side in "ab"))
    side = np.sign(split.test.table["preference"] - 0.5)
    assert results["test_loss"] == pytest.approx(np.maximum(0, 1 - side * lead).mean(), abs=1e-6)
    assert results["cautions"] == config.cautions(3) != []
    for name in ("training_curves.png", "accuracy.png"):
        with Image.open(tmp_path / name) as picture:
            assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 20, name


def test_an_epoch_under_way_is_in_the_log_too(
    tmp_path: Path,
    make_comparisons: Callable[..., Comparisons],
    make_features: Callable[..., Features],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("phototriage.ranker.fit._SECONDS_BETWEEN_STATES", 0)  # a state after every step
    comparisons = make_comparisons(*((str(s), f"{s}a", f"{s}b", s % 2) for s in range(40)))
    features = make_features({photo: [float(row), 0.5] for row, photo in enumerate(comparisons.photos)})
    config = MultiFeatureConfig(mlp_hidden_dims=(4,), max_epochs=2, batch_size=2, min_agreement=0.5)
    logs: list[list[str]] = []

    def keep(state: TrainingState) -> None:
        write_last_state(tmp_path, state)
        log = csv.DictReader((tmp_path / "training_log.csv").read_text().splitlines())
        logs.append([f"{line['epoch']}/{line['step']}" for line in log])

    assert read_last_state(tmp_path) is None
    train(split_by_series(comparisons, 0), features, config, on_state=keep)
    # 16 steps and the end of the epoch, twice; ten batches are a line, and so are the last six.
    assert (logs[8], logs[9], logs[16]) == ([], ["1/10"], ["1/10", "1/16", "1/"])
    assert logs[17 + 9] == ["1/10", "1/16", "1/", "2/10"]
    last = read_last_state(tmp_path)
    assert last is not None
    assert len(last.epochs) == 2


def test_a_pair_without_a_winner_is_predicted_but_neither_right_nor_wrong(
    tmp_path: Path, make_comparisons: Callable[..., Comparisons], make_features: Callable[..., Features]
) -> None:
    features = make_features({"a": [2.0], "b": [1.0], "c": [1.0]})
    ranker = TrainedRanker(
        {"layers.0.weight": np.array([[3.0]], np.float32), "layers.0.bias": np.zeros(1, np.float32)},
        MultiFeatureConfig(mlp_hidden_dims=(), input_normalization="none"),
        features.blocks,
        temperature=3.0,
        seen_keys=TrainedRanker.digests([]),
        seen_contents=TrainedRanker.digests([]),
    )
    pairs = make_comparisons(
        ("s", "a", "b", 0.9), ("s", "b", "c", 0.8), ("s", "c", "a", 0.5), ("s", "a", "d", 1)
    )
    write_predictions(tmp_path, ranker, pairs, features)
    lines = list(csv.DictReader((tmp_path / "test_predictions.csv").read_text().splitlines()))
    assert [(line["photo_a"], line["photo_b"]) for line in lines] == [("a", "b"), ("b", "c"), ("c", "a")]
    assert [line["correct"] for line in lines] == ["1.0", "0.5", ""]
    assert [(float(line["score_a"]), float(line["score_b"])) for line in lines] == [(6, 3), (3, 3), (3, 6)]
    assert [float(line["probability"]) for line in lines] == pytest.approx([expit(1), 0.5, expit(-1)])
