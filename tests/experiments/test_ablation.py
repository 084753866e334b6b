import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from phototriage.errors import LabelError
from phototriage.evaluation import Scorer
from phototriage.experiments.ablation import Trial, ablate, evaluate_ablation
from phototriage.experiments.cross_validation import cross_validated
from phototriage.features import Block, Features
from phototriage.labels import Comparisons
from phototriage.ranker import MultiFeatureConfig

QUICK = MultiFeatureConfig(
    mlp_hidden_dims=(),
    input_normalization="standardize",
    loss="bradley_terry",
    learning_rate=0.05,
    max_epochs=4,
    min_agreement=0.5,
)


@pytest.fixture
def data(make_comparisons: Callable[..., Comparisons]) -> tuple[Comparisons, Features]:
    """Preferences by the first of three numbers."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(80, 3)).astype(np.float32)
    rows = [
        (str(s), f"{s}a", f"{s}b", 0.9 if matrix[2 * s, 0] > matrix[2 * s + 1, 0] else 0.1) for s in range(40)
    ]
    photos = tuple(photo for row in rows for photo in row[1:3])
    return make_comparisons(*rows), Features(photos, matrix, (Block("table", "t", ("x", "y", "z")),))


def test_each_subset_is_trained_on_its_columns_and_the_same_folds(
    data: tuple[Comparisons, Features], tmp_path: Path
) -> None:
    comparisons, features = data
    subsets = {"all": (0, 1, 2), "x": (0,), "z+y": (2, 1)}
    trials = list(ablate(comparisons, features, subsets, QUICK, 3, tmp_path))
    assert [(trial.subset, trial.dim) for trial in trials] == [("all", 3), ("x", 1), ("z+y", 2)]
    block = Block("b", "b", ("z", "y"))
    alone = Features(features.photos, features.matrix[:, [2, 1]].copy(), (block,))
    expected = cross_validated("z+y", comparisons, alone, QUICK, 3)
    assert trials[2].scorer == expected

    ablation = evaluate_ablation(comparisons, trials, "all", 3)
    assert (ablation.full, ablation.folds, ablation.pairs, ablation.series) == ("all", 3, 40, 40)
    accuracy = {row.subset: row.accuracy for row in ablation.rows if row.accuracy}
    assert accuracy["x"].value > 0.9
    assert [row.accuracy.value for row in ablation.rows if row.accuracy] == sorted(
        (estimate.value for estimate in accuracy.values()), reverse=True
    )
    gain = {row.subset: row.gain for row in ablation.rows if row.gain}
    assert gain.keys() == {"x", "z+y"}
    assert gain["z+y"].value == pytest.approx(accuracy["z+y"].value - accuracy["all"].value)
    assert gain["z+y"].low < gain["z+y"].value < gain["z+y"].high < 0


def test_finished_subsets_are_not_trained_again(
    data: tuple[Comparisons, Features], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparisons, features = data
    first, *_ = ablate(comparisons, features, {"x": (0,), "y": (1,)}, QUICK, 3, tmp_path)
    trained: list[str] = []

    def counted(name: str, *inputs: object) -> Scorer:
        trained.append(name)
        return Scorer(name, dict.fromkeys(features.photos, 0.0), calibrated=True)

    monkeypatch.setattr("phototriage.experiments.ablation.cross_validated", counted)
    again, *_ = ablate(comparisons, features, {"named anew": (0,)}, QUICK, 3, tmp_path)
    assert again == Trial("named anew", 1, Scorer("named anew", first.scorer.scores, calibrated=True))
    assert trained == []
    other = comparisons.select(np.arange(40) > 0)
    for inputs in (
        (other, features, {"labels": (0,)}, QUICK, 3),
        (comparisons, features, {"numbers": (2,)}, QUICK, 3),
        (comparisons, features, {"config": (0,)}, replace(QUICK, seed=1), 3),
        (comparisons, features, {"folds": (0,)}, QUICK, 4),
    ):
        list(ablate(*inputs, tmp_path))
    assert trained == ["labels", "numbers", "config", "folds"]


@pytest.mark.parametrize("damaged", ["", "{", '{"scores": 3}', '{"scores": {"0a": "x"}}', "[]"])
def test_a_damaged_file_is_trained_anew(
    data: tuple[Comparisons, Features], tmp_path: Path, damaged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = {photo: float(place) for place, photo in enumerate(data[1].photos)}
    monkeypatch.setattr(
        "phototriage.experiments.ablation.cross_validated", lambda name, *inputs: Scorer(name, scores)
    )
    list(ablate(*data, {"x": (0,)}, QUICK, 3, tmp_path))
    (path,) = tmp_path.iterdir()
    whole = path.read_text()
    assert json.loads(whole) == {"subset": "x", "scores": scores}
    path.write_text(damaged)
    (trial,) = ablate(*data, {"x": (0,)}, QUICK, 3, tmp_path)
    assert trial.scorer == Scorer("x", scores, calibrated=True)
    assert path.read_text() == whole


def test_what_cannot_be_trained_is_told_and_the_others_go_on(
    data: tuple[Comparisons, Features], tmp_path: Path
) -> None:
    layernorm = replace(QUICK, input_normalization="layernorm")
    trials = list(ablate(*data, {"x": (0,), "x+y": (0, 1)}, layernorm, 3, tmp_path))
    assert [trial.scorer is None for trial in trials] == [True, False]
    ablation = evaluate_ablation(data[0], trials, "x", 3)
    assert ablation.full is None
    assert [(row.subset, row.gain) for row in ablation.rows] == [("x+y", None)]
    assert "layernorm makes any single feature constant" in ablation.failures["x"]


def test_fewer_series_than_folds(data: tuple[Comparisons, Features], tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="41 folds need as many series"):
        list(ablate(*data, {"x": (0,)}, QUICK, 41, tmp_path))
