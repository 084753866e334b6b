from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from phototriage.errors import LabelError
from phototriage.evaluation import evaluate_scorers
from phototriage.evaluation.scorer import Scorer
from phototriage.experiments.benchmark import evaluate_folds, evaluate_official, recipes
from phototriage.features import IQA_COLUMNS, Block, Features
from phototriage.labels import Comparisons, Labels, official_split
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.training import train

CONFIG = MultiFeatureConfig(mlp_hidden_dims=(), max_epochs=2, input_normalization="none", learning_rate=0.1)
BLOCKS = (Block("clip", "clip/1", ("c0", "c1")), Block("iqa", "iqa/1", IQA_COLUMNS))
SERIES = 40


def _labels(official: frozenset[str]) -> Labels:
    rows = [(f"s{n}", f"s{n}/a", f"s{n}/b", 0.9 if n % 2 else 0.2) for n in range(SERIES)]
    table = pd.DataFrame(rows, columns=["series", "photo_a", "photo_b", "preference"])
    comparisons = Comparisons(table.assign(votes_a=0, votes_b=0, rank_a=0, rank_b=0))
    return Labels(comparisons, "release", (), (), None, official, None, ())


def _features(labels: Labels, blocks: tuple[Block, ...] = BLOCKS) -> Features:
    photos = labels.comparisons.photos
    numbers = np.random.default_rng(0).random((len(photos), sum(block.dim for block in blocks)), np.float32)
    return Features(photos, numbers, blocks, content_hashes=tuple(f"content of {photo}" for photo in photos))


def test_a_preset_is_tried_on_all_its_features_and_on_clip_and_iqa_alone() -> None:
    features = _features(_labels(frozenset()))
    found = recipes("full", features, CONFIG)
    assert [recipe.name for recipe in found] == ["full: clip+iqa", "full: clip", "full: iqa"]
    assert found[0].features is features
    np.testing.assert_array_equal(found[1].features.matrix, features.matrix[:, :2])
    np.testing.assert_array_equal(found[2].features.matrix, features.matrix[:, 2:])
    assert found[2].features.content_hashes == features.content_hashes
    assert {recipe.config for recipe in found} == {CONFIG}
    alone = Features(features.photos, features.matrix[:, :2], BLOCKS[:1])
    assert [recipe.name for recipe in recipes("best", alone, CONFIG)] == ["best: clip"]


def test_validation_series_with_a_photo_of_the_training_are_left_out() -> None:
    official = frozenset(f"s{n}" for n in range(10))
    labels = _labels(official)
    features = _features(labels)
    assert features.content_hashes is not None
    # A copy, under another name, of a photo that was learned from.
    copies = {"s3/a": "content of s20/b"}
    hashes = tuple(
        copies.get(photo, known)
        for photo, known in zip(features.photos, features.content_hashes, strict=True)
    )
    features = Features(features.photos, features.matrix, features.blocks, content_hashes=hashes)
    entries = recipes("full", features, CONFIG)
    split = official_split(labels.comparisons, official, CONFIG.seed)
    rankers = {entry.name: train(split, entry.features, entry.config).ranker for entry in entries}
    found = evaluate_official(labels, entries, rankers)
    assert found.seen_series == 1
    assert found.unseen.series == 9
    assert found.in_sample.series == SERIES - 10
    assert found.unseen.reference == found.in_sample.reference == "full: clip+iqa"
    assert [scorer.name for scorer in found.unseen.scorers] == [
        "coin", "c0", "c1", *IQA_COLUMNS, "fixed mix .4/.3/.2/.1",
        "full: clip+iqa", "full: clip", "full: iqa",
    ]  # fmt: skip
    with pytest.raises(LabelError, match="nothing to evaluate"):
        evaluate_official(_labels(frozenset()), entries, rankers)


def test_folds_are_judged_as_given_beside_what_learned_nothing(
    make_features: Callable[..., Features],
) -> None:
    labels = _labels(frozenset())
    numbers = {photo: [float(row)] for row, photo in enumerate(labels.comparisons.photos)}
    entries = recipes("full", make_features(numbers), CONFIG)
    scorer = Scorer("full: block", {photo: -row[0] for photo, row in numbers.items()}, calibrated=True)
    found = evaluate_folds(labels, entries, [scorer])
    assert [scorer.name for scorer in found.scorers] == ["coin", "block_0", "full: block"]
    assert found.reference == "full: block"
    assert (
        found.scorers[2].figures["accuracy"]
        == evaluate_scorers(labels.comparisons, [scorer]).scorers[0].figures["accuracy"]
    )
    lead = found.scorers[1].lead["accuracy"]
    assert lead is not None
    assert lead.value == 0  # the one says a over b in every series, the other b over a; each is right in half
