"""The whole way on real rated photos: train on some groups of clive, judge on the others.

python benchmarks/clive.py CLIVE_FOLDER [SEEDS]

The folder holds photos/, comparisons.csv and ratings.csv. Groups are of different scenes, so this shows that
the parts work together on real pixels and opinions, not how well bursts are ranked. Variance of the
Laplacian alone, not clipped, stands beside.
"""

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from embedded_model import RECIPE, markdown
from phototriage.evaluation import Scorer, evaluate_scorers, ranker_scorer
from phototriage.features import MultiFeatureExtractor, extract
from phototriage.labels import read_labels, split_by_series
from phototriage.photos import load
from phototriage.ranker import load_embedded_ranker
from phototriage.ranker.training import train


def main(folder: Path, seeds: int) -> None:
    comparisons = read_labels(folder / "comparisons.csv").comparisons
    opinion = pd.read_csv(folder / "ratings.csv").set_index("photo")["mos"]
    files = {photo: folder / "photos" / photo for photo in comparisons.photos}
    with tempfile.TemporaryDirectory() as cache:
        features = extract(files, MultiFeatureExtractor(["iqa"]).extractors, Path(cache))
    laplacian = Scorer("variance of Laplacian", {photo: sharpness(path) for photo, path in files.items()})
    correlations: dict[str, list[float]] = {}
    for seed in range(seeds):
        split = split_by_series(comparisons, seed, (0.7, 0.1, 0.2))
        ranker = train(split, features, RECIPE).ranker
        trained = ranker_scorer("trained on the other groups", ranker, features)
        embedded = ranker_scorer("embedded ranker (PhotoTriage)", load_embedded_ranker(), features)
        scorers = [laplacian, embedded, trained]
        report = evaluate_scorers(split.test, scorers)
        print(f"\nseed {seed}: {report.series} groups held out, {report.pairs} pairs\n")
        print(markdown(report))
        for scorer in scorers:
            photos = list(split.test.photos)
            rho = spearmanr([scorer.scores[photo] for photo in photos], opinion[photos]).statistic
            correlations.setdefault(scorer.name, []).append(float(rho))
    print(
        "\n| scorer | Spearman with the mean opinions, held-out photos: mean over seeds (lowest to highest) |"
    )
    print("|---|---|")
    for name, values in correlations.items():
        print(f"| {name} | {np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f}) |")


def sharpness(path: Path) -> float:
    grey = cv2.cvtColor(load(path, 800).pixels, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5)
