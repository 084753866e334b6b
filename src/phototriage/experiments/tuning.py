"""Finds the best training settings on some series, and evaluates them on others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from phototriage.evaluation import EvaluationReport, evaluate_scorers, ranker_scorer
from phototriage.experiments.run_config import recipe_sections
from phototriage.experiments.tuning_report import write_search
from phototriage.experiments.tuning_search import Search, SearchTrial, search
from phototriage.features import ExtractorOptions, Features
from phototriage.labels import Comparisons, Split
from phototriage.outputs.evaluation_report import evaluation_json
from phototriage.outputs.text_file import write_text
from phototriage.ranker import MultiFeatureConfig, save_ranker
from phototriage.ranker.training import train

__all__ = ["Tuning", "tune"]

_DEFAULT, _FOUND = "default settings", "settings found"


@dataclass(frozen=True)
class Tuning:
    """A search, and the evaluation of its best settings and the default settings on the test series."""

    search: Search
    report: EvaluationReport

    @property
    def found_better(self) -> bool:
        """Whether any trial was better than the default settings."""
        return self.search.best != self.search.default


def tune(
    comparisons: Comparisons,
    split: Split,
    features: Features,
    config: MultiFeatureConfig,
    folds: int,
    trials: int,
    folder: str | Path,
    *,
    measured: Sequence[str] | None,
    options: ExtractorOptions,
    split_name: str,
    on_trial: Callable[[SearchTrial, float], None] = lambda trial, seconds: None,
) -> Tuning:
    """Searches in folds over the non-test series, then trains with the best and the default settings.

    Writes best_config.yaml, best_model.pt, test_results.json, trials.csv, tuning.png and study.sqlite to the
    folder.

    Args:
        comparisons: all comparisons, including those whose photos have no features.
        split: the search never sees its test side.
        config, folds, trials, on_trial: see `search`.
        measured, options, split_name: the content of best_config.yaml, see `recipe_sections`.

    Raises what `search` and `train` raise, and OutputError if the folder is not writable.
    """
    folder = Path(folder)
    found = search(
        comparisons.in_series([*split.train.series, *split.validation.series]),
        features,
        config,
        folds,
        trials,
        folder / "study.sqlite",
        on_trial=on_trial,
    )
    write_search(folder, found, recipe_sections(found.best, measured, options, split_name))
    settings = {_DEFAULT: config} | ({_FOUND: found.best} if found.best != config else {})
    rankers = {name: train(split, features, each).ranker for name, each in settings.items()}
    report = evaluate_scorers(
        comparisons.in_series(split.test.series),
        [ranker_scorer(name, ranker, features) for name, ranker in rankers.items()],
        reference=list(rankers)[-1],
    )
    write_text(
        evaluation_json(report, judged="test series, which the search never saw"),
        folder / "test_results.json",
    )
    save_ranker(list(rankers.values())[-1], folder / "best_model.pt")
    return Tuning(found, report)
