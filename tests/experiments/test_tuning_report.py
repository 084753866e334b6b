import csv
from pathlib import Path

import pytest
from PIL import Image

from phototriage.experiments.run_config import recipe_sections
from phototriage.experiments.tuning_report import search_chart, trials_csv, write_search
from phototriage.experiments.tuning_search import Search, SearchTrial
from phototriage.features import ExtractorOptions
from phototriage.plain_values import with_values
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.presets import read_settings

BEST = MultiFeatureConfig(mlp_hidden_dims=(32, 16), loss="bradley_terry", learning_rate=0.0123)
TRIALS = (
    SearchTrial(1, {"depth": 2, "loss": "bradley_terry"}, 0.625),
    SearchTrial(2, {"depth": 0, "loss": "margin"}, None, "the loss became nan, at once"),
)
SEARCH = Search(MultiFeatureConfig(), 0.6, TRIALS, BEST, 0.625, {"depth": 0.75, "loss": 0.25})


@pytest.mark.parametrize("dims", [(), (16,), (512, 256)])
def test_the_best_settings_are_read_as_those_of_a_training(tmp_path: Path, dims: tuple[int, ...]) -> None:
    best = MultiFeatureConfig(mlp_hidden_dims=dims, learning_rate=1e-5, weight_decay=0.0)
    sections = recipe_sections(best, ["iqa"], ExtractorOptions(), "official")
    write_search(tmp_path, Search(BEST, 0.6, (), best, 0.625, {}), sections)
    assert {path.name for path in tmp_path.iterdir()} == {"best_config.yaml", "trials.csv", "tuning.png"}
    sections = read_settings(tmp_path / "best_config.yaml")
    assert with_values(MultiFeatureConfig(), sections.pop("ranker"), "") == best
    assert with_values(ExtractorOptions(), sections.pop("extractor"), "") == ExtractorOptions()
    assert sections == {"features": ["iqa"], "split": "official"}


def test_every_trial_has_a_line() -> None:
    assert list(csv.reader(trials_csv(SEARCH).splitlines())) == [
        ["trial", "accuracy", "given_up", "depth", "loss"],
        ["0", "0.600000", "", "", ""],
        ["1", "0.625000", "", "2", "bradley_terry"],
        ["2", "", "the loss became nan, at once", "0", "margin"],
    ]


@pytest.mark.parametrize("trials", [(), TRIALS[:1], TRIALS[1:], TRIALS * 20])
@pytest.mark.parametrize("importances", [{}, SEARCH.importances])
def test_any_search_can_be_drawn(
    tmp_path: Path, trials: tuple[SearchTrial, ...], importances: dict[str, float]
) -> None:
    search_chart(Search(BEST, 0.6, trials, BEST, 0.625, importances), tmp_path / "chart.png")
    with Image.open(tmp_path / "chart.png") as drawn:
        drawn.load()
        assert drawn.width > 2 * drawn.height
