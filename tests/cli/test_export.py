import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from phototriage.features.table import read_feature_table
from phototriage.ranker import load_ranker

Cli = Callable[..., tuple[int, str, str]]


def test_a_trained_run_becomes_a_folder_that_every_command_takes(
    cli: Cli, own_labels: tuple[Path, Path], tmp_path: Path
) -> None:
    labels, table = own_labels
    options = ("--comparisons", labels, "--feature_table", table)
    run, hub = tmp_path / "run", tmp_path / "hub"
    quick = ("--mlp_hidden_dims", "4", "--input_normalization", "standardize", "--learning_rate", "0.1")
    assert cli("train", *options, *quick, "--output_dir", run)[0] == 0
    model = run / "best_model.pt"

    code, out, err = cli("export", model, "--output", hub, "--data", "made up")
    assert (code, out) == (0, "")
    assert err.splitlines()[-1] == f"wrote {hub / 'model.safetensors'}"
    photos = read_feature_table(table)
    assert np.array_equal(load_ranker(hub).scores(photos), load_ranker(model).scores(photos))
    own = json.loads((run / "test_results.json").read_text())["scorers"]["this ranker"]["accuracy"]
    assert f"| this ranker | {100 * own['value']:.1f} (" in (hub / "README.md").read_text()

    judged = [
        json.loads(cli("evaluate", *options, "--model", path, "--json", "-")[1]) for path in (model, hub, run)
    ]
    assert judged[0]["scorers"]["best_model"] == judged[1]["scorers"]["hub"] == judged[2]["scorers"]["run"]

    code, _, err = cli("export", model, "--output", hub)
    assert code == 4
    assert err == f"phototriage: {hub / 'README.md'} exists: choose another --output, or --overwrite it\n"
    assert cli("export", hub, "--output", tmp_path / "again.onnx")[0] == 0
    assert (tmp_path / "again.onnx").read_bytes() == (hub / "model.onnx").read_bytes()
    assert cli("export", run, "--output", tmp_path / "from_run", "--data", "made up")[0] == 0
    assert (tmp_path / "from_run" / "model.onnx").read_bytes() == (hub / "model.onnx").read_bytes()
    (run / "last_state.pt").touch()
    for interrupted in (run, model):
        code, _, err = cli("export", interrupted, "--output", tmp_path / "none")
        assert (code, f"{run} holds an interrupted run, whose figures are not of this model" in err) == (
            1,
            True,
        )


def test_what_is_no_model_is_one_clear_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_text("x")
    code, _, err = cli("export", tmp_path / "model.pt", "--output", tmp_path / "hub")
    assert code == 1
    assert err.startswith(f"phototriage: {tmp_path / 'model.pt'} is ")
    assert err.count("\n") == 1
    assert not (tmp_path / "hub").exists()
