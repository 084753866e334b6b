from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phototriage.errors import LabelError
from phototriage.evaluation import evaluate_scorers
from phototriage.experiments.cross_validation import cross_validate, cross_validated
from phototriage.features import Block, Features
from phototriage.features.table import read_feature_table
from phototriage.labels import Comparisons, read_labels
from phototriage.ranker import MultiFeatureConfig

QUICK = MultiFeatureConfig(
    mlp_hidden_dims=(),
    input_normalization="standardize",
    loss="bradley_terry",
    learning_rate=0.03,
    max_epochs=8,
    min_agreement=0.5,
    min_reviewers=0,
)


def identities(make_comparisons: Callable[..., Comparisons]) -> tuple[Comparisons, Features]:
    """One-hot features: what is learned about a photo helps with that photo alone."""
    rng = np.random.default_rng(0)
    rows = [(str(s), f"{s}a", f"{s}b", float(rng.choice([0.1, 0.9]))) for s in range(60)]
    photos = tuple(photo for row in rows for photo in row[1:3])
    block = Block("id", "id/1", tuple(map(str, range(120))))
    return make_comparisons(*rows), Features(photos, np.eye(120, dtype=np.float32), (block,))


def test_no_photo_is_judged_by_a_model_that_saw_it(make_comparisons: Callable[..., Comparisons]) -> None:
    comparisons, features = identities(make_comparisons)
    folds: list[int] = []
    scorer = cross_validated("x", comparisons, features, QUICK, 5, on_fold=folds.append)
    assert folds == [1, 2, 3, 4, 5]
    assert set(scorer.scores) == set(features.photos)
    accuracy = evaluate_scorers(comparisons, [scorer]).scorers[0].figures["accuracy"]
    # A model that had seen them would be right everywhere.
    assert accuracy.low < 0.5 < accuracy.high


def test_the_report_is_that_of_the_scorer_beside_the_baselines(
    make_comparisons: Callable[..., Comparisons], make_features: Callable[..., Features]
) -> None:
    comparisons = make_comparisons(*((str(s), f"{s}a", f"{s}b", 0.9) for s in range(12)))
    features = make_features({photo: [float("a" in photo)] for photo in comparisons.photos})
    folds: list[int] = []
    report = cross_validate(comparisons, features, QUICK, 3, "mine", folds.append)
    assert folds == [1, 2, 3]
    assert (report.reference, report.scorer("mine").figures["accuracy"].value) == ("mine", 1)
    scorer = cross_validated("mine", comparisons, features, QUICK, 3)
    assert report.scorer("mine").figures == evaluate_scorers(comparisons, [scorer]).scorer("mine").figures
    assert [each.name for each in report.scorers] == ["coin", "block_0", "mine"]


def test_fewer_series_than_folds_is_an_error(make_comparisons: Callable[..., Comparisons]) -> None:
    comparisons, features = identities(make_comparisons)
    with pytest.raises(LabelError, match="folds"):
        cross_validated("x", comparisons.in_series(["0", "1", "2"]), features, QUICK, 4)


def test_votes_joined_by_their_own_ids_teach_nothing(shared: Path, tmp_path: Path) -> None:
    """The same model on the same photos learns from the released preferences, and nothing from raw votes."""
    labels = read_labels(shared / "phototriage")
    features = read_feature_table(shared / "phototriage" / "iqa_scores.csv")
    table = tmp_path / "votes" / "votes.csv"
    table.parent.mkdir()
    votes = pd.read_csv(shared / "phototriage" / "photo_triage_pairs_embedding_labels.csv", dtype=str)
    votes.to_csv(table, index=False)
    raw = read_labels(table, assume_aligned=True).comparisons.between(features.photos)
    right = cross_validated("right", labels.comparisons, features, QUICK, 3)
    wrong = cross_validated("wrong", labels.comparisons, features, QUICK, 3, learn_from=raw)
    learned, trapped = (
        v.figures["accuracy_clear"] for v in evaluate_scorers(labels.comparisons, [right, wrong]).scorers
    )
    assert learned.low > 0.58
    assert trapped.value < 0.55
    assert trapped.high < learned.low
