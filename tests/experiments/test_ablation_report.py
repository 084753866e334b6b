import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phototriage.evaluation import Estimate
from phototriage.experiments.ablation import Ablation, AblationRow
from phototriage.experiments.ablation_report import (
    ablation_chart,
    ablation_json,
    ablation_markdown,
    print_ablation,
)

ROWS = (
    AblationRow("a+b", 1540, Estimate(0.66, 0.6, 0.7), Estimate(0.7, 0.6, 0.8), None, None),
    AblationRow(
        "b|c",
        4,
        Estimate(0.45, 0.4, 0.5),
        None,
        Estimate(0.4, 0.3, 0.5),
        Estimate(-0.21, -0.25, -0.125),
    ),
)
ABLATION = Ablation(ROWS, {"a": "layernorm cannot"}, "a+b", 5, 1200, 700, 300)


def test_markdown() -> None:
    assert ablation_markdown(ABLATION) == (
        "5-fold over series: 1,200 pairs of 300 series, 700 of them with p ≥ 0.7; "
        "95 % intervals over series.\n\n"
        "| features | numbers | accuracy % | p ≥ 0.7 % | top-1 % | gain |\n"
        "| --- | --: | --: | --: | --: | --: |\n"
        "| a+b | 1,540 | 66.0 (60.0–70.0) | 70.0 (60.0–80.0) | – |  |\n"
        r"| b\|c | 4 | 45.0 (40.0–50.0) | – | 40.0 (30.0–50.0) | -21.0 (-25.0 to -12.5) |"
        "\n\ngain: accuracy minus that of a+b, on the same series, in points"
        "\n\nnot trained: a: layernorm cannot\n"
    )


def test_json() -> None:
    document = json.loads(ablation_json(ABLATION))
    assert (document["full"], document["folds"], document["pairs"]) == ("a+b", 5, 1200)
    assert document["rows"][1] == {
        "subset": "b|c",
        "dim": 4,
        "accuracy": {"value": 0.45, "low": 0.4, "high": 0.5},
        "accuracy_clear": None,
        "top1": {"value": 0.4, "low": 0.3, "high": 0.5},
        "gain": {"value": -0.21, "low": -0.25, "high": -0.125},
    }
    assert document["failures"] == {"a": "layernorm cannot"}


def test_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_ablation(ABLATION)
    lines = capsys.readouterr().out.splitlines()
    assert re.split(r" {2,}", lines[3]) == [
        "b|c", "4", "45.0 (40.0–50.0)", "–", "40.0 (30.0–50.0)", "-21.0 (-25.0 to -12.5)",
    ]  # fmt: skip
    assert lines[-2:] == [
        "gain: accuracy minus that of a+b, on the same series, in points",
        "not trained: a: layernorm cannot",
    ]


def test_the_picture_grows_with_the_rows_and_marks_all_features(tmp_path: Path) -> None:
    heights = []
    for rows in (ROWS[:1], ROWS, ROWS * 6):
        ablation_chart(Ablation(rows, {}, "a+b", 5, 1200, 700, 300), tmp_path / "chart.png")
        with Image.open(tmp_path / "chart.png") as drawn:
            heights.append(drawn.height)
            pixels = np.array(drawn.convert("RGB")).reshape(-1, 3)
        assert (pixels == (0xE0, 0x8A, 0x2C)).all(axis=1).any()  # the orange bar of all features
    assert heights == sorted(set(heights))
