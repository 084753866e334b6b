"""`phototriage train`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from phototriage.cli.defaults import OwnDefaults
from phototriage.cli.feature_source import FeatureSource, OptionalPath
from phototriage.cli.label_source import LabelSource, split_as
from phototriage.cli.progress import note, note_failures
from phototriage.cli.standard_output import SOME_FAILED
from phototriage.cli.training_progress import training_progress
from phototriage.errors import OutputError
from phototriage.extras import require
from phototriage.features import DEFAULT_FEATURES, Features
from phototriage.labels import Comparisons, Split
from phototriage.outputs import cautions, check_destinations, extent, print_evaluation
from phototriage.plain_values import plain_values, with_values
from phototriage.ranker.config import MultiFeatureConfig
from phototriage.ranker.presets import read_preset, read_settings

__all__ = ["Command", "default"]


_OUTPUT_DIR = Path("outputs/phototriage_multifeature")
_Split = Literal["random", "official"]


@dataclass(frozen=True)
class Command:
    """Train a ranker on preferences.

    Splits the preferences by series, trains, keeps the best epoch by validation accuracy, calibrates, and
    judges on the series held out. The run folder gets config.yaml, best_model.pt, training_log.csv,
    training_curves.png, test_results.json and test_predictions.csv.

    For instance,

      phototriage train --root PhotoTriage
      phototriage train --comparisons choices.csv --photos ~/Pictures --preset best --output_dir outputs/mine
      phototriage train --config outputs/mine/config.yaml --output_dir outputs/again
    """

    preset: Annotated[str, tyro.conf.arg(metavar="NAME")] = "full"
    """Ready-made settings: full, quick and deep are the specification's, best is what wins on real data."""
    config: OptionalPath = None
    """Settings from a YAML file, as every run leaves one, over those of the preset; options given here are
    over both."""
    output_dir: Path = _OUTPUT_DIR
    """The run folder."""
    resume: bool = False
    """Go on with the interrupted run in that folder, by the settings it was begun with."""
    overwrite: bool = False
    """Replace the run in that folder."""
    split: _Split = "random"
    """random: 80/10/10 by series and seed. official: the released validation series are the test."""
    labels: LabelSource = field(default_factory=LabelSource)
    source: FeatureSource = field(default_factory=FeatureSource)
    ranker: MultiFeatureConfig = field(default_factory=MultiFeatureConfig)

    def run(self) -> int:
        require("train")
        if self.resume and self.overwrite:
            raise OutputError("give --resume or --overwrite, not both")
        interrupted = (self.output_dir / "last_state.pt").exists()
        if not self.overwrite and not interrupted and (self.output_dir / "best_model.pt").exists():
            if self.resume:
                note(f"the run in {self.output_dir} is finished: there is nothing to go on with")
                return 0
            raise OutputError(
                f"{self.output_dir} holds a finished run: choose another --output_dir, or --overwrite it"
            )
        if interrupted and not (self.resume or self.overwrite):
            raise OutputError(
                f"{self.output_dir} holds an interrupted run: go on with it by --resume, or --overwrite it"
            )
        check_destinations(self.output_dir / "best_model.pt")
        labels = self.labels.labels()
        features = self.labels.read_features(labels, self.source, DEFAULT_FEATURES)
        split = split_as(self.split, labels, features, self.ranker.seed)
        # Judged on all pairs of the test series, as `evaluate` does, and not on those with features alone.
        self._train(split, labels.comparisons.in_series(split.test.series), features)
        note_failures(features.failures)
        return SOME_FAILED if features.failures else 0

    def _train(self, split: Split, judged: Comparisons, features: Features) -> None:
        # Here, so that --help and mistakes in the options do not wait for torch.
        from phototriage.evaluation import evaluate_ranker
        from phototriage.experiments.run_folder import (
            read_last_state,
            write_last_state,
            write_predictions,
            write_run,
        )
        from phototriage.ranker.training import train

        if not self.resume:
            # What is overwritten must not be gone on with, should this run end before its first state.
            (self.output_dir / "last_state.pt").unlink(missing_ok=True)
        state = read_last_state(self.output_dir) if self.resume else None
        if state is not None:
            note(f"going on after epoch {len(state.epochs)}")
        elif self.resume:
            note(f"there is no interrupted run in {self.output_dir}: starting one")
        with training_progress(self.ranker.max_epochs) as (on_batches, on_epoch):
            training = train(
                split,
                features,
                self.ranker,
                on_epoch=on_epoch,
                on_batches=on_batches,
                on_state=lambda state: write_last_state(self.output_dir, state, self._settings()),
                state=state,
            )
        evaluation = evaluate_ranker("this ranker", training.ranker, judged, features)
        write_predictions(self.output_dir, training.ranker, split.test, features)
        write_run(self.output_dir, training, evaluation)
        called = "test series"
        if evaluation.in_sample:
            called = "IN-SAMPLE: all test series hold photos learned from, which says little about others"
        elif evaluation.seen_series:
            called += f" ({evaluation.seen_series} that hold photos learned from are left out)"
        note(f"{called}: {extent(evaluation.report)}")
        for text in cautions(evaluation.report):
            note(text)
        print_evaluation(evaluation.report)
        note(f"best epoch {training.best_epoch}; everything is in {self.output_dir}")

    def _settings(self) -> dict[str, Any]:
        """All that decides the result, in the sections of a YAML file; paths from the root of the disk."""
        paths = {
            name: path.absolute()
            for name in ("root", "comparisons", "photos", "feature_table")
            if (path := getattr(self.labels, name)) is not None
        }
        measured, options = self.labels.feature_table is None, self.source.options
        if options.weights_dir is not None:
            options = replace(options, weights_dir=options.weights_dir.absolute())
        return {
            "ranker": plain_values(self.ranker),
            "labels": plain_values(replace(self.labels, **paths)),
            "features": list(self.source.features or DEFAULT_FEATURES) if measured else None,
            "extractor": plain_values(options),
            "split": self.split,
        }


def default(
    arguments: Sequence[str], own: OwnDefaults | None = None, preset: str = Command.preset
) -> Command:
    """The command before its options are read, weakest first: the preset's settings, one's own defaults, the
    preset given among the arguments, the config file.

    `own`: those of another command that trains, `preset`: the one it takes by default. Raises ModelError for
    a preset that is none, and a setting that is none or cannot be.
    """
    own = own or OwnDefaults("train", Command, arguments)
    command = own.over(Command(preset=preset))
    command = own.over(_with_sections(command, read_preset(command.preset), f"preset {command.preset}"))
    chosen = _given(arguments, "preset")
    if chosen is not None:
        command = _with_sections(replace(command, preset=chosen), read_preset(chosen), f"preset {chosen}")
    path = _given(arguments, "config") or command.config
    last = Path(_given(arguments, "output_dir") or command.output_dir) / "config.yaml"
    if path is None and _given(arguments, "resume") is not None and last.exists():
        path = last
    if path is None:
        return command
    sections = read_settings(Path(path))
    if any(_given(arguments, name) is not None for name in ("root", "comparisons")):
        sections.pop("labels", None)
    if {"root", "comparisons"} & set(sections.get("labels") or ()):
        command = replace(command, labels=LabelSource())  # other data: nothing of them goes with these
    return _with_sections(command, sections, str(path))


def _given(arguments: Sequence[str], option: str) -> str | None:
    """What follows an option's last place among the arguments, maybe nothing; None where it is not given."""
    for place, argument in reversed([*enumerate(arguments)]):
        name, equals, value = argument.partition("=")
        if name.startswith("--") and name.replace("-", "_") == f"__{option}":
            return value if equals else next(iter(arguments[place + 1 : place + 2]), "")
    return None


def _with_sections(command: Command, sections: dict[str, Any], where: str) -> Command:
    source = command.source
    top = {name: sections[name] for name in ("split",) if name in sections}
    measuring = {name: sections[name] for name in ("features",) if name in sections}
    return replace(
        with_values(command, top, where),
        ranker=with_values(command.ranker, sections.get("ranker", {}), f"{where}, ranker"),
        labels=with_values(command.labels, sections.get("labels", {}), f"{where}, labels"),
        source=replace(
            with_values(source, measuring, where),
            options=with_values(source.options, sections.get("extractor", {}), f"{where}, extractor"),
        ),
    )
