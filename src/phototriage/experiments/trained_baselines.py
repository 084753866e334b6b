"""Networks trained with a model's config, to show the value of its features and its loss."""

from dataclasses import dataclass, replace

from phototriage.evaluation.baselines import ranker_scorer
from phototriage.evaluation.scorer import Scorer
from phototriage.features import EXTRACTORS, Features
from phototriage.labels import Comparisons, official_split
from phototriage.ranker import MultiFeatureConfig, TrainedRanker
from phototriage.ranker.training import train

__all__ = ["Recipe", "baseline_recipes", "own_recipe", "trained_on_seen"]


@dataclass(frozen=True)
class Recipe:
    """A network's training data and settings."""

    name: str
    features: Features
    config: MultiFeatureConfig


def baseline_recipes(ranker: TrainedRanker, features: Features) -> tuple[list[Recipe], list[str]]:
    """The ranker's own recipe on CLIP only, on IQA only, and with the listwise loss.

    Args:
        features: features with at least the ranker's blocks.

    Returns: the recipes, and a line for each one that is unavailable or equal to the ranker's own.
    """
    recipes, notes = [], []
    given = {block.name: block for block in features.blocks}
    used = [block.name for block in ranker.blocks]
    baselines = {name: f"{spec.title}-only MLP" for name, spec in EXTRACTORS.items() if spec.baseline}
    for name, called in baselines.items():
        if used == [name]:
            notes.append(f"{called}: that is the ranker itself")
        elif name not in given:
            if EXTRACTORS[name].needs is None:
                notes.append(f"{called}: left out, the features '{name}' are not here")
        else:
            block = given[name]
            alone = replace(features, matrix=features.select([block]), blocks=(block,))
            recipes.append(Recipe(called, alone, ranker.config))
    if ranker.config.loss == "listwise":
        notes.append("same network, listwise: that is the ranker itself")
    else:
        own = own_recipe("same network, listwise", ranker, features)
        recipes.append(replace(own, config=replace(ranker.config, loss="listwise")))
    return recipes, notes


def own_recipe(name: str, ranker: TrainedRanker, features: Features) -> Recipe:
    """The recipe of the ranker itself."""
    own = replace(features, matrix=features.select(ranker.blocks), blocks=ranker.blocks)
    return Recipe(name, own, ranker.config)


def trained_on_seen(
    recipe: Recipe, ranker: TrainedRanker, comparisons: Comparisons, unseen: Comparisons
) -> Scorer:
    """The recipe trained on the pairs of `comparisons` whose photos the ranker has both seen.

    Args:
        unseen: the pairs to evaluate; excluded from training.

    Raises LabelError if there are too few seen pairs, ModelError if training fails.
    """
    features = recipe.features
    photos = [photo for photo in comparisons.photos if photo in features]
    seen = ranker.has_seen(photos, features)
    unseen = unseen.between(features.photos)
    known = [photo for photo, was_seen in zip(photos, seen, strict=True) if was_seen]
    pairs = comparisons.between({*known, *unseen.photos})
    split = official_split(pairs, unseen.series, recipe.config.seed, contents=features.content_hash_of)
    return ranker_scorer(recipe.name, train(split, features, recipe.config).ranker, features)
