"""How often the embedded ranker's recipe agrees with people, by how sure it says it is.

python benchmarks/close_calls.py PHOTOTRIAGE_FOLDER

The folder holds the pairlists, the vote table and iqa_scores.csv. Five-fold over series, so that no pair was
seen in training. The last rows have what is called "too close to call" at several thresholds.
"""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embedded_model import RECIPE
from phototriage.experiments.cross_validation import cross_validated
from phototriage.features.table import read_feature_table
from phototriage.labels import read_labels

STEPS = (0.5, 0.525, 0.55, 0.575, 0.6, 0.65, 0.7, 1.0)


def main(folder: Path) -> None:
    features = read_feature_table(folder / "iqa_scores.csv")
    comparisons = read_labels(folder).comparisons.between(features.photos)
    scorer = cross_validated("embedded ranker", comparisons, features, RECIPE, 5)
    table = comparisons.table
    scores_a, scores_b = (table[side].map(scorer.scores).to_numpy() for side in ("photo_a", "photo_b"))
    preference = table["preference"].to_numpy()
    lead = 1 / (1 + np.exp(scores_b - scores_a))
    sure = np.maximum(lead, 1 - lead)
    liked = np.where(lead >= 0.5, preference, 1 - preference)
    decided = liked != 0.5
    print("| P of the preferred photo | pairs | share of all | people agree in | their mean preference |")
    print("|---|---|---|---|---|")
    for low, high in pairwise(STEPS):
        row(f"{low:g} to {high:g}", decided & (sure >= low) & (sure < high), liked)
    for least in (0.55, 0.6, 0.65):
        row(f"below {least:g}", decided & (sure < least), liked)
        row(f"{least:g} and above", decided & (sure >= least), liked)


def row(name: str, pairs: NDArray[np.bool_], liked: NDArray[np.float64]) -> None:
    agree, mean = (liked[pairs] > 0.5).mean(), liked[pairs].mean()
    print(f"| {name} | {pairs.sum():,} | {pairs.mean():.0%} | {agree:.1%} | {mean:.1%} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
