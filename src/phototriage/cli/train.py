"""`phototriage train`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from phototriage.cli.configuration import configured
from phototriage.cli.feature_source import FeatureSource, OptionalPath
from phototriage.cli.label_source import LabelSource
from phototriage.cli.progress import note, note_failures
from phototriage.cli.training_progress import training_progress
from phototriage.errors import OptionError
from phototriage.exit_code import ExitCode
from phototriage.experiments.finetuning.settings import FineTuning
from phototriage.experiments.labelled_features import split_as
from phototriage.experiments.run_config import begun_run, check_run_folder, recipe_sections
from phototriage.extras import require
from phototriage.features import Features, check_weights_dir, default_features
from phototriage.labels import Labels, Split, filter_comparisons
from phototriage.outputs import cautions, check_destinations, extent, print_evaluation
from phototriage.plain_values import plain_values
from phototriage.ranker import TrainedRanker, load_ranker
from phototriage.ranker.config import MultiFeatureConfig

if TYPE_CHECKING:
    from phototriage.experiments.training_run import TrainingRun

__all__ = ["Command", "default"]


@dataclass(frozen=True)
class Command:
    """Train a ranker on preferences.

    Splits the preferences by series, trains, keeps the epoch with the best validation accuracy, calibrates,
    and evaluates on the held-out series. Writes config.yaml, best_model.pt, training_log.csv,
    training_curves.png, test_results.json and test_predictions.csv to the run folder.

    Examples:

      phototriage train --root PhotoTriage
      phototriage train --comparisons choices.csv --photos ~/Pictures --preset best --output_dir outputs/mine
      phototriage train --config outputs/mine/config.yaml --output_dir outputs/again
      phototriage train --resume --max_epochs 60 --output_dir outputs/mine
      phototriage train --config outputs/mine/config.yaml --init outputs/mine --unfreeze resnet.layer3 \\
          --output_dir outputs/tuned
    """

    preset: Annotated[str, tyro.conf.arg(metavar="NAME")] = "full"
    """Predefined settings: full, quick and deep follow the specification; best performs best on real data."""
    config: OptionalPath = None
    """Settings from a YAML file, such as the config.yaml of a run. They override the preset; options on the
    command line override both."""
    output_dir: Path = Path("outputs/phototriage_multifeature")
    """The run folder."""
    resume: bool = False
    """Resume the interrupted run in that folder, with its own settings. A finished run goes on with more
    epochs, or with more patience, if these are given."""
    overwrite: bool = False
    """Replace the run in that folder."""
    init: OptionalPath = None
    """Start from the weights of this ranker: .pt, .safetensors, or a run folder. It needs the same features
    and layers."""
    split: Literal["random", "official", "natural"] = "random"
    """random: 80/10/10 by series and seed. official: the released validation series are the test. natural: as
    FGAesthetics splits its part Natural."""
    labels: LabelSource = field(default_factory=LabelSource)
    source: FeatureSource = field(default_factory=FeatureSource)
    ranker: MultiFeatureConfig = field(default_factory=MultiFeatureConfig)
    finetuning: FineTuning = field(default_factory=FineTuning)

    def run(self) -> int:
        require("train")
        if self.resume and self.overwrite:
            raise OptionError("give --resume or --overwrite, not both")
        if not check_run_folder(
            self.output_dir, resume=self.resume, overwrite=self.overwrite, config=self.ranker
        ):
            note(
                f"the run in {self.output_dir} is finished: there is nothing to resume; "
                "more --max_epochs or --patience would go on with it"
            )
            return ExitCode.DONE
        check_destinations(self.output_dir / "best_model.pt")
        if self.finetuning.unfreeze:
            require("hub")
            if self.init is None:
                raise OptionError("needs --init RUN: a ranker trained on the frozen networks", "unfreeze")
            if self.labels.feature_table is not None:
                raise OptionError("needs photos, not a --feature_table", "unfreeze")
        if self.init and self.init.resolve().is_relative_to(self.output_dir.resolve()):
            raise OptionError("names the run that --output_dir would replace: choose another folder", "init")
        init = load_ranker(self.init) if self.init else None
        if init is not None:
            init.check_settings(self.ranker)
            if self.labels.feature_table is None:
                check_weights_dir(init.blocks, self.source.options.weights_dir)
        needed = default_features(self.source.options)
        if init is not None:
            needed = tuple(block.name for block in init.blocks)
        settings = recipe_sections(
            self.ranker,
            self.labels.measured(self.source, needed),
            self.source.options,
            self.split,
            plain_values(self.labels.absolute()),
            self.init,
            self.finetuning if self.finetuning.unfreeze else None,
        )
        labels = self.labels.labels(self.ranker.min_agreement, self.ranker.min_reviewers)
        _note_steps(labels)
        with begun_run(self.output_dir, settings, resume=self.resume):
            return self._train(labels, settings, needed, init)

    def _train(
        self,
        labels: Labels,
        settings: dict[str, object],
        needed: Sequence[str],
        init: TrainedRanker | None,
    ) -> int:
        rankers = () if init is None else (init,)
        features = self.labels.read_features(labels, self.source, needed, rankers)
        split = split_as(self.split, labels, features, self.ranker.seed)
        _note_split(split, self.ranker)
        for text in self.ranker.cautions(features.matrix.shape[1]):
            note(text)

        # Imported here so that --help and option errors do not wait for torch.
        from phototriage.experiments.training_run import training_run

        if init is not None and self.finetuning.unfreeze:
            self._show(self._finetuned(labels, settings, init, split, features))
            note_failures(features.failures)
            return ExitCode.of(left_out=features.failures)
        run = training_run(
            split,
            features,
            self.ranker,
            self.output_dir,
            settings,
            # All pairs of the test series, as in `evaluate`, not only those with features.
            evaluated=labels.comparisons.in_series(split.test.series),
            init=init,
            resume=self.resume,
            watch=training_progress,
            on_note=note,
        )
        self._show(run)
        note_failures(features.failures)
        return ExitCode.of(left_out=features.failures)

    def _finetuned(
        self,
        labels: Labels,
        settings: dict[str, object],
        init: TrainedRanker,
        split: Split,
        features: Features,
    ) -> "TrainingRun":
        from phototriage.experiments.finetuning.run import finetuning_run

        names = [block.name for block in init.blocks]
        return finetuning_run(
            init,
            split,
            features,
            self.labels.photo_files(labels),
            self.ranker,
            self.finetuning,
            self.source.options,
            self.source.cache_dir,
            lambda ranker: self.labels.read_features(labels, self.source, names, (ranker,)),
            self.output_dir,
            settings,
            evaluated=labels.comparisons.in_series(split.test.series),
            resume=self.resume,
            watch=training_progress,
            on_note=note,
        )

    def _show(self, run: "TrainingRun") -> None:
        evaluation, ranker = run.evaluation, run.training.ranker
        called = "test series"
        if evaluation.in_sample:
            called = "IN-SAMPLE: all test series have photos used in training, which says little about others"
        elif evaluation.seen_series:
            called += f" ({evaluation.seen_series} with photos used in training are left out)"
        note(f"{called}: {extent(evaluation.report)}")
        dim = sum(block.dim for block in ranker.blocks)
        for text in (*cautions(evaluation.report), *ranker.config.cautions(dim)):
            note(text)
        print_evaluation(evaluation.report)
        note(
            f"best epoch {run.training.best_epoch}, {ranker.parameters:,} parameters; "
            f"everything is in {self.output_dir}"
        )


def default(arguments: Sequence[str]) -> Command:
    """The command's defaults, before its options are parsed."""
    return configured("train", Command, arguments)


def _note_steps(labels: Labels) -> None:
    """What each step of reading and filtering the labels kept."""
    for step in labels.steps:
        counts = {"rows": step.rows, "pairs": step.pairs, "series": step.series, "photos": step.photos}
        kept = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count is not None)
        note(f"labels: {step.name}: {kept}")


def _note_split(split: Split, config: MultiFeatureConfig) -> None:
    """What each side of the split holds, and what the filter keeps of the training side."""
    clear = filter_comparisons(split.train, config.min_agreement, config.min_reviewers)
    sides = {"training": split.train, "training, clear enough": clear}
    for name, side in (sides | {"validation": split.validation, "test": split.test}).items():
        note(f"split: {name}: {len(side):,} pairs, {len(side.series):,} series, {len(side.photos):,} photos")
