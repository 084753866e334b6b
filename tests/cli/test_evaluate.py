import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from phototriage.features.table import read_feature_table
from phototriage.labels import Comparisons, read_labels, split_by_series
from phototriage.ranker import MultiFeatureConfig, load_ranker, save_ranker
from phototriage.ranker.training import train

Cli = Callable[..., tuple[int, str, str]]
QUICK = MultiFeatureConfig(mlp_hidden_dims=(), max_epochs=1)


def trained(labels: Path, table: Path, path: Path, config: MultiFeatureConfig = QUICK) -> Path:
    """A model file whose ranker has seen 54 of the 60 series."""
    split = split_by_series(read_labels(labels).comparisons, config.seed)
    save_ranker(train(split, read_feature_table(table), config).ranker, path)
    return path


def test_the_embedded_ranker_on_the_real_scores(cli: Cli, shared: Path) -> None:
    folder = shared / "phototriage"
    options = ("--root", folder, "--feature_table", folder / "iqa_scores.csv")
    code, out, err = cli("evaluate", *options, "--json", "-")
    assert code == 0
    judged = json.loads(out)
    assert (judged["seen_series"], judged["series"], judged["in_sample"]) == (1156, 496, False)
    assert judged["scorers"]["embedded ranker"]["accuracy_clear"]["low"] > 0.5
    assert judged["scorers"]["coin"]["accuracy"]["value"] == 0.5
    assert "8252 of 12522 labeled photos have no features, the first is 000001-01.JPG; 8302 of 12558" in err
    assert judged["notes"] == [
        "CLIP-only MLP: left out, the features 'clip' are not here",
        "IQA-only MLP: that is the ranker itself",
    ]
    assert judged["scorers"]["same network, listwise"]["accuracy"]["value"] > 0.5
    assert judged["lead"]["coin"]["accuracy"]["low"] > 0
    assert judged["ceiling"]["knower"]["accuracy"]["value"] > 0.8


def test_folds_train_the_recipe_anew(cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path) -> None:
    labels, table = own_labels
    options = ("--comparisons", labels, "--feature_table", table)
    config = replace(QUICK, input_normalization="standardize", learning_rate=0.1, max_epochs=30)
    model = ("--model", trained(labels, table, tmp_path / "best_model.pt", config))
    code, out, err = cli("evaluate", *options, *model, "--folds", "3", "--json", "-")
    assert code == 0
    judged = json.loads(out)
    assert (judged["folds"], judged["series"]) == (3, 60)
    assert judged["scorers"]["best_model, trained anew"]["accuracy"]["value"] > 0.9
    assert [f"best_model, trained anew: fold {fold} of 3 done" in err for fold in (1, 2, 3)] == [True] * 3
    assert "same network, listwise: fold 3 of 3 done" in err
    assert judged["scorers"]["same network, listwise"]["accuracy"]["value"] > 0.8

    _, out, err = cli("evaluate", *options, *model, "--no_baselines")
    assert "best_model on series it never saw (54 that it was trained on are left out): 6 pairs" in err
    assert "best_model" in out
    assert "listwise" not in out
    assert "only 6 series" in err


def test_folds_of_the_embedded_ranker_say_what_they_train(cli: Cli, own_labels: tuple[Path, Path]) -> None:
    labels, table = own_labels
    features = pd.read_csv(table).rename(columns={"number": "sharpness", "noise": "exposure"})
    features.assign(colorfulness=0.5, contrast=0.5).to_csv(table, index=False)
    options = ("--comparisons", labels, "--feature_table", table, "--no_baselines", "--json", "-")
    code, out, err = cli("evaluate", *options, "--folds", "2")
    said = (
        "embedded ranker, trained anew: one network of the embedded ranker's size; its own recipe, the mean"
    )
    assert (code, json.loads(out)["notes"][0].startswith(said), said in err) == (0, True, True)
    assert not any("recipe" in each for each in json.loads(cli("evaluate", *options)[1])["notes"])


def test_figures_on_what_was_trained_on_are_called_in_sample(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    options = ("--comparisons", labels, "--feature_table", table)
    model = trained(labels, table, tmp_path / "best_model.pt")
    comparisons = pd.read_csv(labels)
    photos = comparisons["photo_a"].tolist()
    seen = load_ranker(model).has_seen(photos, read_feature_table(table))
    assert seen.sum() == 54
    for kept, in_sample, left_out in ((seen, True, 54), (seen | (comparisons.index % 2 > 0), False, 54)):
        comparisons[kept].to_csv(labels, index=False)
        code, out, err = cli("evaluate", *options, "--model", model, "--no_baselines", "--json", "-")
        judged = json.loads(out)
        assert (code, judged["in_sample"], judged["seen_series"]) == (0, in_sample, left_out)
        assert ("IN-SAMPLE" in err) == in_sample


def test_photos_written_to_since_they_were_learned_from_are_seen_and_said(
    cli: Cli, bursts: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    shutil.copytree(bursts / "photos", photos)
    options = ("--comparisons", bursts / "comparisons.csv", "--photos", photos)
    cache = ("--cache_dir", tmp_path / "cache")
    assert cli("train", *options, *cache, "--features", "iqa", "--output_dir", tmp_path / "run")[0] == 0
    model = ("--model", tmp_path / "run" / "best_model.pt", "--no_baselines", "--json", "-")
    _, out, err = cli("evaluate", *options, *cache, *model)
    before = json.loads(out)
    assert (before["seen_series"], before["series"], "bear names" in err) == (11, 1, False)
    for photo in photos.rglob("*.jpg"):
        with photo.open("ab") as file:
            file.write(b"metadata")
    _, out, err = cli("evaluate", *options, *cache, *model)
    after = json.loads(out)
    assert (after["seen_series"], after["series"]) == (11, 1)
    learned = read_labels(bursts / "comparisons.csv").comparisons
    count = len(learned.photos) - len(learned.in_series(split_by_series(learned, 0).test.series).photos)
    assert f"{count} photos bear names that best_model was trained on but have other contents" in err


def test_anyones_scores_are_judged_by_the_same_rules(cli: Cli, own_labels: tuple[Path, Path]) -> None:
    labels, table = own_labels
    scores = labels.parent / "other tool.csv"
    scores.write_text(table.read_text().replace("number,noise", "score,x"))
    code, _, err = cli("evaluate", "--comparisons", labels, "--scores", scores)
    assert code == 1
    assert "columns must be series,photo,score, not series,photo,score,x" in err
    scores.write_text("\n".join(line.rpartition(",")[0] for line in scores.read_text().splitlines()))
    code, out, _ = cli("evaluate", "--comparisons", labels, "--scores", scores, "--json", "-")
    assert code == 0
    judged = json.loads(out)["scorers"]
    assert list(judged) == ["coin", "other tool"]
    assert judged["other tool"]["accuracy"] == {"value": 1, "low": 1, "high": 1}
    assert judged["other tool"]["log_likelihood"] is None


def test_the_size_of_scores_does_not_matter(
    cli: Cli, make_comparisons: Callable[..., Comparisons], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    rows = [(f"s{n}", f"{n}a", f"{n}b", preference) for n, preference in enumerate(rng.uniform(size=200))]
    make_comparisons(*rows).write(tmp_path / "labels.csv")
    quality = {photo: rng.normal() for row in rows for photo in row[1:3]}
    right = [(quality[a] > quality[b]) == (preference > 0.5) for _, a, b, preference in rows]
    expected = sum(right) / len(rows)
    scales: tuple[Callable[[float], float], ...] = (
        lambda x: x,
        lambda x: 1e9 + 10 * x,
        lambda x: 1000 + x / 1000,
        lambda x: 1e300 * x,
        lambda x: 1e-300 * x,
    )
    for scaled in scales:
        lines = [f"{photo[:-1]},{photo},{scaled(x)!r}" for photo, x in quality.items()]
        (tmp_path / "tool.csv").write_text("\n".join(["series,photo,score", *lines]))
        options = ("--comparisons", tmp_path / "labels.csv", "--scores", tmp_path / "tool.csv")
        code, out, _ = cli("evaluate", *options, "--json", "-")
        assert code == 0
        assert json.loads(out)["scorers"]["tool"]["accuracy"]["value"] == pytest.approx(expected, abs=1e-12)


def test_a_table_may_hold_more_than_the_model_needs(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    model = trained(labels, table, tmp_path / "best_model.pt")
    options = ("--comparisons", labels, "--model", model, "--no_baselines", "--json", "-", "--feature_table")
    code, out, _ = cli("evaluate", *options, table)
    assert code == 0
    wide = pd.read_csv(table).assign(more=1.5)[["series", "photo", "noise", "more", "number"]]
    wide.to_csv(tmp_path / "wide.csv", index=False)
    code, wide_out, _ = cli("evaluate", *options, tmp_path / "wide.csv")
    assert code == 0
    figures, wide_figures = (json.loads(text)["scorers"]["best_model"] for text in (out, wide_out))
    assert figures == wide_figures


def test_the_failures_of_a_table_are_listed_as_those_of_photos_are(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    model = trained(labels, table, tmp_path / "best_model.pt")
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines[:-1], lines[-1].rpartition(",")[0] + ",nan"]))
    listed = tmp_path / "failures.csv"
    options = ("--comparisons", labels, "--feature_table", table, "--model", model, "--failures")
    code, _, err = cli("evaluate", *options, listed, "--no_baselines")
    assert code == 3
    assert listed.read_text() == f"photo,reason\ns59/b.jpg,{table}: no sound number in column 'noise'\n"
    code, _, err = cli("evaluate", *options, tmp_path / "best_model.pt" / "x.csv")
    assert (code, err.count("\n")) == (4, 1)
    assert "cannot write" in err


def test_scores_and_a_model_do_not_go_together(cli: Cli, own_labels: tuple[Path, Path]) -> None:
    labels, table = own_labels
    for option, value in (("--folds", "3"), ("--model", table)):
        code, _, err = cli("evaluate", "--comparisons", labels, "--scores", table, option, value)
        assert code == 2
        assert f"without {option}" in err


def score_table(path: Path, table: Path, column: str, sign: int = 1) -> Path:
    features = pd.read_csv(table)
    features["score"] = sign * features[column]
    features[["series", "photo", "score"]].to_csv(path, index=False)
    return path


def test_two_score_tables_are_compared_on_the_same_series(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    good = score_table(tmp_path / "good.csv", table, "number")
    options = ("--comparisons", labels, "--scores", good, "--against")
    code, out, err = cli("evaluate", *options, score_table(tmp_path / "bad.csv", table, "number", -1))
    assert code == 0
    assert "accuracy: good is better than bad by 100.0 points, 100.0 to 100.0" in err
    assert [line.split()[0] for line in out.splitlines()[2:5]] == ["coin", "bad", "good"]
    (tmp_path / "other").mkdir()
    twin = score_table(tmp_path / "other" / "good.csv", table, "noise")
    _, _, err = cli("evaluate", *options, twin)
    assert f"{good} is better than {twin} by" in err
    coin = score_table(tmp_path / "coin.csv", table, "number")
    _, out, _ = cli("evaluate", "--comparisons", labels, "--scores", coin, "--json", "-")
    judged = json.loads(out)
    assert (judged["reference"], list(judged["scorers"])) == ("coin", ["coin (baseline)", "coin"])
    assert judged["scorers"]["coin"]["accuracy"]["value"] == 1
    assert judged["scorers"]["coin (baseline)"]["accuracy"]["value"] == 0.5
    pd.read_csv(tmp_path / "bad.csv").to_parquet(tmp_path / "worse.parquet")
    _, _, err = cli("evaluate", *options, tmp_path / "worse.parquet")
    assert "accuracy: good is better than worse by 100.0 points, 100.0 to 100.0" in err


def test_a_ranker_against_scores_and_another_ranker(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    options = ("--comparisons", labels, "--feature_table", table)
    noise = score_table(tmp_path / "noise.csv", table, "number", -1)
    first, second = (
        trained(labels, table, tmp_path / str(seed) / "best_model.pt", replace(QUICK, seed=seed))
        for seed in (0, 1)
    )
    code, out, _ = cli("evaluate", *options, "--model", first, "--against", noise, "--json", "-")
    assert code == 0
    judged = json.loads(out)
    assert (judged["reference"], list(judged["scorers"])[-2:]) == ("best_model", ["noise", "best_model"])
    assert "noise (baseline)" in judged["scorers"]
    code, out, _ = cli("evaluate", *options, "--model", first, "--against", second, "--json", "-")
    assert code == 0
    judged = json.loads(out)
    assert list(judged["scorers"])[-2:] == [str(second), str(first)]
    # Series that either has seen are left out.
    assert judged["in_sample"] or judged["seen_series"] > 54


def test_the_report_and_the_pictures(cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path) -> None:
    labels, table = own_labels
    photos = tmp_path / "photos"
    for number, photo in enumerate(pd.read_csv(table)["photo"]):
        (photos / photo).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60, 40), (number, 0, 0)).save(photos / photo, "PNG")
    bad = score_table(tmp_path / "bad.csv", table, "number", -1)
    options = ("--comparisons", labels, "--photos", photos, "--scores", bad, "--plots", tmp_path / "plots")
    code, out, err = cli(
        "evaluate", *options, "--worst", "3", "--markdown", "-", "--thresholds", "0.8", "0.95"
    )
    assert code == 0
    assert out.startswith("# Evaluation: scores of bad\n")
    assert "| p ≥ 0.8 % | p ≥ 0.95 % |" in out
    assert out.split("## Surest and wrong")[1].count("jpg: ") == 6
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == [
        "accuracy_by_kind.png",
        "worst_mistakes.png",
    ]
    _, _, err = cli("evaluate", "--comparisons", labels, "--scores", bad, "--plots", tmp_path / "plots")
    assert "no contact sheet" in err


def test_photos_that_cannot_be_measured_are_listed_and_give_exit_code_3(
    cli: Cli, own_labels: tuple[Path, Path], make_photo: Callable[..., Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    names = list(pd.read_csv(table)["photo"])
    for number, photo in enumerate(names):
        make_photo(f"photos/{photo}", seed=number)
    (tmp_path / "photos" / names[5]).write_bytes(b"no photo")
    options = ("--comparisons", labels, "--photos", tmp_path / "photos", "--cache_dir", tmp_path / "cache")
    code, _, err = cli("evaluate", *options)
    assert code == 3
    assert f"left out: {names[5]}: " in err
    assert "59 series" in err
    assert "no networks trained to compare with: the ranker has seen no series of these labels" in err


def test_scores_that_are_no_numbers_are_listed_and_give_exit_code_3(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    scores = score_table(tmp_path / "scores.csv", table, "number")
    lines = scores.read_text().splitlines()
    first = lines[1].split(",")[1]
    scores.write_text("\n".join([lines[0], lines[1].rpartition(",")[0] + ",nan", *lines[2:]]))
    code, _, err = cli("evaluate", "--comparisons", labels, "--scores", scores)
    assert code == 3
    assert f"left out: {first}: " in err
    assert "59 series" in err
    assert (
        f"1 of 120 labeled photos have no score in {scores}, the first is {first} "
        f"({scores}: no sound number in column 'score'); 1 of 60 pairs are left out" in err
    )


def test_strict_stops_where_a_labeled_photo_has_no_score(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    whole = score_table(tmp_path / "whole.csv", table, "number")
    part = tmp_path / "part.csv"
    part.write_text("\n".join(whole.read_text().splitlines()[:-3]))
    options = ("evaluate", "--comparisons", labels)
    said = f"3 of 120 labeled photos have no score in {part}, the first is s58/b.jpg; 2 of 60 pairs are left"
    code, _, err = cli(*options, "--scores", part)
    assert (code, said in err) == (0, True)
    for asked in (("--scores", part), ("--scores", whole, "--against", part)):
        code, _, err = cli(*options, *asked, "--strict")
        assert (code, said in err.splitlines()[-1]) == (1, True)
    assert cli(*options, "--scores", whole, "--strict")[0] == 0


def test_scores_for_other_photos_are_an_error_that_names_both(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, _ = own_labels
    scores = tmp_path / "scores.csv"
    scores.write_text("series,photo,score\nx,elsewhere.jpg,1\n")
    code, _, err = cli("evaluate", "--comparisons", labels, "--scores", scores)
    assert code == 1
    assert "scores for none of the 120 labeled photos: its first is elsewhere.jpg" in err


def test_options_that_cannot_work(cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path) -> None:
    labels, table = own_labels
    scores = score_table(tmp_path / "scores.csv", table, "number")
    options = ("--comparisons", labels, "--scores", scores)
    for wrong, says in (
        (("--thresholds", "0.4"), "--thresholds are shares of people, 0.5 to 1, not 0.4"),
        (("--thresholds", "1.01"), "--thresholds are shares of people"),
        (("--worst", "-1"), "--worst must be at least 0"),
        (("--json", "-", "--markdown", "-"), "can go to standard output"),
    ):
        code, _, err = cli("evaluate", *options, *wrong)
        assert (code, says in err) == (2, True), err
    code, _, err = cli("evaluate", "--comparisons", labels, "--feature_table", table, "--folds", "1")
    assert (code, "--folds must be at least 2" in err) == (2, True)


def test_fewer_series_than_folds_and_labels_without_a_winner(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    options = ("--comparisons", labels, "--feature_table", table)
    model = ("--model", trained(labels, table, tmp_path / "best_model.pt"))
    code, _, err = cli("evaluate", *options, *model, "--folds", "61")
    assert code == 1
    assert "61 folds need as many series without a common photo, and there are 60" in err
    pd.read_csv(labels).assign(preference=0.5).to_csv(labels, index=False)
    code, out, err = cli("evaluate", *options, *model)
    assert code == 0
    assert "every preference is ½: there is no winner to find" in err
    assert "  –  " in out
