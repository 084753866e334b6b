"""Makes the embedded ranker and its card from PhotoTriage's pairlists and the scores of its photos.

python benchmarks/embedded_model.py PHOTOTRIAGE_FOLDER

The folder holds the pairlists, the vote table and iqa_scores.csv. The same inputs give the same bytes.
"""

import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from phototriage.evaluation import (
    Estimate,
    EvaluationReport,
    Scorer,
    baselines,
    evaluate_ranker,
    evaluate_scorers,
    ranker_scorer,
)
from phototriage.features import Features
from phototriage.features.table import read_feature_table
from phototriage.labels import Comparisons, k_folds, official_split, read_labels, split_by_series
from phototriage.ranker import MultiFeatureConfig, TrainedRanker, save_ranker
from phototriage.ranker.training import train

RECIPE = MultiFeatureConfig(
    mlp_hidden_dims=(16,),
    dropout=0.0,
    input_normalization="standardize",
    loss="bradley_terry",
    learning_rate=3e-3,
    max_epochs=40,
    patience=10,
    min_agreement=0.5,
    min_reviewers=0,
    seed=0,
)

NETWORKS = 8
TEST = 0.3  # a tenth held out would tell within 8 points only
VALIDATION = 1 / 7  # of the others

CARD = """\
# The embedded ranker

Ranks photos within a series by four image-quality numbers. It needs no download, and it knows nothing
of faces, framing or moment.

- **Features**: {features}.
- **Data**: PhotoTriage (Chang et al., SIGGRAPH 2016), the released preferences as soft labels.
  Of {fold_series} series whose photos have scores, 70 % for training ({pairs} pairs of {series} series),
  a seventh of it by turns for stopping and temperature, 30 % held out.
- **How**: each number standardised → {hidden} hidden units → one score; Bradley-Terry loss on the
  preference itself, AdamW at {lr:g}, best epoch by validation accuracy. {networks} such networks, of other
  first weights and other validation series, each in units of its temperature; the score is their mean, which
  one network of {units} hidden units gives.
- **Made by**: `python benchmarks/embedded_model.py PHOTOTRIAGE_FOLDER`.

## Figures

95 % intervals over series. "p ≥ 0.7": pairs with max(p, 1 − p) ≥ 0.7.

Five-fold, the same {networks} networks trained anew in every fold: {fold_pairs} pairs of {fold_series}
series, top-1 over {fold_complete} complete series.

{folds}

This very file on the {test_series} held-out series: {test_pairs} pairs.

{test}

## Limits

- It puts six pairs in ten in the order that people prefer, against seven for one human: use it to sort,
  not to delete.
- It takes noise for sharpness: a clean picture with noise added scores higher than itself, each of 24 at each
  of three strengths (`benchmarks/degradations.py`).
- It was trained on photos of at most 800 × 800 pixels.
- Near-identical takes differ little in these numbers; where P(best) is near even, it is a guess.
"""


def main(folder: Path) -> None:
    labels = read_labels(folder)
    features = read_feature_table(folder / "iqa_scores.csv")
    comparisons = labels.comparisons.between(features.photos)
    test_series = split_by_series(comparisons, RECIPE.seed, (0.9 - TEST, 0.1, TEST)).test.series
    ranker = merged(networks(comparisons, test_series, features))
    test = evaluate_ranker("embedded ranker", ranker, labels.comparisons.in_series(test_series), features)
    recipe = cross_validated_mean("embedded ranker", comparisons, features)
    folds = evaluate_scorers(labels.comparisons, [*baselines(features), recipe])
    presets = Path(str(files("phototriage"))) / "presets"
    save_ranker(ranker, presets / "embedded.safetensors")
    taught = comparisons.in_series(set(comparisons.series) - set(test_series))
    card = CARD.format(
        features=", ".join(
            f"{block.name} ({', '.join(block.columns)}; {block.fingerprint})" for block in ranker.blocks
        ),
        pairs=len(taught),
        series=len(taught.series),
        hidden="+".join(map(str, RECIPE.mlp_hidden_dims)),
        lr=RECIPE.learning_rate,
        networks=NETWORKS,
        units=ranker.config.mlp_hidden_dims[0],
        fold_pairs=folds.pairs,
        fold_series=folds.series,
        fold_complete=folds.complete_series,
        folds=markdown(folds),
        test_series=test.report.series,
        test_pairs=test.report.pairs,
        test=markdown(test.report),
    )
    (presets / "embedded.md").write_text(card)
    print(card)


def networks(
    comparisons: Comparisons,
    held_out: Collection[str],
    features: Features,
    config: MultiFeatureConfig = RECIPE,
    first_seed: int = 0,
) -> list[TrainedRanker]:
    """Trained on the series that are not held out, each with other first weights and validation series."""
    rankers = []
    for seed in range(first_seed, first_seed + NETWORKS):
        split = official_split(comparisons, held_out, seed, VALIDATION)
        rankers.append(train(split, features, replace(config, seed=seed)).ranker)
    return rankers


def merged(rankers: Sequence[TrainedRanker]) -> TrainedRanker:
    """One ranker whose score is the mean of the log-odds of rankers of one hidden layer, on the same photos.

    Its hidden layer has all their units; it standardises as the first of them, and the first weights of the
    others make up for that.
    """
    first = rankers[0]
    mean, std = (first.weights[f"normalize.{name}"] for name in ("mean", "std"))
    inner, offset, outer, shifts = [], [], [], []
    for ranker in rankers:
        w = ranker.weights
        inner.append(w["layers.0.weight"] * (std / w["normalize.std"]))
        moved = (mean - w["normalize.mean"]) / w["normalize.std"]
        offset.append(w["layers.0.bias"] + w["layers.0.weight"] @ moved)
        outer.append(w["layers.1.weight"] / (ranker.temperature * len(rankers)))
        shifts.append(w["layers.1.bias"] / (ranker.temperature * len(rankers)))
    weights = {
        "normalize.mean": mean,
        "normalize.std": std,
        "layers.0.weight": np.concatenate(inner),
        "layers.0.bias": np.concatenate(offset),
        "layers.1.weight": np.concatenate(outer, axis=1),
        "layers.1.bias": np.sum(shifts, axis=0),
    }
    return replace(
        first,
        weights={name: array.astype(np.float32) for name, array in weights.items()},
        config=replace(first.config, mlp_hidden_dims=(len(weights["layers.0.bias"]),)),
        temperature=1.0,
        seen_keys=np.unique(np.concatenate([ranker.seen_keys for ranker in rankers])),
    )


def cross_validated_mean(name: str, comparisons: Comparisons, features: Features, folds: int = 5) -> Scorer:
    """Scores each photo by the mean of networks that never saw its fold."""
    comparisons = comparisons.between(features.photos)
    scores: dict[str, float] = {}
    for _, held_out in k_folds(comparisons, folds, RECIPE.seed):
        ranker = merged(networks(comparisons, held_out.series, features))
        found = ranker_scorer(name, ranker, features).scores
        scores |= {photo: found[photo] for photo in held_out.photos}
    return Scorer(name, scores, calibrated=True)


def markdown(report: EvaluationReport) -> str:
    lines = [
        "| scorer | all pairs % | p ≥ 0.7 % | top-1 % | log-likelihood | ECE |",
        "|---|---|---|---|---|---|",
    ]
    for scorer in report.scorers:
        figures = [scorer.figures[name] for name in ("accuracy", "accuracy_clear", "top1")]
        cells = [shown(figure, 100, 1) for figure in figures]
        cells += [shown(scorer.figures[name], 1, 3) for name in ("log_likelihood", "ece")]
        lines.append(f"| {scorer.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def shown(figure: Estimate | None, scale: int, digits: int) -> str:
    if figure is None:
        return ""
    value, low, high = (f"{scale * number:.{digits}f}" for number in (figure.value, figure.low, figure.high))
    return f"{value} ({low} to {high})"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
