"""`phototriage ablate`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from phototriage.cli.configuration import configured
from phototriage.cli.feature_source import FeatureSource, OptionalPath
from phototriage.cli.label_source import LabelSource
from phototriage.cli.progress import note
from phototriage.errors import FeatureError, OptionError
from phototriage.exit_code import ExitCode
from phototriage.experiments.subsets import chosen_subsets, default_subsets, feature_parts, measured_for
from phototriage.extras import require
from phototriage.features import EXTRACTORS, Features
from phototriage.features.options import ResnetLayer
from phototriage.labels import Labels
from phototriage.outputs import STDOUT, check_destinations, write_text
from phototriage.ranker.config import MultiFeatureConfig

if TYPE_CHECKING:
    from phototriage.experiments.ablation import Ablation

__all__ = ["Command", "default"]

_PRESET = "best"


@dataclass(frozen=True)
class Command:
    """Compare subsets of the features by how well they order photos as people do.

    Trains the same recipe on each subset, in the same folds over series. Ranks the subsets by accuracy, each
    with a 95 % interval over series and its difference from all features on the same series. By default it
    tries every subset of clip, resnet, iqa and iqa_plus. It also tries other ResNet layers, alone and with
    all other features. For a --feature_table it tries subsets of the blocks, or of the columns if there is
    only one block. Features are measured once, and finished subsets stay in the output folder.

    Examples:

      phototriage ablate --root PhotoTriage
      phototriage ablate --comparisons my_choices.csv --photos ~/Pictures --subsets iqa iqa_plus iqa+iqa_plus
      phototriage ablate --root PhotoTriage --feature_table iqa_scores.csv
    """

    preset: Annotated[str, tyro.conf.arg(metavar="NAME")] = "best"
    """Predefined training settings; with layernorm, large blocks drown small ones."""
    config: OptionalPath = None
    """Settings from a YAML file, such as the config.yaml of a run. They override the preset; options on the
    command line override both."""
    output_dir: Path = Path("outputs/ablation")
    """The folder for the chart, ablation.png, and the finished subsets."""
    subsets: Annotated[tuple[str, ...] | None, tyro.conf.arg(metavar="A+B ...")] = None
    """Try only these subsets, with + between the parts: clip, resnet, layer1 to layer4 (of ResNet), iqa,
    iqa_plus, or the parts of a feature table."""
    layers: Annotated[tuple[ResnetLayer, ...], tyro.conf.arg(metavar="LAYER ...")] = (
        "layer2",
        "layer3",
        "layer4",
    )
    """ResNet layers to try by default; the part `resnet` means those of --resnet_layers."""
    folds: int = 5
    """Number of folds; each fold is evaluated with a ranker trained on the others."""
    json: OptionalPath = None
    """Write the result as JSON; - for standard output."""
    markdown: OptionalPath = None
    """Write the table as Markdown; - for standard output."""
    labels: LabelSource = field(default_factory=LabelSource)
    source: FeatureSource = field(default_factory=FeatureSource)
    ranker: MultiFeatureConfig = field(default_factory=MultiFeatureConfig)

    def run(self) -> int:
        require("train")
        if self.folds < 2:
            raise OptionError(f"--folds must be at least 2, not {self.folds}")
        if self.json == self.markdown == STDOUT:
            raise OptionError("only one of --json and --markdown can go to standard output")
        if self.subsets is not None and (self.source.features or not self.subsets):
            raise OptionError("give --subsets A+B ... or --features: the former say what is measured")
        check_destinations(self.json, self.markdown, self.output_dir / "ablation.png")
        labels = self.labels.labels()
        features = self._features(labels)
        parts = feature_parts(features, self.source.options.resnet_layers)
        if "resnet" in parts:
            note(f"resnet stands for {' and '.join(self.source.options.resnet_layers)}")
        subsets = chosen_subsets(parts, self.subsets) if self.subsets else default_subsets(parts)

        # Imported here so that --help and option errors do not wait for torch.
        from phototriage.experiments.ablation import Trial, ablate, evaluate_ablation

        trials: list[Trial] = []
        try:
            for trial in ablate(
                labels.comparisons, features, subsets, self.ranker, self.folds, self.output_dir / "trials"
            ):
                trials.append(trial)
                anew = [each.seconds for each in trials if each.seconds]
                left = (len(subsets) - len(trials)) * sum(anew) / max(len(anew), 1)
                how = trial.failure or (f"{trial.seconds:.0f} s" if trial.seconds else "was finished before")
                note(f"{len(trials)} of {len(subsets)}: {trial.subset}: {how}; about {left:.0f} s left")
        finally:  # also after Ctrl-C
            if any(trial.scorer for trial in trials):
                self._show(evaluate_ablation(labels.comparisons, trials, next(iter(subsets)), self.folds))
        if not any(trial.scorer for trial in trials):
            raise FeatureError(f"not one subset could be trained; the first: {trials[0].failure}")
        return ExitCode.of(left_out=features.failures)

    def _features(self, labels: Labels) -> Features:
        """The features of all subsets, with all layers of ResNet from one pass."""
        if self.labels.feature_table is not None:
            return self.labels.read_features(labels, self.source, ())
        options = self.source.options
        if self.subsets:
            names, layers = measured_for(self.subsets, options.resnet_layers)
        else:
            names = self.source.features or tuple(
                name for name, spec in EXTRACTORS.items() if spec.judges_quality and spec.available(options)
            )
            layers = tuple(sorted({*options.resnet_layers, *self.layers}))
        if layers:
            options = replace(options, resnet_layers=layers)
        source = replace(self.source, features=names, options=options)
        return self.labels.read_features(labels, source, names)

    def _show(self, ablation: "Ablation") -> None:
        from phototriage.experiments.ablation_report import (
            ablation_chart,
            ablation_json,
            ablation_markdown,
            print_ablation,
        )

        if self.json:
            write_text(ablation_json(ablation), self.json)
        if self.markdown:
            write_text(ablation_markdown(ablation), self.markdown)
        ablation_chart(ablation, self.output_dir / "ablation.png")
        note(f"drew {self.output_dir / 'ablation.png'}")
        if STDOUT not in (self.json, self.markdown):
            print_ablation(ablation)


def default(arguments: Sequence[str]) -> Command:
    """The command's defaults, before its options are parsed."""
    return configured("ablate", Command, arguments)
