import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from phototriage.cli import main
from phototriage.ranker import load_ranker, save_ranker
from phototriage.simulation import write_bursts

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """A command, with labels for those that take them."""
    write_bursts(tmp_path / "bursts", series=12, seed=1, width=96, height=64)
    labels = ("--comparisons", tmp_path / "bursts/comparisons.csv", "--photos", tmp_path / "bursts/photos")

    def call(command: str, *arguments: object) -> tuple[int, str, str]:
        given = labels if command in ("train", "evaluate") else ()
        how = ("--cache_dir", tmp_path / "cache", "--workers", "1")
        code = main([str(each) for each in (command, *arguments, *given, *how)])
        return (code, *capsys.readouterr())

    return call


def test_from_a_frozen_run_to_a_ranking(run: Run, tmp_path: Path) -> None:
    frozen, tuned = tmp_path / "frozen", tmp_path / "tuned"
    start = ("--preset", "best", "--features", "iqa", "lite", "--max_epochs", "1", "--output_dir", frozen)
    assert run("train", *start)[0] == 0
    again = ("--config", frozen / "config.yaml", "--init", frozen, "--output_dir", tuned)
    rates = ("--backbone_learning_rate", "1e-3", "--learning_rate", "1e-2", "--max_epochs", "3")
    code, _, err = run("train", *again, "--unfreeze", "lite.s7", *rates)
    assert code == 0
    assert "fine-tuning trains " in err
    assert "unfreeze:\n  - lite.s7\n" in (tuned / "config.yaml").read_text()
    before, after = load_ranker(frozen), load_ranker(tuned)
    (weights,) = after.tuned
    assert {name.split(".")[1] for name in weights.tensors} == {"15"}
    assert [one == other for one, other in zip(before.blocks, after.blocks, strict=True)] == [True, False]
    assert f"+{weights.identity}/" in after.blocks[1].fingerprint
    assert set(before.seen_keys) <= set(after.seen_keys)

    save_ranker(after, tmp_path / "alone.safetensors")
    rankings = []
    for model in (tuned, tmp_path / "alone.safetensors", frozen):
        ranked = tmp_path / "ranking.csv"
        assert run("rank", tmp_path / "bursts/photos", "--model", model, "--quiet", "--csv", ranked)[0] == 0
        rankings.append(ranked.read_text())
    assert rankings[0] == rankings[1] != rankings[2]

    _, out, _ = run("evaluate", "--model", tuned, "--against", frozen, "--no_baselines", "--json", "-")
    found = json.loads(out)["scorers"]
    assert {"tuned", "frozen"} < found.keys()
    results = json.loads((tuned / "test_results.json").read_text())
    assert found["tuned"]["accuracy"] == results["scorers"]["fine-tuned"]["accuracy"]

    # Training the head alone from a fine-tuned run keeps its networks.
    more = ("--config", frozen / "config.yaml", "--init", tuned, "--output_dir", tmp_path / "more")
    assert run("train", *more)[0] == 0
    (kept,) = load_ranker(tmp_path / "more").tuned
    assert kept.identity == weights.identity
    assert all(np.array_equal(kept.tensors[name], array) for name, array in weights.tensors.items())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--unfreeze", "lite.s7"), "unfreeze needs --init RUN"),
        (("--unfreeze", "clip.last1", "--init", "RUN"), "names 'clip', which the ranker of --init does not"),
        (("--unfreeze", "iqa.s1", "--init", "RUN"), "unfreeze names 'iqa', which is no network"),
    ],
)
def test_what_cannot_be_unfrozen(run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    start = ("--preset", "best", "--features", "iqa", "--max_epochs", "1")
    if "RUN" in arguments:
        run("train", *start, "--output_dir", tmp_path / "RUN")
    given = [tmp_path / "RUN" if each == "RUN" else each for each in arguments]
    code, _, err = run("train", *start, *given, "--output_dir", tmp_path / "out")
    assert code != 0
    assert message in err
