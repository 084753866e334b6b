from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phototriage.errors import FeatureError, LabelError, ModelError
from phototriage.features import Features
from phototriage.labels import Comparisons, Split
from phototriage.ranker import MultiFeatureConfig, compute_pairwise_accuracy
from phototriage.ranker.config import Loss
from phototriage.ranker.state import EpochRecord, TrainingState, load_state, save_state
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
        (replace(QUICK, loss="bradley_terry", labels="hard", input_normalization="none"), 0.9),
        (replace(QUICK, loss="listwise", min_agreement=0.5), 0.9),
        (replace(QUICK, loss="listwise", labels="hard", min_agreement=0.5), 0.9),
        (replace(QUICK, symmetric_pairs=True), 0.9),
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
    done = train(*learnable, QUICK, on_epoch=seen.append)
    assert tuple(seen) == done.epochs
    best = max(done.epochs, key=lambda record: (record.validation_accuracy, -record.validation_loss))
    assert done.best_epoch == best.epoch


def test_the_ranker_is_that_of_the_kept_epoch(learnable: Learnable) -> None:
    split, features = learnable
    config = replace(QUICK, learning_rate=0.1, max_epochs=12, patience=12)
    done = train(split, features, config)
    assert done.best_epoch < len(done.epochs)
    kept = train(split, features, replace(config, max_epochs=done.best_epoch)).ranker
    for name, weights in done.ranker.weights.items():
        assert np.array_equal(kept.weights[name], weights)


def test_stops_after_patience_epochs_without_gain(learnable: Learnable) -> None:
    done = train(*learnable, replace(QUICK, max_epochs=200, patience=3))
    assert len(done.epochs) == done.best_epoch + 3


def test_batches_are_recorded_by_tens(learnable: Learnable) -> None:
    done = train(*learnable, replace(QUICK, batch_size=4, max_epochs=1))
    assert [record.step for record in done.batches][:3] == [10, 20, 30]
    assert all(0 <= record.accuracy <= 1 for record in done.batches)


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
    # By their names they may be the same, written to since.
    assert ranker.has_seen(split.train.photos, others).all()
    assert ranker.has_seen_name_of(split.train.photos, others).all()
    assert not ranker.has_seen_name_of(split.test.photos, others).any()
    assert not ranker.has_seen_name_of(split.train.photos, measured).any()
    # From a table nothing but the key is known.
    assert ranker.has_seen(split.train.photos, features).all()
    assert not ranker.has_seen_name_of(split.train.photos, features).any()


@pytest.mark.parametrize(
    ("factor", "change", "message"),
    [
        (
            3e38,
            {"input_normalization": "layernorm"},
            r"epoch 1, batch 1: .* reach up to 3e\+38, try --input_n",
        ),
        (3e38, {"input_normalization": "none"}, r"epoch 1, batch 1: the features reach up to 3e\+38"),
        (1, {"learning_rate": 1e30}, r"epoch \d+, (batch \d+|on .*): lower --learning_rate \(it is 1e\+30\)"),
        (1, {"learning_rate": 1e30, "input_normalization": "layernorm"}, "lower --learning_rate"),
    ],
)
def test_a_loss_that_is_no_number_stops_with_the_likely_cause(
    learnable: Learnable, factor: float, change: dict[str, Any], message: str
) -> None:
    split, features = learnable
    scaled = replace(features, matrix=np.sign(features.matrix) * np.float32(factor))
    with pytest.raises(ModelError, match=f"the loss became (nan|inf) in .*{message}"):
        train(split, scaled, replace(QUICK, **change))


def test_a_labelled_photo_without_features_is_an_error(learnable: Learnable) -> None:
    split, features = learnable
    some = Features(features.photos[:-1], features.matrix[:-1], features.blocks)
    with pytest.raises(FeatureError, match=f"no features for photo '{features.photos[-1]}'"):
        train(split, some, QUICK)


def test_filtering_everything_away_says_what_to_loosen(learnable: Learnable) -> None:
    with pytest.raises(LabelError, match="min_agreement"):
        train(*learnable, replace(QUICK, min_agreement=1.0))


def test_pairs_without_any_winner_teach_nothing(learnable: Learnable) -> None:
    split, features = learnable
    even = replace(split, train=Comparisons(split.train.table.assign(preference=0.5)))
    with pytest.raises(
        LabelError, match="not one of the 384 training pairs has a winner, all preferences are"
    ):
        train(even, features, replace(QUICK, min_agreement=0.5))
    even = replace(split, validation=Comparisons(split.validation.table.assign(preference=0.5)))
    with pytest.raises(LabelError, match="not one of the 48 validation pairs has a winner"):
        train(even, features, QUICK)


def test_it_does_not_matter_that_the_winner_always_stands_first(learnable: Learnable) -> None:
    split, features = learnable
    table = split.train.table
    swapped = table.rename(columns={"photo_a": "photo_b", "photo_b": "photo_a"})
    winner_first = swapped.assign(preference=1 - table["preference"]).where(table["preference"] < 0.5, table)
    one_class = replace(split, train=Comparisons(winner_first))
    assert (one_class.train.table["preference"] >= 0.5).all()
    expected, found = (train(each, features, QUICK).epochs for each in (split, one_class))
    assert [record.train_loss for record in found] == pytest.approx([each.train_loss for each in expected])


def test_listwise_of_series_of_two_is_bradley_terry(learnable: Learnable) -> None:
    split, features = learnable
    twos = Split(
        *(
            side.select(~side.table["series"].duplicated())
            for side in (split.train, split.validation, split.test)
        )
    )
    pairwise, listwise = (
        train(twos, features, replace(QUICK, loss=loss, labels="hard", max_epochs=3)).epochs
        for loss in ("bradley_terry", "listwise")
    )
    for one, other in zip(pairwise, listwise, strict=True):
        assert other.validation_loss == pytest.approx(one.validation_loss, abs=1e-4)


def test_votes_weigh(learnable: Learnable) -> None:
    split, features = learnable
    wrong = 1 - split.train.table["preference"].round()
    # Five of six pairs are turned round, and have one vote to the others' hundred.
    few = np.arange(len(wrong)) % 6 > 0
    votes = np.where(few, 1, 100)
    table = split.train.table.assign(preference=wrong.where(few, 1 - wrong))
    table = table.assign(
        votes_a=(votes * table["preference"]).astype(int),
        votes_b=(votes * (1 - table["preference"])).astype(int),
    )
    learning = replace(split, train=Comparisons(table))
    config = replace(QUICK, loss="bradley_terry", min_reviewers=1, patience=15)
    accuracy = {
        labels: train(learning, features, replace(config, labels=labels)).epochs[-1].validation_accuracy
        for labels in ("soft", "votes")
    }
    assert accuracy["soft"] < 0.3
    assert accuracy["votes"] > 0.9
    with pytest.raises(LabelError, match="none is known: use labels soft or hard"):
        train(split, features, replace(config, labels="votes"))


def test_symmetric_pairs_are_twice_the_steps(learnable: Learnable) -> None:
    steps = [
        train(*learnable, replace(QUICK, symmetric_pairs=symmetric, batch_size=1, max_epochs=1))
        .batches[-1]
        .step
        for symmetric in (False, True)
    ]
    assert steps[1] == 2 * steps[0] > 0


class KilledError(Exception):
    pass


@pytest.mark.parametrize("at", [7, 30])
@pytest.mark.parametrize("loss", ["margin", "listwise"])
def test_going_on_from_a_state_ends_with_the_same_bits(
    learnable: Learnable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, loss: Loss
) -> None:
    monkeypatch.setattr("phototriage.ranker.fit._SECONDS_BETWEEN_STATES", 0)  # a state after every step
    config = replace(QUICK, loss=loss, batch_size=32, max_epochs=3)
    undisturbed = train(*learnable, config)
    states = 0

    def die(state: TrainingState) -> None:
        nonlocal states
        states += 1
        save_state(state, tmp_path / "state.pt")
        if states == at:
            raise KilledError

    with pytest.raises(KilledError):
        train(*learnable, config, on_state=die)
    resumed = train(*learnable, config, state=load_state(tmp_path / "state.pt"))
    assert (resumed.epochs, resumed.batches) == (undisturbed.epochs, undisturbed.batches)
    assert resumed.ranker.temperature == undisturbed.ranker.temperature
    for name, weights in undisturbed.ranker.weights.items():
        assert np.array_equal(resumed.ranker.weights[name], weights)


def test_a_state_of_another_training_is_refused(learnable: Learnable) -> None:
    split, features = learnable
    states: list[TrainingState] = []
    train(split, features, replace(QUICK, max_epochs=1), on_state=states.append)
    other = replace(features, matrix=features.matrix + 1)
    for case in ((split, features, replace(QUICK, seed=1)), (split, other, QUICK)):
        with pytest.raises(ModelError, match="had other settings, labels or features"):
            train(*case, state=states[0])


def test_a_state_goes_on_with_more_epochs_to_the_same_bits(learnable: Learnable) -> None:
    states: list[TrainingState] = []
    train(*learnable, replace(QUICK, max_epochs=2), on_state=states.append)
    resumed = train(*learnable, replace(QUICK, max_epochs=4, patience=9), state=states[-1])
    undisturbed = train(*learnable, replace(QUICK, max_epochs=4, patience=9))
    assert resumed.epochs == undisturbed.epochs
    for name, weights in undisturbed.ranker.weights.items():
        assert np.array_equal(resumed.ranker.weights[name], weights)
