"""`phototriage benchmark`."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

import tyro

from phototriage.cli.feature_source import FeatureSource, OptionalPath
from phototriage.cli.label_source import LabelSource
from phototriage.cli.progress import note
from phototriage.cli.training_progress import training_progress
from phototriage.errors import OptionError
from phototriage.exit_code import ExitCode
from phototriage.experiments.benchmark_inputs import (
    BenchmarkPreset,
    check_labels,
    default_parts,
    photo_files,
    read_presets,
)
from phototriage.extras import require
from phototriage.features import Features, default_features
from phototriage.features.table import read_feature_table
from phototriage.outputs import check_destinations, print_evaluation
from phototriage.plain_values import plain_values

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """Train and evaluate on PhotoTriage, and write one report that includes the published figures.

    Reads and matches the labels and measures the photos. Trains each preset on all its features, on CLIP
    alone and on image quality alone. Evaluates on the official validation series, on the test series of
    FGAesthetics' Natural, and in folds over all series. report.md and report.json state the filter, split,
    interval, fingerprint and version of every figure. Finished work stays in the output folder and the
    feature store, so the same command continues after Ctrl-C.

    Examples:

      phototriage benchmark PhotoTriage --dry_run
      phototriage benchmark PhotoTriage
      phototriage benchmark FGAesthetics
      phototriage benchmark PhotoTriage --feature_table iqa_scores.csv --on folds --allow_missing
    """

    root: Annotated[Path, tyro.conf.Positional]
    """The PhotoTriage release folder (pairlists, reviews or vote table, photos), the folder of FGAesthetics'
    Natural (natural_train.txt, natural_val.txt, natural_test.txt, photos), or one folder with both."""
    presets: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = ("full", "best")
    """Presets of `phototriage train`, or YAML files with settings. The first, on all its features, is the
    reference for all differences."""
    on: Annotated[
        tuple[Literal["official", "natural", "folds"], ...] | None, tyro.conf.arg(metavar="NAME ...")
    ] = None
    """official: train on train_pairlist.txt and evaluate on val_pairlist.txt. natural: train on
    natural_train.txt, stop by natural_val.txt and evaluate on natural_test.txt. folds: cross-validate over
    all series. By default all that the labels allow."""
    folds: int = 5
    """Number of folds."""
    photos: OptionalPath = None
    """The folder of the photos, if it is not in the release folder. They are found by their names or, in any
    folder below, by their numbers."""
    feature_table: OptionalPath = None
    """Use these precomputed features instead of photos: CSV or Parquet with series, photo, and one column per
    number."""
    allow_missing: bool = False
    """Continue if labeled photos are missing or unreadable; their pairs are left out and counted."""
    dry_run: bool = False
    """Show the steps and how long they would take, without doing them."""
    output_dir: Path = Path("outputs/benchmark")
    """The folder for report.md, report.json, and one run folder per training run."""
    source: FeatureSource = field(default_factory=FeatureSource)

    def run(self) -> int:
        if not self.dry_run:
            require("train")
        if self.on is not None and not self.on:
            raise OptionError("--on needs official, natural, folds, or several of them")
        presets = read_presets(self.presets, self.source.features, self.source.options)
        inputs = LabelSource(root=self.root, photos=self.photos, feature_table=self.feature_table)
        labels = inputs.labels()
        on = default_parts(labels) if self.on is None else self.on
        check_labels(labels, on, self.folds, {preset.config.seed for preset in presets})
        files = (
            {} if self.feature_table else photo_files(labels, self.photos, allow_missing=self.allow_missing)
        )
        if self.dry_run:
            from phototriage.experiments.benchmark_plan import plan_lines

            table = read_feature_table(self.feature_table) if self.feature_table else None
            cache_dir = self.source.cache_dir
            print("\n".join(plan_lines(labels, presets, files, table, on, self.folds, cache_dir)))
            print(f"the report would be {self.output_dir / 'report.md'}, and report.json beside it")
            return ExitCode.DONE

        check_destinations(self.output_dir / "report.md")

        # Imported here so that --help and option errors do not wait for torch.
        from phototriage.experiments.benchmark import run_benchmark
        from phototriage.experiments.benchmark_report import write_benchmark

        def read_features(preset: BenchmarkPreset) -> Features:
            source = replace(self.source, features=preset.features, options=preset.options)
            return inputs.read_features(labels, source, default_features(source.options))

        benchmark = run_benchmark(
            labels,
            presets,
            read_features,
            self.output_dir,
            on=on,
            folds=self.folds,
            allow_missing=self.allow_missing,
            labels_section=plain_values(inputs.absolute()),
            measured=self.feature_table is None,
            watch=training_progress,
            on_note=note,
        )
        write_benchmark(benchmark, self.output_dir)
        for where, report in (
            ("On the official validation", benchmark.official.unseen if benchmark.official else None),
            ("On the test of Natural", benchmark.natural.unseen if benchmark.natural else None),
            (f"In {self.folds} folds over all series", benchmark.folds),
        ):
            if report:
                print(f"\n{where}: {report.pairs:,} pairs of {report.series:,} series")
                print_evaluation(report)
        note(f"the report is {self.output_dir / 'report.md'}, and report.json beside it")
        return ExitCode.of(left_out=benchmark.unmeasured)
