from dataclasses import replace

import numpy as np
import pytest

from phototriage.errors import FeatureError, LabelError, ModelError
from phototriage.features import Features
from phototriage.labels import Split
from phototriage.ranker import MultiFeatureConfig, compute_pairwise_accuracy
from phototriage.ranker.record import EpochRecord
from phototriage.ranker.training import train

QUICK = MultiFeatureConfig(
    mlp_hidden_dims=(8,),
    dropout=0.1,
    learning_rate=0.01,
    batch_size=16,
    max_epochs=15,
    input_normalization="standardize",
)
Learnable = tuple[Split, Features]


@pytest.mark.parametrize(
    ("config", "accuracy"),
    [
        (QUICK, 0.9),
        (replace(QUICK, loss="bradley_terry"), 0.9),
        (replace(QUICK, mlp_hidden_dims=(), dropout=0.0), 0.9),
        # Normalised over its three numbers, a photo keeps one degree of freedom: most of the signal is gone.
        (replace(QUICK, input_normalization="layernorm", mlp_hidden_dims=(16, 8)), 0.6),
    ],
)
def test_learns_what_there_is_to_learn(
    learnable: Learnable, config: MultiFeatureConfig, accuracy: float
) -> None:
    split, features = learnable
    ranker = train(split, features, config).ranker
    score_of = dict(zip(features.photos, ranker.scores(features), strict=True))
    table = split.test.table
    difference = table["photo_a"].map(score_of).to_numpy() - table["photo_b"].map(score_of).to_numpy()
    assert compute_pairwise_accuracy(difference, table["preference"].to_numpy()) > accuracy


def test_probabilities_are_calibrated(learnable: Learnable) -> None:
    split, features = learnable
    ranker = train(
        split, features, replace(QUICK, loss="bradley_terry", min_agreement=0.5, max_epochs=40)
    ).ranker
    score_of = dict(zip(features.photos, ranker.scores(features), strict=True))
    table = split.test.table
    difference = table["photo_a"].map(score_of).to_numpy() - table["photo_b"].map(score_of).to_numpy()
    assert np.abs(ranker.probability(difference) - table["preference"].to_numpy()).mean() < 0.06


def test_the_same_seed_gives_the_same_numbers_to_the_last_bit(learnable: Learnable) -> None:
    runs = [train(*learnable, QUICK) for _ in range(3)]
    for run in runs[1:]:
        assert run.epochs == runs[0].epochs
        assert run.batches == runs[0].batches
        assert run.ranker.temperature == runs[0].ranker.temperature
        for name, weights in runs[0].ranker.weights.items():
            assert np.array_equal(run.ranker.weights[name], weights)
    other = train(*learnable, replace(QUICK, seed=1))
    assert other.epochs != runs[0].epochs


def test_the_kept_epoch_is_the_best_by_validation_accuracy(learnable: Learnable) -> None:
    seen: list[EpochRecord] = []
    training = train(*learnable, QUICK, on_epoch=seen.append)
    assert tuple(seen) == training.epochs
    best = max(training.epochs, key=lambda record: (record.validation_accuracy, -record.validation_loss))
    assert training.best_epoch == best.epoch


def test_stops_after_patience_epochs_without_gain(learnable: Learnable) -> None:
    training = train(*learnable, replace(QUICK, max_epochs=200, patience=3))
    assert len(training.epochs) == training.best_epoch + 3


def test_batches_are_recorded_by_tens(learnable: Learnable) -> None:
    training = train(*learnable, replace(QUICK, batch_size=4, max_epochs=1))
    assert [record.step for record in training.batches][:3] == [10, 20, 30]
    assert all(0 <= record.accuracy <= 1 for record in training.batches)


def test_the_ranker_knows_what_it_has_seen(learnable: Learnable) -> None:
    split, features = learnable
    ranker = train(split, features, replace(QUICK, max_epochs=1)).ranker
    assert ranker.has_seen(split.train.photos, features).all()
    assert ranker.has_seen(split.validation.photos, features).all()
    assert not ranker.has_seen(split.test.photos, features).any()


def test_measured_photos_are_known_by_content_wherever_they_lie(learnable: Learnable) -> None:
    split, features = learnable
    measured = replace(features, content_hashes=tuple(f"{row:032x}" for row in range(len(features))))
    ranker = train(split, measured, replace(QUICK, max_epochs=1)).ranker
    moved = replace(measured, photos=tuple(f"elsewhere/{photo}" for photo in features.photos))
    assert ranker.has_seen([f"elsewhere/{photo}" for photo in split.train.photos], moved).all()
    assert not ranker.has_seen([f"elsewhere/{photo}" for photo in split.test.photos], moved).any()
    others = replace(
        measured, content_hashes=tuple(f"{row:032x}" for row in range(1000, 1000 + len(features)))
    )
    assert not ranker.has_seen(split.train.photos, others).any()
    # From a table nothing but the key is known.
    assert ranker.has_seen(split.train.photos, features).all()


def test_a_loss_that_is_no_number_stops_with_the_likely_cause(learnable: Learnable) -> None:
    split, features = learnable
    huge = replace(features, matrix=np.full_like(features.matrix, 3e38) * np.sign(features.matrix))
    with pytest.raises(ModelError, match=r"epoch 1, batch 1: lower --learning_rate .* huge numbers"):
        train(split, huge, replace(QUICK, input_normalization="layernorm"))


def test_a_labelled_photo_without_features_is_an_error(learnable: Learnable) -> None:
    split, features = learnable
    some = Features(features.photos[:-1], features.matrix[:-1], features.blocks)
    with pytest.raises(FeatureError, match=f"no features for photo '{features.photos[-1]}'"):
        train(split, some, QUICK)


def test_filtering_everything_away_says_what_to_loosen(learnable: Learnable) -> None:
    with pytest.raises(LabelError, match="min_agreement"):
        train(*learnable, replace(QUICK, min_agreement=1.0))
