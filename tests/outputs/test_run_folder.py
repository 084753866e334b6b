import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from phototriage.evaluation import evaluate_ranker
from phototriage.features import Features
from phototriage.labels import Comparisons, split_by_series
from phototriage.outputs.pictures import accuracy_chart, contact_sheet
from phototriage.outputs.run_folder import write_run
from phototriage.ranker import MultiFeatureConfig, load_ranker
from phototriage.ranker.training import train
from phototriage.series import RankedPhoto, RankedSeries


def test_a_run_leaves_its_log_curves_results_and_model(
    tmp_path: Path, make_comparisons: Callable[..., Comparisons], make_features: Callable[..., Features]
) -> None:
    rng = np.random.default_rng(0)
    comparisons = make_comparisons(*((str(s), f"{s}a", f"{s}b", float(rng.uniform())) for s in range(40)))
    features = make_features({photo: rng.normal(size=3).tolist() for photo in comparisons.photos})
    split = split_by_series(comparisons, 0)
    config = MultiFeatureConfig(mlp_hidden_dims=(4,), max_epochs=3, batch_size=2, min_agreement=0.5)
    training = train(split, features, config)
    judgement = evaluate_ranker("x", training.ranker, split.test, features).judgement
    write_run(tmp_path, training, judgement)
    accuracy_chart(judgement, tmp_path / "accuracy.png")

    assert load_ranker(tmp_path / "best_model.pt").temperature == training.ranker.temperature
    lines = list(csv.DictReader((tmp_path / "training_log.csv").read_text().splitlines()))
    assert [line["step"] for line in lines] == ["10", "16", ""] * 3
    assert float(lines[2]["validation_accuracy"]) == training.epochs[0].validation_accuracy
    results = json.loads((tmp_path / "test_results.json").read_text())
    assert results["best_epoch"] == training.best_epoch
    assert results["scorers"]["x"]["accuracy"]["value"] == judgement.verdicts[-1].figures["accuracy"].value
    for name in ("training_curves.png", "accuracy.png"):
        with Image.open(tmp_path / name) as picture:
            assert len(picture.convert("RGB").getcolors(1 << 20)) > 20, name


def test_a_contact_sheet_shows_every_photo_of_the_series(tmp_path: Path) -> None:
    files = {}
    for name, colour in {"a": (255, 0, 0), "b": (0, 255, 0), "c": (0, 0, 255)}.items():
        files[name] = tmp_path / f"{name}.png"
        Image.new("RGB", (90, 60), colour).save(files[name])
    photos = tuple(RankedPhoto(name, rank, 0, 1 / 3) for rank, name in enumerate("bca", start=1))
    contact_sheet(RankedSeries("s", photos), files, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    centres = []
    for colour in ((0, 255, 0), (0, 0, 255), (255, 0, 0)):
        found = np.abs(pixels - colour).sum(axis=2) < 30
        assert found.sum() > 10_000
        centres.append(np.nonzero(found)[1].mean())
    assert centres == sorted(centres)
