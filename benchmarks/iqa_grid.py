"""Architectures, losses, filters and learning rates on PhotoTriage's four image-quality numbers.

python benchmarks/iqa_grid.py PHOTOTRIAGE_FOLDER

Five-fold over series, four seeds each; prints means over seeds and the spread of the accuracies. Takes some
minutes.
"""

import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np

from embedded_model import RECIPE
from phototriage.evaluation import evaluate_scorers
from phototriage.experiments.cross_validation import cross_validated
from phototriage.features.table import read_feature_table
from phototriage.labels import read_labels

HIDDEN: tuple[tuple[int, ...], ...] = ((), (16,), (32,), (64,), (32, 16))
TREATMENTS = {
    "soft Bradley-Terry, all pairs": RECIPE,
    "soft Bradley-Terry, clear pairs": replace(
        RECIPE, loss="bradley_terry", min_agreement=0.7, min_reviewers=2
    ),
    "margin, all pairs": replace(RECIPE, loss="margin"),
    "margin, clear pairs": replace(RECIPE, loss="margin", min_agreement=0.7, min_reviewers=2),
}
FIGURES = ("accuracy", "accuracy_clear", "top1", "log_likelihood", "ece")


def main(folder: Path) -> None:
    comparisons = read_labels(folder).comparisons
    features = read_feature_table(folder / "iqa_scores.csv")
    print("| hidden | treatment | learning rate | all pairs % | p ≥ 0.7 % | top-1 % | log-likelihood | ECE |")
    print("|---|---|---|---|---|---|---|---|")
    for hidden, (name, config), rate in product(HIDDEN, TREATMENTS.items(), (1e-2, 3e-3)):
        runs = []
        for seed in range(4):
            recipe = replace(config, mlp_hidden_dims=hidden, learning_rate=rate, seed=seed)
            scorer = cross_validated(name, comparisons, features, recipe, 5)
            figures = evaluate_scorers(comparisons, [scorer]).scorers[0].figures
            runs.append([estimate.value for name in FIGURES if (estimate := figures[name])])
        mean, spread = np.mean(runs, axis=0), np.std(runs, axis=0)
        print(
            f"| {'+'.join(map(str, hidden)) or 'linear'} | {name} | {rate:g} "
            f"| {100 * mean[0]:.1f} ± {100 * spread[0]:.1f} | {100 * mean[1]:.1f} ± {100 * spread[1]:.1f} "
            f"| {100 * mean[2]:.1f} | {mean[3]:.4f} | {mean[4]:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
