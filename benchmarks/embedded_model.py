"""Makes the embedded ranker and its card from PhotoTriage's pairlists and the scores of its photos.

python benchmarks/embedded_model.py PHOTOTRIAGE_FOLDER

The folder holds the pairlists, the vote table and iqa_scores.csv. The same inputs give the same bytes.
"""

import sys
from importlib.resources import files
from pathlib import Path

from phototriage.evaluation import Estimate, Judgement, baselines, evaluate_ranker, judge
from phototriage.evaluation.cross_validation import cross_validated
from phototriage.features.table import read_feature_table
from phototriage.labels import read_labels, split_by_series
from phototriage.ranker import MultiFeatureConfig, save_ranker
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

TRAIN, VALIDATION, TEST = 0.6, 0.1, 0.3  # a tenth held out would tell within 8 points only

CARD = """\
# The embedded ranker

Ranks photos within a series by four image-quality numbers. It needs no download, and it knows nothing
of faces, framing or moment.

- **Features**: {features}.
- **Data**: PhotoTriage (Chang et al., SIGGRAPH 2016), the released preferences as soft labels.
  Of {fold_series} series whose photos have scores, 60 % for training ({pairs} pairs of {series} series),
  10 % for stopping and temperature, 30 % held out.
- **How**: each number standardised → {hidden} hidden units → one score; Bradley-Terry loss on the
  preference itself, AdamW at {lr:g}, best epoch {epoch} by validation accuracy,
  temperature {temperature:.3f}.
- **Made by**: `python benchmarks/embedded_model.py PHOTOTRIAGE_FOLDER`.

## Figures

95 % intervals over series. "p ≥ 0.7": pairs with max(p, 1 − p) ≥ 0.7.

Five-fold, the same recipe trained anew in every fold: {fold_pairs} pairs of {fold_series} series,
top-1 over {fold_complete} complete series.

{folds}

This very file on the {test_series} held-out series: {test_pairs} pairs.

{test}

## Limits

- It puts six pairs in ten in the order that people prefer, against seven for one human: use it to sort,
  not to delete.
- It takes noise for sharpness: of the demo's simulated burst-014 it puts the noisiest take first.
- It was trained on photos of at most 800 × 800 pixels.
- Near-identical takes differ little in these numbers; where P(best) is near even, it is a guess.
"""


def main(folder: Path) -> None:
    labels = read_labels(folder)
    features = read_feature_table(folder / "iqa_scores.csv")
    comparisons = labels.comparisons.between(features.photos)
    split = split_by_series(comparisons, RECIPE.seed, (TRAIN, VALIDATION, TEST))
    training = train(split, features, RECIPE)
    ranker = training.ranker
    test = evaluate_ranker(
        "embedded ranker", ranker, labels.comparisons.in_series(split.test.series), features
    )
    recipe = cross_validated("embedded ranker", labels.comparisons, features, RECIPE, 5)
    folds = judge(labels.comparisons, [*baselines(features), recipe])
    presets = Path(str(files("phototriage"))) / "presets"
    save_ranker(ranker, presets / "embedded.safetensors")
    card = CARD.format(
        features=", ".join(
            f"{block.name} ({', '.join(block.columns)}; {block.fingerprint})" for block in ranker.blocks
        ),
        pairs=len(split.train),
        series=len(split.train.series),
        hidden="+".join(map(str, RECIPE.mlp_hidden_dims)),
        lr=RECIPE.learning_rate,
        epoch=training.best_epoch,
        temperature=ranker.temperature,
        fold_pairs=folds.pairs,
        fold_series=folds.series,
        fold_complete=folds.complete_series,
        folds=markdown(folds),
        test_series=test.judgement.series,
        test_pairs=test.judgement.pairs,
        test=markdown(test.judgement),
    )
    (presets / "embedded.md").write_text(card)
    print(card)


def markdown(judgement: Judgement) -> str:
    lines = [
        "| scorer | all pairs % | p ≥ 0.7 % | top-1 % | log-likelihood | ECE |",
        "|---|---|---|---|---|---|",
    ]
    for verdict in judgement.verdicts:
        figures = [verdict.figures[name] for name in ("accuracy", "accuracy_clear", "top1")]
        cells = [shown(figure, 100, 1) for figure in figures]
        cells += [shown(verdict.figures[name], 1, 3) for name in ("log_likelihood", "ece")]
        lines.append(f"| {verdict.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def shown(figure: Estimate | None, scale: int, digits: int) -> str:
    if figure is None:
        return ""
    value, low, high = (f"{scale * number:.{digits}f}" for number in (figure.value, figure.low, figure.high))
    return f"{value} ({low} to {high})"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
