from pathlib import Path

import pytest

from phototriage.errors import OutputError
from phototriage.experiments.run_config import check_run_folder, recipe_sections, write_config
from phototriage.features import ExtractorOptions
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.presets import read_settings

NEITHER, FINISHED, INTERRUPTED = (), ("best_model.pt",), ("best_model.pt", "last_state.pt")


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
    ],
)
def test_no_run_is_lost_unasked(
    files: tuple[str, ...], resume: bool, overwrite: bool, outcome: bool | str, tmp_path: Path
) -> None:
    for name in files:
        (tmp_path / name).touch()
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
