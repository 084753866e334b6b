import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from phototriage.experiments.evaluation_run import evaluation_run
from phototriage.features import IQA_COLUMNS, Features
from phototriage.labels import Labels, read_labels
from phototriage.ranker import load_embedded_ranker


def labels_in(folder: Path, series: int) -> tuple[Labels, Features]:
    """Series of two photos of which people prefer the one with the larger first number."""
    numbers = np.random.default_rng(0).uniform(size=(2 * series, 4)).astype(np.float32)
    photos = [f"{number}{side}.jpg" for number in range(series) for side in "ab"]
    a, b = numbers[::2, 0], numbers[1::2, 0]
    rows = {"series": range(series), "photo_a": photos[::2], "photo_b": photos[1::2]}
    pd.DataFrame({**rows, "preference": np.where(a > b, 0.9, 0.1)}).to_csv(folder / "c.csv", index=False)
    (block,) = (each for each in load_embedded_ranker().blocks if each.columns == IQA_COLUMNS)
    return read_labels(str(folder / "c.csv")), Features(tuple(photos), numbers, (block,))


def test_scores_and_features_from_python(tmp_path: Path) -> None:
    labels, features = labels_in(tmp_path, 12)
    for name, sign in (("mine", 1), ("theirs", -1)):
        table = pd.DataFrame({"series": "s", "photo": features.photos, "score": sign * features.matrix[:, 0]})
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    tables = [str(tmp_path / f"{name}.csv") for name in ("mine", "theirs")]
    run = evaluation_run(labels, tables, lambda blocks: features, score_tables=tables, thresholds=[0.8])
    assert run.names == ("mine", "theirs")
    assert {each.name: each.figures["accuracy"].value for each in run.report.scorers} == {
        "coin": 0.5, "theirs": 0, "mine": 1,
    }  # fmt: skip
    assert run.report.scorer("theirs").lead["accuracy_0.8"].value == 1
    assert run.about == {"judged": "scores of mine and theirs"}
    assert run.scorer.name == "mine"
    assert (run.notes, run.failures) == ((), ())


def test_the_library_never_imports_the_command_line() -> None:
    script = (
        "import sys, phototriage.experiments.evaluation_run, phototriage.experiments.training_run, "
        "phototriage.experiments.benchmark, phototriage.experiments.ablation; "
        "sys.exit(any(name.startswith(('phototriage.cli', 'tyro')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
