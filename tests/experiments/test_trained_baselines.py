from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from phototriage.errors import LabelError
from phototriage.evaluation import evaluate_scorers, never_seen
from phototriage.experiments.trained_baselines import baseline_recipes, own_recipe, trained_on_seen
from phototriage.features import Block, Features
from phototriage.labels import Comparisons, Split
from phototriage.ranker import MultiFeatureConfig, TrainedRanker
from phototriage.ranker.training import train

CONFIG = MultiFeatureConfig(
    mlp_hidden_dims=(),
    input_normalization="standardize",
    loss="bradley_terry",
    learning_rate=0.05,
    max_epochs=10,
    min_agreement=0.5,
    min_reviewers=0,
)
CLIP, IQA = Block("clip", "clip/1", ("c",)), Block("iqa", "iqa/1", ("i",))


@pytest.fixture
def trained(make_comparisons: Callable[..., Comparisons]) -> tuple[TrainedRanker, Comparisons, Features]:
    """A ranker that saw half of 80 series; CLIP's number says it all, IQA's says nothing."""
    rng = np.random.default_rng(0)
    photos = tuple(f"{series}{side}" for series in range(80) for side in "ab")
    matrix = rng.normal(size=(160, 2)).astype(np.float32)
    features = Features(photos, matrix, (CLIP, IQA))
    wins = (matrix[::2, 0] > matrix[1::2, 0]).astype(float)
    comparisons = make_comparisons(*((str(s), f"{s}a", f"{s}b", float(wins[s])) for s in range(80)))
    sides = (comparisons.in_series([str(s) for s in range(*ends)]) for ends in ((0, 35), (35, 40), (40, 80)))
    return train(Split(*sides), features, CONFIG).ranker, comparisons, features


def test_each_baseline_learns_from_what_the_ranker_saw_and_from_its_own_features(
    trained: tuple[TrainedRanker, Comparisons, Features],
) -> None:
    ranker, comparisons, features = trained
    unseen = never_seen([ranker], comparisons, features)
    assert unseen.series == tuple(str(s) for s in range(40, 80))
    recipes, notes = baseline_recipes(ranker, features)
    assert notes == []
    scorers = [trained_on_seen(recipe, ranker, comparisons, unseen) for recipe in recipes]
    accuracy = {
        scorer.name: scorer.figures["accuracy"].value for scorer in evaluate_scorers(unseen, scorers).scorers
    }
    assert list(accuracy) == ["CLIP-only MLP", "IQA-only MLP", "same network, listwise"]
    assert accuracy["CLIP-only MLP"] > 0.9
    assert accuracy["same network, listwise"] > 0.7
    assert accuracy["IQA-only MLP"] < 0.7
    # The preferences that it is judged by do not matter to its training.
    turned = comparisons.table.assign(
        preference=np.where(np.arange(80) < 40, comparisons.table["preference"], 0.5)
    )
    again = trained_on_seen(recipes[0], ranker, Comparisons(turned), unseen)
    assert again.scores == scorers[0].scores


def test_the_own_recipe_makes_the_ranker_again(
    trained: tuple[TrainedRanker, Comparisons, Features],
) -> None:
    ranker, _, features = trained
    recipe = own_recipe("x", ranker, features)
    assert (recipe.config, recipe.features.blocks) == (CONFIG, (CLIP, IQA))
    assert (recipe.features.matrix == features.matrix).all()


def test_what_cannot_be_had_or_is_the_ranker_itself_is_said(
    trained: tuple[TrainedRanker, Comparisons, Features],
) -> None:
    ranker, _, features = trained
    only_iqa = replace(
        ranker,
        blocks=(IQA,),
        config=replace(CONFIG, loss="listwise"),
        weights={name: array[..., :1] for name, array in ranker.weights.items()},
    )
    alone = replace(features, matrix=features.select([IQA]), blocks=(IQA,))
    assert baseline_recipes(only_iqa, alone) == (
        [],
        [
            "CLIP-only MLP: left out, the features 'clip' are not here",
            "IQA-only MLP: that is the ranker itself",
            "same network, listwise: that is the ranker itself",
        ],
    )


def test_too_little_seen_is_an_error(trained: tuple[TrainedRanker, Comparisons, Features]) -> None:
    ranker, comparisons, features = trained
    recipe = own_recipe("x", ranker, features)
    few = comparisons.in_series(["0", "50", "51"])
    with pytest.raises(LabelError, match="at least two series outside the test"):
        trained_on_seen(recipe, ranker, few, few.in_series(["50", "51"]))
