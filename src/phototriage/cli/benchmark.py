"""`phototriage benchmark`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
import yaml

from phototriage.cli.benchmark_inputs import BenchmarkPreset, check_labels, photo_files, read_presets
from phototriage.cli.exit_codes import SOME_FAILED
from phototriage.cli.feature_source import FeatureSource, OptionalPath
from phototriage.cli.label_source import LabelSource
from phototriage.cli.progress import note
from phototriage.cli.training_progress import training_progress
from phototriage.errors import FeatureError, LabelError, ModelError
from phototriage.features import DEFAULT_FEATURES, Features
from phototriage.features.table import read_feature_table
from phototriage.labels import Labels, Split, official_split
from phototriage.outputs import check_destinations, print_judgement, write_text
from phototriage.plain_values import plain_values
from phototriage.ranker import TrainedRanker, load_ranker

if TYPE_CHECKING:
    from phototriage.evaluation import Judgement
    from phototriage.experiments.benchmark import Official
    from phototriage.experiments.trained_baselines import Recipe

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """Train and judge on PhotoTriage, and write one report beside the published figures.

    Reads and matches the labels, measures the photos, trains each preset on all its features, on CLIP alone
    and on image quality alone, and judges on the official validation series and in folds over all series.
    report.md and report.json name filter, split, interval, fingerprint and version of every figure. What is
    finished is kept in the output folder and the feature store: after Ctrl-C the same command goes on.

    For instance,

      phototriage benchmark PhotoTriage --dry_run
      phototriage benchmark PhotoTriage
      phototriage benchmark PhotoTriage --feature_table iqa_scores.csv --on folds --allow_missing
    """

    root: Annotated[Path, tyro.conf.Positional]
    """The PhotoTriage release folder: pairlists, reviews or vote table, photos."""
    presets: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = ("full", "best")
    """Presets of `phototriage train`, or YAML files of settings. All differences are to the first, on all its
    features."""
    on: Annotated[tuple[Literal["official", "folds"], ...], tyro.conf.arg(metavar="NAME ...")] = (
        "official",
        "folds",
    )
    """official: learn from train_pairlist.txt, judge on val_pairlist.txt. folds: learn from all but one of
    --folds parts of all series, judge on that part, for every part."""
    folds: int = 5
    """Parts of the series."""
    photos: OptionalPath = None
    """The folder of the photos, where it is not in the release folder."""
    feature_table: OptionalPath = None
    """Ready features in place of photos, CSV or Parquet: series, photo, then a column per number."""
    allow_missing: bool = False
    """Go on where labelled photos are missing or cannot be read; their pairs are left out and counted."""
    dry_run: bool = False
    """Say what would be done and how long it would take, and do none of it."""
    output_dir: Path = Path("outputs/benchmark")
    """Gets report.md, report.json, and a run folder per training."""
    source: FeatureSource = field(default_factory=FeatureSource)

    def run(self) -> int:
        if not self.on:
            raise LabelError("--on needs official, folds, or both")
        presets = read_presets(self.presets, self.source)
        labels = LabelSource(root=self.root).labels()
        check_labels(labels, self.on, self.folds, {preset.config.seed for preset in presets})
        files = (
            {} if self.feature_table else photo_files(labels, self.photos, allow_missing=self.allow_missing)
        )
        if self.dry_run:
            from phototriage.cli.benchmark_plan import plan_lines

            table = read_feature_table(self.feature_table) if self.feature_table else None
            print("\n".join(plan_lines(labels, presets, files, table, self.on, self.folds)))
            print(f"the report would be {self.output_dir / 'report.md'}, and report.json beside it")
            return 0

        check_destinations(self.output_dir / "report.md")

        # Here, so that --help and mistakes in the options do not wait for torch.
        from phototriage.experiments.benchmark import recipes

        measured = [self._measured(labels, preset) for preset in presets]
        arms = [
            (preset, entry)
            for preset, features in zip(presets, measured, strict=True)
            for entry in recipes(preset.name, features, preset.config)
        ]
        entries = [entry for _, entry in arms]
        official, runs = self._official(labels, arms) if "official" in self.on else (None, {})
        folds = self._in_folds(labels, entries) if "folds" in self.on else None
        unmeasured = _unmeasured(labels, measured)
        self._write(labels, entries, runs, unmeasured, official, folds)
        return SOME_FAILED if unmeasured else 0

    def _measured(self, labels: Labels, preset: BenchmarkPreset) -> Features:
        inputs = LabelSource(root=self.root, photos=self.photos, feature_table=self.feature_table)
        features = inputs.read_features(labels, preset.source, DEFAULT_FEATURES)
        if not self.allow_missing and (lacking := _unmeasured(labels, [features])):
            raise FeatureError(
                f"{len(lacking):,} of {len(labels.comparisons.photos):,} labelled photos have no features, "
                f"the first is {next(iter(lacking))}: mend them, or go on without them by --allow_missing"
            )
        return features

    def _official(
        self, labels: Labels, arms: "list[tuple[BenchmarkPreset, Recipe]]"
    ) -> "tuple[Official, dict[str, str]]":
        """The judgement on the official validation, and the run folder of each training."""
        from phototriage.experiments.benchmark import judge_official
        from phototriage.experiments.inputs_digest import inputs_digest

        rankers: dict[str, TrainedRanker] = {}
        runs: dict[str, str] = {}
        for preset, entry in arms:
            comparisons = labels.comparisons.between(entry.features.photos)
            if not len(comparisons.in_series(labels.official_test_series)):
                raise FeatureError(
                    "not one pair of the official validation has features: measure its photos, or do without "
                    "by --on folds"
                )
            digest = inputs_digest(comparisons, entry.features, entry.config, folds=0)
            folder = self._runs / f"{entry.name.replace(': ', '-')}-{digest[:8]}"
            if (folder / "best_model.pt").exists():
                note(f"{entry.name}: was trained before")
                rankers[entry.name] = load_ranker(folder / "best_model.pt")
            else:
                note(f"{entry.name}: training on the official training series")
                split = official_split(
                    comparisons,
                    labels.official_test_series,
                    entry.config.seed,
                    contents=entry.features.content_hash_of,
                )
                rankers[entry.name] = _trained(split, entry, folder, self._settings(preset, entry))
            runs[entry.name] = str(folder.relative_to(self.output_dir))
        return judge_official(labels, [entry for _, entry in arms], rankers), runs

    def _in_folds(self, labels: Labels, entries: "list[Recipe]") -> "Judgement":
        from phototriage.experiments.ablation import ablate
        from phototriage.experiments.benchmark import judge_folds

        scorers = []
        for entry in entries:
            note(f"{entry.name}: {self.folds} folds")
            whole = {entry.name: range(entry.features.matrix.shape[1])}
            (trial,) = ablate(
                labels.comparisons, entry.features, whole, entry.config, self.folds, self._runs / "folds"
            )
            if trial.scorer is None:
                raise ModelError(f"{entry.name}: {trial.failure}")
            note(f"{entry.name}: {f'{trial.seconds:.0f} s' if trial.seconds else 'was finished before'}")
            scorers.append(trial.scorer)
        return judge_folds(labels, entries, scorers)

    @property
    def _runs(self) -> Path:
        # What another version trained is none of this version's figures.
        return self.output_dir / f"runs-{version('phototriage')}"

    def _settings(self, preset: BenchmarkPreset, entry: "Recipe") -> dict[str, Any]:
        """What `phototriage train --config` makes the same run of."""
        inputs = LabelSource(
            root=self.root.absolute(),
            photos=self.photos and self.photos.absolute(),
            feature_table=self.feature_table and self.feature_table.absolute(),
        )
        options = preset.source.options
        if options.weights_dir is not None:
            options = replace(options, weights_dir=options.weights_dir.absolute())
        measured = self.feature_table is None
        return {
            "ranker": plain_values(entry.config),
            "labels": plain_values(inputs),
            "features": [block.name for block in entry.features.blocks] if measured else None,
            "extractor": plain_values(options),
            "split": "official",
        }

    def _write(
        self,
        labels: Labels,
        entries: "list[Recipe]",
        runs: dict[str, str],
        unmeasured: dict[str, str],
        official: "Official | None",
        folds: "Judgement | None",
    ) -> None:
        from phototriage.experiments.benchmark_report import Benchmark, benchmark_json, benchmark_markdown
        from phototriage.outputs.made_by import made_by

        found = Benchmark(labels, entries, runs, unmeasured, official, folds, self.folds, made_by())
        write_text(benchmark_markdown(found), self.output_dir / "report.md")
        write_text(benchmark_json(found), self.output_dir / "report.json")
        for where, judgement in (
            ("On the official validation", official.unseen if official else None),
            (f"In {self.folds} folds over all series", folds),
        ):
            if judgement:
                print(f"\n{where}: {judgement.pairs:,} pairs of {judgement.series:,} series")
                print_judgement(judgement)
        note(f"the report is {self.output_dir / 'report.md'}, and report.json beside it")


def _trained(split: Split, entry: "Recipe", folder: Path, settings: dict[str, Any]) -> TrainedRanker:
    """Trains, and fills the run folder; its best_model.pt comes last."""
    from phototriage.evaluation import evaluate_ranker
    from phototriage.experiments.run_folder import write_predictions, write_run
    from phototriage.ranker.training import train

    with training_progress(entry.config.max_epochs) as (on_batches, on_epoch):
        training = train(split, entry.features, entry.config, on_epoch=on_epoch, on_batches=on_batches)
    write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), folder / "config.yaml")
    write_predictions(folder, training.ranker, split.test, entry.features)
    evaluation = evaluate_ranker(entry.name, training.ranker, split.test, entry.features)
    write_run(folder, training, evaluation)
    return training.ranker


def _unmeasured(labels: Labels, measured: Sequence[Features]) -> dict[str, str]:
    """Labelled photos without features, and the reason where it is known."""
    reasons = {each.photo: each.reason for features in measured for each in features.failures}
    return {
        photo: reasons.get(photo, "")
        for photo in labels.comparisons.photos
        if not all(photo in features for features in measured)
    }
