"""What four image-quality numbers can learn from PhotoTriage, and what the permuted votes do to it.

python benchmarks/phototriage_iqa.py PHOTOTRIAGE_FOLDER

The folder holds the pairlists, the vote table and iqa_scores.csv. Five-fold over series; the recipe is the
embedded ranker's. The last row has the same model on the same photos, taught by votes whose photo ids are
taken as they are.
"""

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from embedded_model import RECIPE, markdown
from phototriage.evaluation import baselines, evaluate_scorers
from phototriage.experiments.cross_validation import cross_validated
from phototriage.features.table import read_feature_table
from phototriage.labels import read_labels

FOLDS = 5


def main(folder: Path) -> None:
    comparisons = read_labels(folder).comparisons
    features = read_feature_table(folder / "iqa_scores.csv")
    with tempfile.TemporaryDirectory() as alone:
        votes = shutil.copy(folder / "photo_triage_pairs_embedding_labels.csv", alone)
        by_raw_ids = read_labels(Path(votes), assume_aligned=True).comparisons.between(features.photos)
    linear = replace(RECIPE, mlp_hidden_dims=(), learning_rate=0.01)
    scorers = [
        *baselines(features),
        cross_validated("linear, soft Bradley-Terry", comparisons, features, linear, FOLDS),
        cross_validated("16 hidden, soft Bradley-Terry", comparisons, features, RECIPE, FOLDS),
        cross_validated(
            "16 hidden, margin",
            comparisons,
            features,
            replace(RECIPE, loss="margin", min_agreement=0.7),
            FOLDS,
        ),
        cross_validated(
            "16 hidden, taught by raw vote ids", comparisons, features, RECIPE, FOLDS, learn_from=by_raw_ids
        ),
    ]
    report = evaluate_scorers(comparisons, scorers)
    print(
        f"{report.pairs} pairs of {report.series} series, "
        f"{report.clear_pairs} of them with p ≥ 0.7; "
        f"top-1 over {report.complete_series} complete series\n"
    )
    print(markdown(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
