"""What a backbone's layers, input size and pooling are worth, and how best to learn from them.

python benchmarks/backbone_choices.py WEIGHTS_FOLDER CLIVE_FOLDER [SEEDS [CACHE_FOLDER]]

WEIGHTS_FOLDER holds squeezenet1_1.safetensors, a small network that stands in for CLIP and ResNet-50: the
figures are the stand-in's. CLIVE_FOLDER holds photos/ and ratings.csv. Five-fold over the photos: a ranker is
trained on random pairs of four folds, less an eighth of their photos by whose pairs it stops, and scores the
fifth. All rankers have one network, learning rate and set of pairs. Seeds decide folds, pairs and first
weights. The first table has Spearman with the mean opinions: the mean over seeds, lowest and highest. The
second has differences, with 95 % intervals of a bootstrap over photos. CACHE_FOLDER keeps the features for
another run.
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import rankdata

from clive import sharpness
from phototriage.features import (
    EXTRACTORS,
    IQA_COLUMNS,
    Block,
    ExtractorOptions,
    Features,
    MultiFeatureExtractor,
)
from phototriage.labels import Comparisons, Split
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.training import train
from squeezenet import SPEC, squeezenet_extractor

Array = NDArray[np.float64]

FOLDS, PAIRS, VALIDATION_PAIRS, REPLICATES = 5, 3000, 1000, 1000
SAME = MultiFeatureConfig(
    mlp_hidden_dims=(64,),
    learning_rate=3e-4,
    batch_size=128,
    max_epochs=20,
    patience=6,
    min_agreement=0.5,
)
RECIPES = {
    "LayerNorm + margin": SAME,
    "standardised + margin": replace(SAME, input_normalization="standardize"),
    "standardised + soft Bradley-Terry": replace(
        SAME, input_normalization="standardize", loss="bradley_terry"
    ),
}
STEPS = {
    "native size over 227": ("fire 7 at native size, mean", "fire 7 at 227, mean"),
    "spread beside the mean": ("fire 7 at native size, mean and spread", "fire 7 at native size, mean"),
    "four depths over one": (
        "fire 3+5+7+9 at native size, mean and spread",
        "fire 7 at native size, mean and spread",
    ),
}


def main(weights: Path, clive: Path, seeds: int, cache: Path) -> None:
    torch.set_num_threads(1)  # the same sums on any number of cores
    began = time.monotonic()
    ratings = pd.read_csv(clive / "ratings.csv").sort_values("photo")
    files = {name: clive / "photos" / name for name in ratings["photo"]}
    mos, spread = ratings["mos"].to_numpy(float), ratings["std"].to_numpy(float)
    sets = feature_sets(files, ExtractorOptions(weights_dir=weights), cache)
    by_fold = [np.random.default_rng(seed).permutation(len(mos)) % FOLDS for seed in range(seeds)]
    measured = time.monotonic() - began

    print(f"| features | numbers | {' | '.join(RECIPES)} |\n|---|---|{'---|' * len(RECIPES)}", flush=True)
    scores: dict[tuple[str, str], Array] = {}
    for name, features in sets.items():
        for recipe, config in RECIPES.items():
            scores[name, recipe] = np.array(
                [
                    held_out(features, replace(config, seed=seed), mos, spread, fold)
                    for seed, fold in enumerate(by_fold)
                ]
            )
        cells = [over_seeds(scores[name, recipe], mos) for recipe in RECIPES]
        print(f"| {name} | {len(features.columns)} | {' | '.join(cells)} |", flush=True)
    alone = np.array([[sharpness(path) for path in files.values()]])
    print(f"| sharpness alone | 1 |{f' {spearman(alone, mos):.3f} |' * len(RECIPES)}")

    print(f"\n| gain | {' | '.join(RECIPES)} |\n|---|{'---|' * len(RECIPES)}")
    for step, (better, base) in STEPS.items():
        gains = [gain(scores[better, recipe], scores[base, recipe], mos) for recipe in RECIPES]
        print(f"| {step} | {' | '.join(gains)} |")
    first = next(iter(RECIPES))
    for name in sets:
        gains = [
            gain(scores[name, recipe], scores[name, first], mos) for recipe in RECIPES if recipe != first
        ]
        print(f"| over {first}: {name} | | {' | '.join(gains)} |", flush=True)
    print(f"\n{measured:.0f} s for the features, {time.monotonic() - began:.0f} s in all")


def feature_sets(files: Mapping[str, Path], options: ExtractorOptions, cache: Path) -> dict[str, Features]:
    """The photos' features under each choice; all photos must have been usable."""
    tables = {}
    for size in (227, 800):
        EXTRACTORS["squeezenet"] = replace(SPEC, build=partial(squeezenet_extractor, size=size))
        made = MultiFeatureExtractor(["squeezenet", "iqa"], options, cache)(files)
        assert made.photos == tuple(files)
        tables[size] = pd.DataFrame(made.matrix, list(files), list(made.columns))
    four = tables[227][list(IQA_COLUMNS)]
    small, native = tables[227].filter(regex="fire7_mean"), tables[800].filter(regex="fire7_mean")
    semantic = tables[227].filter(regex="fire9_mean")
    semantic = semantic.div(np.linalg.norm(semantic, axis=1), axis=0)
    choices = {
        "4 IQA": four,
        "fire 7 at 227, mean": small,
        "fire 9 (L2) + fire 7 + IQA at 227, mean": pd.concat([semantic, small, four], axis=1),
        "fire 7 at native size, mean": native,
        "fire 7 at native size, mean and spread": tables[800].filter(regex="fire7"),
        "fire 3+5+7+9 at native size, mean and spread": tables[800].filter(regex="fire"),
    }
    return {
        name: Features(tuple(files), table.to_numpy(np.float32), (Block(name, name, tuple(table.columns)),))
        for name, table in choices.items()
    }


def held_out(
    features: Features, config: MultiFeatureConfig, mos: Array, spread: Array, fold: NDArray[np.int_]
) -> Array:
    """(photos,) scores; each fold by a ranker trained on the others, at mean 0 and spread 1."""
    names = np.array(features.photos, object)
    scores = np.empty(len(mos))
    for number in range(FOLDS):
        rng = np.random.default_rng([config.seed, number])
        held, rest = fold == number, rng.permutation(np.flatnonzero(fold != number))
        sides = rest[len(rest) // 8 :], rest[: len(rest) // 8], np.flatnonzero(held)
        pairs = (PAIRS, VALIDATION_PAIRS, 1)
        split = Split(
            *(random_pairs(names, *side, mos, spread, rng) for side in zip(sides, pairs, strict=True))
        )
        found = train(split, features, config).ranker.scores(features)[held]
        scores[held] = (found - found.mean()) / found.std()
    return scores


def random_pairs(
    names: NDArray[np.object_],
    side: NDArray[np.intp],
    pairs: int,
    mos: Array,
    spread: Array,
    rng: np.random.Generator,
) -> Comparisons:
    """Different pairs among the photos of `side`; the preference is the share of raters who put a above b."""
    first, second = np.triu_indices(len(side), 1)
    drawn = rng.choice(len(first), pairs, replace=False)
    a, b = rng.permuted([side[first[drawn]], side[second[drawn]]], axis=0)
    table = pd.DataFrame({"photo_a": names[a], "photo_b": names[b]})
    table["preference"] = ndtr((mos[a] - mos[b]) / np.hypot(spread[a], spread[b]))
    return Comparisons(table.assign(series=f"side {side[0]}", votes_a=0, votes_b=0, rank_a=0, rank_b=0))


def spearman(scores: Array, mos: Array) -> float:
    """With the mean opinions, over the photos of all folds; the mean over seeds."""
    truth = rankdata(mos)
    return float(np.mean([np.corrcoef(rankdata(row), truth)[0, 1] for row in scores]))


def over_seeds(scores: Array, mos: Array) -> str:
    values = [spearman(row[None], mos) for row in scores]
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def gain(better: Array, base: Array, mos: Array) -> str:
    """What `better` has over `base`, with the 95 % interval of a bootstrap over photos."""
    samples = np.random.default_rng(0).integers(0, len(mos), (REPLICATES, len(mos)))
    drawn = [spearman(better[:, rows], mos[rows]) - spearman(base[:, rows], mos[rows]) for rows in samples]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{spearman(better, mos) - spearman(base, mos):+.3f} ({low:+.3f} to {high:+.3f})"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(argument) for argument in (*sys.argv[1:3], *sys.argv[4:5], scratch)]
        main(folders[0], folders[1], int(sys.argv[3]) if len(sys.argv) > 3 else 3, folders[2])
