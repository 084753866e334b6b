from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from phototriage.evaluation import EvaluationReport, Scorer, evaluate_scorers
from phototriage.experiments.evaluation_plots import kinds_plot, reliability_plot
from phototriage.labels import Comparisons

BLUE, ORANGE = (0x2F, 0x6D, 0xB3), (0xE0, 0x8A, 0x2C)


def judged(probability: float) -> EvaluationReport:
    """A scorer that says `probability` of 400 pairs, of which people agree with 70 %."""
    rows = [(str(s), f"{s}a", f"{s}b", 0.7) for s in range(400)]
    table = pd.DataFrame(rows, columns=["series", "photo_a", "photo_b", "preference"])
    comparisons = Comparisons(table.assign(votes_a=0, votes_b=0, rank_a=0, rank_b=0))
    lead = float(np.log(probability / (1 - probability)))
    scores = {f"{s}{side}": lead * (side == "a") for s in range(400) for side in "ab"}
    scorers = [Scorer("x", scores, calibrated=True), Scorer("y", {p: -s for p, s in scores.items()})]
    return evaluate_scorers(comparisons, scorers, reference="x")


def places(path: Path, colour: tuple[int, int, int]) -> np.ndarray:
    """Rows and columns of the pixels of a colour, as shares of the picture."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    found = np.abs(pixels - colour).sum(axis=2) < 12
    return np.argwhere(found) / found.shape


def test_a_scorer_that_is_surer_stands_further_right(tmp_path: Path) -> None:
    columns = []
    for probability in (0.6, 0.75, 0.9):
        reliability_plot(judged(probability), tmp_path / "plot.png")
        marked = places(tmp_path / "plot.png", BLUE)
        columns.append(float(np.median(marked[marked[:, 0] > 0.15][:, 1])))
    assert columns == sorted(columns)
    assert columns[2] - columns[0] == pytest.approx(0.3 * 2 * 0.85, abs=0.1)


def test_scorers_are_beside_each_other_by_kind(tmp_path: Path) -> None:
    kinds_plot(judged(0.6), ["y"], tmp_path / "plot.png")
    # x orders every pair rightly and y none, so x stands above; the last rows are the legend.
    right, wrong = (places(tmp_path / "plot.png", colour) for colour in (BLUE, ORANGE))
    assert right[right[:, 0] < 0.75][:, 0].mean() < 0.3
    assert wrong[wrong[:, 0] < 0.85][:, 0].mean() > 0.5
