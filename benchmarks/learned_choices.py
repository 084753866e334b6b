"""Features and recipes for a backbone, chosen on one half of the photos and confirmed on the other.

python benchmarks/learned_choices.py WEIGHTS_FOLDER CLIVE_FOLDER [SEEDS [CACHE_FOLDER]]

SqueezeNet 1.1 stands in for CLIP and ResNet-50: the figures are the stand-in's. clive's photos are drawn into
two halves. On each, by five-fold, the best features under one recipe are found, then the best recipe on those
features. What was chosen on a half is trained on all of that half and judged on the other, which played no
part in the choice, beside the specification's own shape and settings. The last table has five-fold over all
photos, as the log's earlier figures; there the choice has seen the photos. Figures: Spearman with the mean
opinions, means over seeds; gains with 95 % intervals of a bootstrap over photos.
"""

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from phototriage.features import (
    EXTRACTORS,
    IQA_COLUMNS,
    Block,
    ExtractorOptions,
    Features,
    MultiFeatureExtractor,
)
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.presets import preset_config
from squeezenet import SPEC, squeezenet_extractor
from training_choices import Array, Opinions, interval, spearman_samples

FIRST = MultiFeatureConfig(
    mlp_hidden_dims=(64,),
    dropout=0.3,
    input_normalization="standardize",
    loss="bradley_terry",
    learning_rate=1e-3,
    min_agreement=0.5,
    min_reviewers=0,
    max_epochs=20,
    patience=6,
)
SPECIFICATION = "the specification's shape: fire 9 (L2) + 7 at 227, IQA"
FOUR_DEPTHS = "fire 3+5+7+9, native, mean and spread"
FULL = replace(preset_config("full"), min_agreement=0.5, min_reviewers=0)
RECIPES = {
    "64 hidden, BT, 1e-3": FIRST,
    "16 hidden": replace(FIRST, mlp_hidden_dims=(16,)),
    "256 hidden": replace(FIRST, mlp_hidden_dims=(256,)),
    "linear": replace(FIRST, mlp_hidden_dims=()),
    "dropout .6": replace(FIRST, dropout=0.6),
    "weight decay 1": replace(FIRST, weight_decay=1.0),
    "3e-4": replace(FIRST, learning_rate=3e-4),
    "3e-3": replace(FIRST, learning_rate=3e-3),
    "margin": replace(FIRST, loss="margin"),
    "listwise": replace(FIRST, loss="listwise"),
    "layernorm": replace(FIRST, input_normalization="layernorm"),
    "full, all pairs": FULL,
}


def main(weights: Path, clive: Path, seeds: int, cache: Path) -> None:
    torch.set_num_threads(1)  # the same sums on any number of cores
    ratings = pd.read_csv(clive / "ratings.csv").sort_values("photo")
    files = {name: clive / "photos" / name for name in ratings["photo"]}
    mos, spread = ratings["mos"].to_numpy(float), ratings["std"].to_numpy(float)
    sets = feature_sets(files, ExtractorOptions(weights_dir=weights), cache)
    drawn = np.random.default_rng(2026).permutation(len(mos))
    halves = [np.sort(drawn[: len(mos) // 2]), np.sort(drawn[len(mos) // 2 :])]

    def folded(rows: NDArray[np.intp], name: str, config: MultiFeatureConfig) -> Array:
        opinions = Opinions(taken(sets[name], rows), mos[rows], spread[rows])
        return np.array([opinions.scores(config, seed) for seed in range(seeds)])

    def figure(half: int, name: str, config: MultiFeatureConfig) -> float:
        rows = halves[half]
        return float(spearman_samples(folded(rows, name, config), mos[rows])[0])

    print("| features, 64 hidden, BT, 1e-3 | numbers | half A | half B |\n|---|---|---|---|")
    by_set = {}
    for name, features in sets.items():
        by_set[name] = [figure(half, name, FIRST) for half in range(2)]
        cells = " | ".join(f"{value:.3f}" for value in by_set[name])
        print(f"| {name} | {len(features.columns)} | {cells} |", flush=True)
    best = []
    for half in range(2):
        of_half = {each: figures[half] for each, figures in by_set.items()}
        name = max(of_half, key=of_half.__getitem__)
        print(f"\n| recipe on {name} | half {'AB'[half]} |\n|---|---|")
        by_recipe = {}
        for recipe, config in RECIPES.items():
            by_recipe[recipe] = figure(half, name, config)
            print(f"| {recipe} | {by_recipe[recipe]:.3f} |", flush=True)
        best.append((name, max(by_recipe, key=by_recipe.__getitem__)))

    print(
        "\n| chosen on one half, judged on the other | Spearman | over the specification | over four depths |"
    )
    print("|---|---|---|---|")
    for half, (name, recipe) in enumerate(best):
        own, other = halves[half], halves[1 - half]
        arms = {"best": (name, RECIPES[recipe]), "spec": (SPECIFICATION, FULL), "four": (FOUR_DEPTHS, FIRST)}
        samples = {}
        for arm, (of, config) in arms.items():
            opinions = Opinions(sets[of], mos, spread)
            of_seeds = [
                opinions.trained(own, config, [seed, 9]).scores(sets[of])[other] for seed in range(seeds)
            ]
            samples[arm] = spearman_samples(np.array(of_seeds, float), mos[other])
        print(
            f"| on {'AB'[half]}: {name}; {recipe} | {interval(samples['best'], '')} "
            f"| {interval(samples['best'] - samples['spec'], '', '+')} "
            f"| {interval(samples['best'] - samples['four'], '', '+')} |",
            flush=True,
        )

    everything = np.arange(len(mos))
    print("\n| five-fold over all photos | Spearman | gain over the first row |\n|---|---|---|")
    rows = {
        "the specification's shape and settings": (SPECIFICATION, FULL),
        f"{FOUR_DEPTHS}; full": (FOUR_DEPTHS, FULL),
        f"{FOUR_DEPTHS}; 64 hidden, BT, 1e-3": (FOUR_DEPTHS, FIRST),
    }
    rows |= {f"{name}; {recipe}": (name, RECIPES[recipe]) for name, recipe in best}
    first = None
    for row, (name, config) in rows.items():
        scores = folded(everything, name, config)
        samples_of_row = spearman_samples(scores, mos)
        first = samples_of_row if first is None else first
        print(f"| {row} | {interval(samples_of_row, '')} | {interval(samples_of_row - first, '', '+')} |")
        together = spearman_samples(scores.mean(axis=0, keepdims=True), mos)
        print(
            f"| the same, mean of {seeds} seeds | {interval(together, '')} "
            f"| {interval(together - first, '', '+')} |",
            flush=True,
        )


def feature_sets(files: Mapping[str, Path], options: ExtractorOptions, cache: Path) -> dict[str, Features]:
    """The photos' features under each choice; all photos must have been usable."""
    tables = {}
    for size in (227, 800):
        EXTRACTORS["squeezenet"] = replace(
            SPEC, build=partial(squeezenet_extractor, layers=tuple(range(2, 10)), size=size)
        )
        made = MultiFeatureExtractor(["squeezenet"], options, cache)(files)
        tables[size] = pd.DataFrame(made.matrix, list(files), list(made.columns))
    measured = MultiFeatureExtractor(["iqa", "iqa_plus"], options, cache)(files)
    twenty = pd.DataFrame(measured.matrix, list(files), list(measured.columns))
    small, native = tables[227], tables[800]
    semantic = small.filter(regex="fire9_mean")
    semantic = semantic.div(np.linalg.norm(semantic, axis=1), axis=0)
    four = native.filter(regex="fire[3579]")
    choices = {
        SPECIFICATION: [semantic, small.filter(regex="fire7_mean"), twenty[list(IQA_COLUMNS)]],
        "iqa, iqa_plus": [twenty],
        FOUR_DEPTHS: [four],
        f"{FOUR_DEPTHS}, iqa, iqa_plus": [four, twenty],
        "fire 3+5+7+9, native, mean": [four.filter(regex="mean")],
        "fire 3+5+7+9, native, spread": [four.filter(regex="std")],
        "fire 3+5+7+9, native, spread, iqa, iqa_plus": [four.filter(regex="std"), twenty],
        "fire 2 to 9, native, mean and spread, iqa, iqa_plus": [native, twenty],
    }
    joined = {name: pd.concat(parts, axis=1) for name, parts in choices.items()}
    return {
        name: Features(tuple(files), table.to_numpy(np.float32), (Block(name, name, tuple(table.columns)),))
        for name, table in joined.items()
    }


def taken(features: Features, rows: NDArray[np.intp]) -> Features:
    return Features(tuple(features.photos[row] for row in rows), features.matrix[rows], features.blocks)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(argument) for argument in (*sys.argv[1:3], *sys.argv[4:5], scratch)]
        main(folders[0], folders[1], int(sys.argv[3]) if len(sys.argv) > 3 else 3, folders[2])
