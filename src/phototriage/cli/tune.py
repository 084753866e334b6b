"""`phototriage tune`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from phototriage.cli.configuration import configured
from phototriage.cli.feature_source import FeatureSource, OptionalPath
from phototriage.cli.label_source import LabelSource
from phototriage.cli.progress import note
from phototriage.errors import OptionError
from phototriage.exit_code import ExitCode
from phototriage.experiments.labelled_features import split_as
from phototriage.extras import require
from phototriage.features import default_features
from phototriage.outputs import check_destinations, print_evaluation
from phototriage.ranker.config import MultiFeatureConfig

if TYPE_CHECKING:
    from phototriage.experiments.tuning_search import SearchTrial

__all__ = ["Command", "default"]


@dataclass(frozen=True)
class Command:
    """Search for the best training settings.

    Holds out test series. On the other series, searches for the settings with the highest cross-validated
    accuracy: depth and width, normalization, loss, margin, labels, dropout, learning rate, weight decay,
    batch size, min_agreement. Then trains once with the best settings and once with the default settings,
    and evaluates both on the test series. Writes best_config.yaml (for train --config), best_model.pt,
    test_results.json, trials.csv, tuning.png and study.sqlite. An interrupted search, or one with more
    --trials, resumes where it stopped. Needs the extra `tune`.

    Examples:

      phototriage tune --root PhotoTriage --feature_table iqa_scores.csv --trials 60
      phototriage tune --comparisons my_choices.csv --photos ~/Pictures --features iqa iqa_plus
    """

    preset: Annotated[str, tyro.conf.arg(metavar="NAME")] = "full"
    """Predefined settings: the default that the search results are compared with."""
    config: OptionalPath = None
    """Settings from a YAML file, such as the config.yaml of a run. They override the preset; options on the
    command line override both."""
    output_dir: Path = Path("outputs/tuning")
    """The folder of the search; each folder holds one search."""
    trials: int = 50
    """Total number of settings to try, including earlier runs."""
    folds: int = 5
    """Number of folds outside the test series; each trial trains once per fold."""
    split: Literal["random", "official"] = "random"
    """random: a tenth of the series, by seed, is the test. official: the released validation series are the
    test."""
    labels: LabelSource = field(default_factory=LabelSource)
    source: FeatureSource = field(default_factory=FeatureSource)
    ranker: MultiFeatureConfig = field(default_factory=MultiFeatureConfig)

    def run(self) -> int:
        require("tune")
        if self.folds < 2:
            raise OptionError(f"--folds must be at least 2, not {self.folds}")
        if self.trials < 1:
            raise OptionError(f"--trials must be at least 1, not {self.trials}")
        check_destinations(self.output_dir / "best_model.pt")
        labels = self.labels.labels()
        needed = default_features(self.source.options)
        features = self.labels.read_features(labels, self.source, needed)
        split = split_as(self.split, labels, features, self.ranker.seed)

        # Imported here so that --help and option errors do not wait for torch.
        from phototriage.experiments.tuning import tune

        tuning = tune(
            labels.comparisons,
            split,
            features,
            self.ranker,
            self.folds,
            self.trials,
            self.output_dir,
            measured=self.labels.measured(self.source, needed),
            options=self.source.options,
            split_name=self.split,
            on_trial=_Progress(self.trials),
        )
        found = tuning.search
        gain = ""
        if tuning.found_better:
            gain = f", settings found {found.best_accuracy:.1%}, optimistic because it was selected"
        note(f"in the folds: default settings {found.default_accuracy:.1%}{gain}")
        note(f"on {tuning.report.series} series that the search never saw:")
        print_evaluation(tuning.report)
        if not tuning.found_better:
            note(f"none of {len(found.trials)} trials was better than the default settings, which are kept")
        note(f"everything is in {self.output_dir}")
        return ExitCode.of(left_out=features.failures)


def default(arguments: Sequence[str]) -> Command:
    """The command's defaults, before its options are parsed."""
    return configured("tune", Command, arguments)


class _Progress:
    """Reports the result of each trial and the estimated remaining time."""

    def __init__(self, trials: int) -> None:
        self._trials = trials
        self._seconds: list[float] = []
        self._best = 0.0

    def __call__(self, trial: "SearchTrial", seconds: float) -> None:
        if trial.number == 0:
            note(f"default settings: {trial.accuracy:.1%} in the folds")
            return
        self._seconds.append(seconds)
        self._best = max(self._best, trial.accuracy or 0.0)
        left = (self._trials - trial.number) * sum(self._seconds) / len(self._seconds)
        how = f"given up, {trial.given_up}" if trial.accuracy is None else f"{trial.accuracy:.1%}"
        best = f"best of this run {self._best:.1%}, about {left:.0f} s left"
        note(f"trial {trial.number} of {self._trials}: {how}; {best}")
