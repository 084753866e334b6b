from pathlib import Path

import pytest

from phototriage.errors import LabelError, OutputError
from phototriage.experiments.run_config import (
    begin_run,
    begun_run,
    check_run_folder,
    recipe_sections,
    write_config,
)
from phototriage.features import ExtractorOptions
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.presets import read_settings

NEITHER, FINISHED, INTERRUPTED = (), ("best_model.pt",), ("best_model.pt", "last_state.pt")
BEGUN, OVERWRITING = ("config.yaml", "last_state.pt 0"), ("best_model.pt", "last_state.pt 0")


@pytest.mark.parametrize(
    ("files", "resume", "overwrite", "outcome"),
    [
        (NEITHER, False, False, True),
        (NEITHER, True, False, True),
        (FINISHED, False, False, "holds a finished run"),
        (FINISHED, True, False, False),
        (FINISHED, False, True, True),
        (INTERRUPTED, False, False, "holds an interrupted run"),
        (INTERRUPTED, True, False, True),
        (INTERRUPTED, False, True, True),
        (BEGUN, False, False, True),
        (BEGUN, True, False, True),
        (OVERWRITING, False, False, "holds a finished run"),
        (OVERWRITING, True, False, True),
        (OVERWRITING, False, True, True),
    ],
)
def test_no_run_is_lost_unasked(
    files: tuple[str, ...], resume: bool, overwrite: bool, outcome: bool | str, tmp_path: Path
) -> None:
    for name in files:
        (tmp_path / name.removesuffix(" 0")).write_text("" if name.endswith(" 0") else "content")
    for folder in (tmp_path, str(tmp_path)):
        if isinstance(outcome, bool):
            assert check_run_folder(folder, resume=resume, overwrite=overwrite) is outcome
        else:
            with pytest.raises(OutputError, match=outcome):
                check_run_folder(folder, resume=resume, overwrite=overwrite)


def test_the_folder_of_weights_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ExtractorOptions(weights_dir=Path("weights"))
    write_config(recipe_sections(MultiFeatureConfig(), ["clip"], options, "random"), "config.yaml")
    sections = read_settings("config.yaml")
    assert sections["extractor"]["weights_dir"] == str(tmp_path / "weights")
    assert list(sections) == ["ranker", "features", "extractor", "split"]
    sections = recipe_sections(MultiFeatureConfig(), None, options, "random", {"root": "/there"})
    assert (sections["features"], sections["labels"]) == (None, {"root": "/there"})
    sections = recipe_sections(MultiFeatureConfig(), None, options, "random", init=Path("run"))
    assert sections["init"] == str(tmp_path / "run")


@pytest.mark.parametrize(
    ("change", "goes_on"),
    [({}, False), ({"max_epochs": 31}, True), ({"patience": 6}, True), ({"max_epochs": 29}, False)],
)
def test_a_finished_run_goes_on_with_more_epochs_or_patience(
    tmp_path: Path, change: dict[str, int], goes_on: bool
) -> None:
    write_config(
        recipe_sections(MultiFeatureConfig(), None, ExtractorOptions(), "random"), tmp_path / "config.yaml"
    )
    for name in ("best_model.pt", "finished_state.pt"):
        (tmp_path / name).write_text(name)
    config = MultiFeatureConfig(**change)  # type: ignore[arg-type]
    assert check_run_folder(tmp_path, resume=True, overwrite=False, config=config) is goes_on
    with pytest.raises(OutputError, match="holds a finished run: choose"):
        check_run_folder(tmp_path, resume=False, overwrite=False, config=config)
    if goes_on:
        (tmp_path / "finished_state.pt").unlink()
        with pytest.raises(OutputError, match="start from its weights by --init"):
            check_run_folder(tmp_path, resume=True, overwrite=False, config=config)


def test_a_begun_run_has_its_settings_and_the_state_to_go_on_from(tmp_path: Path) -> None:
    run = tmp_path / "run"
    begin_run(run, {"split": "random"}, resume=False)
    assert {path.name: path.read_text() for path in run.iterdir()} == {
        "config.yaml": "split: random\n",
        "last_state.pt": "",
    }
    (run / "last_state.pt").write_text("interrupted")
    begin_run(run, {"split": "official"}, resume=True)
    assert (run / "last_state.pt").read_text() == "interrupted"
    assert (run / "config.yaml").read_text() == "split: official\n"
    (run / "last_state.pt").replace(run / "finished_state.pt")
    begin_run(run, {}, resume=True)
    assert (run / "last_state.pt").read_text() == "interrupted"
    begin_run(run, {}, resume=False)
    assert (run / "last_state.pt").read_text() == ""


@pytest.mark.parametrize("before", [{}, {"config.yaml": "split: official\n", "best_model.pt": "a model"}])
def test_a_failure_before_the_first_epoch_leaves_the_folder_as_it_was_and_an_interruption_does_not(
    tmp_path: Path, before: dict[str, str]
) -> None:
    run = tmp_path / "run"
    if before:
        run.mkdir()
    for name, text in before.items():
        (run / name).write_text(text)
    with pytest.raises(LabelError), begun_run(run, {"split": "random"}, resume=False):
        raise LabelError("too few")
    assert run.exists() is bool(before)
    if before:
        assert {path.name: path.read_text() for path in run.iterdir()} == before
    with pytest.raises(KeyboardInterrupt), begun_run(run, {"split": "random"}, resume=False):
        raise KeyboardInterrupt
    assert (run / "config.yaml").read_text() == "split: random\n"


def test_a_resumed_run_that_fails_at_once_stays_as_it_was_and_one_that_has_trained_is_kept(
    tmp_path: Path,
) -> None:
    for name in ("last_state.pt", "finished_state.pt"):
        run = tmp_path / name
        run.mkdir()
        before = {"config.yaml": "split: random\n", name: "three epochs"}
        for file, text in before.items():
            (run / file).write_text(text)
        with pytest.raises(LabelError), begun_run(run, {"split": "official"}, resume=True):
            raise LabelError("other labels")
        assert {path.name: path.read_text() for path in run.iterdir()} == before

        def train_and_fail(folder: Path) -> None:
            (folder / "next").write_text("four epochs")
            (folder / "next").replace(folder / "last_state.pt")
            raise LabelError("later")

        with pytest.raises(LabelError), begun_run(run, {"split": "official"}, resume=True):
            train_and_fail(run)
        assert (run / "config.yaml").read_text() == "split: official\n"
        assert (run / "last_state.pt").read_text() == "four epochs"
