import json
from collections.abc import Callable
from pathlib import Path

Cli = Callable[..., tuple[int, str, str]]


def test_the_embedded_ranker_on_the_real_scores(cli: Cli, shared: Path) -> None:
    folder = shared / "phototriage"
    options = ("--root", folder, "--feature_table", folder / "iqa_scores.csv")
    code, out, err = cli("evaluate", *options, "--json", "-")
    assert code == 0
    judged = json.loads(out)
    assert (judged["seen_series"], judged["series"], judged["in_sample"]) == (1156, 496, False)
    assert judged["scorers"]["embedded ranker"]["accuracy_clear"]["low"] > 0.5
    assert judged["scorers"]["coin"]["accuracy"]["value"] == 0.5
    assert "8252 of 12522 labelled photos have no features, the first is 000001-01.JPG; 8302 of 12558" in err


def test_folds_train_the_recipe_anew(cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path) -> None:
    labels, table = own_labels
    options = ("--comparisons", labels, "--feature_table", table)
    recipe = ("--mlp_hidden_dims", "--input_normalization", "standardize", "--learning_rate", "0.1")
    assert cli("train", *options, *recipe, "--output_dir", tmp_path / "run")[0] == 0
    model = ("--model", tmp_path / "run" / "best_model.pt")
    code, out, err = cli("evaluate", *options, *model, "--folds", "3", "--json", "-")
    assert code == 0
    judged = json.loads(out)
    assert (judged["folds"], judged["series"]) == (3, 60)
    assert judged["scorers"]["best_model, trained anew"]["accuracy"]["value"] > 0.9
    assert err.splitlines()[:3] == ["fold 1 of 3 done", "fold 2 of 3 done", "fold 3 of 3 done"]

    _, out, err = cli("evaluate", *options, *model)
    assert "best_model on series it never saw (54 that it was trained on are left out): 6 pairs" in err
    assert "best_model" in out


def test_figures_on_what_was_trained_on_are_called_in_sample(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    options = ("--comparisons", labels, "--feature_table", table)
    cli("train", *options, "--mlp_hidden_dims", "4", "--max_epochs", "1", "--output_dir", tmp_path / "run")
    lines = labels.read_text().splitlines()
    model = tmp_path / "run" / "best_model.pt"
    seen = []
    for line in lines[1:]:
        labels.write_text("\n".join([lines[0], line]))
        _, out, err = cli("evaluate", *options, "--model", model, "--json", "-")
        seen.append(json.loads(out)["in_sample"])
        assert seen[-1] == ("IN-SAMPLE" in err)
    assert sum(seen) == 54


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


def test_scores_and_a_model_do_not_go_together(cli: Cli, own_labels: tuple[Path, Path]) -> None:
    labels, table = own_labels
    code, _, err = cli("evaluate", "--comparisons", labels, "--scores", table, "--folds", "3")
    assert code == 1
    assert "without --model and --folds" in err
