"""How many undecided pairs the temperature's prior should count, on small sets of one's own winners.

python benchmarks/temperature_prior.py PHOTOTRIAGE_FOLDER

The folder holds the pairlists, the vote table and iqa_scores.csv. Each ranker is taught by the winners of a
few series of two photos, and judged on all other series of two.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from phototriage.features.table import read_feature_table
from phototriage.labels import Comparisons, read_labels, split_by_series
from phototriage.ranker import calibration
from phototriage.ranker.presets import preset_config
from phototriage.ranker.training import train

PRIORS = (0, 1, 2, 4)
SIZES = (15, 30, 100)
DRAWS = 8


def main(folder: Path) -> None:
    features = read_feature_table(folder / "iqa_scores.csv")
    everything = read_labels(folder).comparisons.between(features.photos)
    table = everything.table[everything.table["preference"] != 0.5]
    winners = Comparisons(table.assign(preference=np.round(table["preference"]), votes_a=0, votes_b=0))
    pairs = [series for series, photos in winners.photos_by_series().items() if len(photos) == 2]
    print("| k | series | worst log-likelihood | highest mean confidence |")
    print("|---|---|---|---|")
    for series in SIZES:
        for prior in PRIORS:
            calibration._PRIOR_PAIRS = prior
            rng = np.random.default_rng(0)
            likelihoods, confidences = [], []
            for seed in range(DRAWS):
                taught = rng.choice(pairs, series, replace=False).tolist()
                split = split_by_series(winners.in_series(taught), seed)
                ranker = train(split, features, replace(preset_config("best"), seed=seed)).ranker
                others = winners.in_series(set(pairs) - set(taught)).table
                a, b = (
                    ranker.scores(features)[features.rows(others[side])].astype(np.float64)
                    for side in ("photo_a", "photo_b")
                )
                odds = (a - b) / ranker.temperature
                won = np.where(others["preference"] > 0.5, odds, -odds)
                likelihoods.append(-np.logaddexp(0, -won).mean())
                confidences.append(ranker.probability(np.abs(a - b)).mean())
            print(f"| {prior} | {series} | {min(likelihoods):.2f} | {max(confidences):.0%} |", flush=True)
    for prior in PRIORS:
        calibration._PRIOR_PAIRS = prior
        ranker = train(split_by_series(everything, 0), features, preset_config("best")).ranker
        print(f"k = {prior}: T = {ranker.temperature:.3f} on all series")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
