import json
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str, str]]
QUICK = (
    "--mlp_hidden_dims",
    "8",
    "--learning_rate",
    "0.02",
    "--input_normalization",
    "standardize",
    "--dropout",
    "0",
)


def test_trains_judges_and_keeps_everything(cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path) -> None:
    labels, table = own_labels
    run = tmp_path / "run"
    options = ("--comparisons", labels, "--feature_table", table, "--output-dir", run, *QUICK)
    code, out, err = cli("train", *options)
    assert code == 0
    assert "this ranker" in out
    assert "epoch 1: training loss " in err
    assert (
        json.loads((run / "test_results.json").read_text())["scorers"]["this ranker"]["accuracy"]["value"]
        > 0.8
    )
    model = (run / "best_model.pt").read_bytes()

    code, _, err = cli("train", *options)
    assert code == 1
    assert f"{run} holds a finished run" in err
    results = (run / "test_results.json").read_text()
    assert cli("train", *options, "--overwrite")[0] == 0
    assert (run / "test_results.json").read_text() == results
    assert len((run / "best_model.pt").read_bytes()) == len(model)


def test_photos_that_are_not_there_are_counted_and_strict_stops(
    cli: Cli, bursts: Path, tmp_path: Path
) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text((bursts / "comparisons.csv").read_text() + "z,gone/1.jpg,gone/2.jpg,0.9,4,1\n")
    options = (
        "--features",
        "iqa",
        "--comparisons",
        labels,
        "--photos",
        bursts / "photos",
        "--cache_dir",
        tmp_path / "cache",
        *QUICK,
    )
    code, _, err = cli("train", *options, "--output_dir", tmp_path / "run")
    assert code == 0
    assert (
        "2 of 41 labelled photos have no features, the first is gone/1.jpg "
        "(cannot be read: No such file or directory); 1 of " in err
    )
    code, _, err = cli("train", *options, "--strict", "--output_dir", tmp_path / "run2")
    assert code == 1
    assert not (tmp_path / "run2").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "give either --root FOLDER"),
        (("--comparisons", "{labels}"), "no photos: give --photos FOLDER"),
        (("--comparisons", "{labels}", "--photos", "/nowhere"), "photo folder /nowhere does not exist"),
        (
            ("--comparisons", "{labels}", "--feature_table", "{table}", "--loss", "margin", "--margin", "-1"),
            "margin",
        ),
        (
            ("--comparisons", "{labels}", "--feature_table", "{table}", "--min_agreement", "0.95"),
            "min_agreement",
        ),
        (("--comparisons", "{labels}", "--feature_table", "{table}", "--split", "official"), "test side"),
    ],
)
def test_mistakes_are_one_clear_line(
    cli: Cli, own_labels: tuple[Path, Path], options: tuple[str, ...], message: str
) -> None:
    labels, table = own_labels
    filled = [option.format(labels=labels, table=table) for option in options]
    code, _, err = cli("train", *filled, "--output_dir", labels.parent / "run")
    assert code == 1
    assert message in err.splitlines()[-1]
    assert not (labels.parent / "run").exists()
