"""`phototriage evaluate`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import tyro

from phototriage.cli.feature_source import FeatureSource, OptionalInt, OptionalPath
from phototriage.cli.label_source import LabelSource
from phototriage.cli.progress import note, note_failures
from phototriage.errors import OptionError
from phototriage.evaluation import worst_mistakes
from phototriage.exit_code import ExitCode
from phototriage.experiments.evaluation_run import EvaluationRun, block_names, evaluation_run
from phototriage.extras import require
from phototriage.labels import Labels
from phototriage.outputs import (
    STDOUT,
    cautions,
    check_destinations,
    evaluation_json,
    evaluation_markdown,
    extent,
    lead_sentence,
    print_evaluation,
    print_kinds,
    write_text,
)

__all__ = ["Command"]

_SCORES = (".csv", ".parquet")


@dataclass(frozen=True)
class Command:
    """Evaluate a ranker, or any scores, against preferences.

    Prints one table. Its rows are chance, single numbers and their fixed mix, networks trained with the
    ranker's config (CLIP only, IQA only, listwise loss), the ranker, and the ceiling set by label noise. Each
    figure has a 95 % interval over series, and the table shows how far the ranker leads. Series that the
    ranker was trained on are left out; if that is not possible, the table is labeled in-sample.

    Examples:

      phototriage evaluate --root PhotoTriage --feature_table iqa_scores.csv
      phototriage evaluate --root PhotoTriage --feature_table iqa_scores.csv --folds 5 --markdown report.md
      phototriage evaluate --comparisons my_choices.csv --photos ~/Pictures --model mine.pt --plots figures
      phototriage evaluate --root PhotoTriage --scores other_tool.csv --against third_tool.csv
    """

    labels: LabelSource = field(default_factory=LabelSource)
    source: FeatureSource = field(default_factory=FeatureSource)
    model: OptionalPath = None
    """The ranker to evaluate: .pt, .safetensors, or a run folder. The default is the embedded ranker."""
    scores: OptionalPath = None
    """Evaluate these scores instead of a ranker: CSV or Parquet with series, photo, score."""
    against: OptionalPath = None
    """Another ranker, or other scores (.csv or .parquet), to compare on the same pairs."""
    folds: OptionalInt = None
    """Evaluate the ranker's recipe instead of the ranker, by cross-validation with this many folds over the
    series."""
    no_baselines: bool = False
    """Do not train networks for comparison."""
    thresholds: Annotated[tuple[float, ...], tyro.conf.arg(metavar="SHARE ...")] = ()
    """Also report accuracy on pairs where at least this share of people agree, 0.5 to 1; 0.7 is always
    reported."""
    json: OptionalPath = None
    """Write the figures as JSON; - for standard output."""
    markdown: OptionalPath = None
    """Write a report in Markdown; - for standard output."""
    plots: OptionalPath = None
    """Write charts to this folder: calibration, accuracy by kind of pair, the worst mistakes."""
    worst: int = 12
    """Number of worst mistakes to report and draw."""

    def run(self) -> int:
        self._check()
        labels = self.labels.labels()
        others = [self.against] if self.against else []
        tables = [path for path in others if path.suffix.lower() in _SCORES]
        run = evaluation_run(
            labels,
            [self.scores or self.model, *others],
            lambda rankers: self.labels.read_features(
                labels, self.source.for_rankers(rankers), block_names(rankers)
            ),
            score_tables=[*filter(None, [self.scores]), *tables],
            folds=self.folds,
            with_baselines=not self.no_baselines,
            thresholds=self.thresholds,
            strict=self.labels.strict,
            measured=None if self.labels.feature_table else self.source.options,
            on_note=note,
        )
        notes = [*run.notes, *cautions(run.report)]
        note(f"{run.about['judged']}: {extent(run.report)}")
        for text in notes:
            note(text)
        if self.against:
            for figure in ("accuracy", "accuracy_clear"):
                note(lead_sentence(run.report, run.names[1], figure))
        self._write(run, labels, notes)
        note_failures(run.failures)
        return ExitCode.of(left_out=run.failures)

    def _check(self) -> None:
        if self.folds or self.plots:
            require("train")
        if self.scores and self.model:
            raise OptionError("--scores are evaluated in place of a ranker: give them without --model")
        if self.folds is not None and self.folds < 2:
            raise OptionError(f"--folds must be at least 2, not {self.folds}")
        if self.folds and self.scores:
            raise OptionError("--scores are evaluated as they are: give them without --folds")
        if self.worst < 0:
            raise OptionError(f"--worst must be at least 0, not {self.worst}")
        for threshold in self.thresholds:
            if not 0.5 <= threshold <= 1:
                raise OptionError(f"--thresholds are shares of people, 0.5 to 1, not {threshold:g}")
        if (self.json, self.markdown, self.source.failures).count(STDOUT) > 1:
            raise OptionError("only one of --json, --markdown and --failures can go to standard output")
        plot = self.plots / "accuracy_by_kind.png" if self.plots else None
        check_destinations(self.json, self.markdown, plot)

    def _write(self, run: EvaluationRun, labels: Labels, notes: Sequence[str]) -> None:
        mistakes = worst_mistakes(run.comparisons, run.scorer, self.worst)
        if self.json:
            text = evaluation_json(run.report, mistakes, labels=labels.kind, notes=list(notes), **run.about)
            write_text(text, self.json)
        if self.markdown:
            title = f"Evaluation: {run.about['judged']}"
            write_text(evaluation_markdown(run.report, title, notes, mistakes), self.markdown)
        if self.plots:
            # Imported here so that runs without charts do not wait for matplotlib.
            from phototriage.experiments.evaluation_plots import write_evaluation_plots

            folder = self.labels.photos or labels.photo_root
            photos = labels.photo_files(folder) if folder else None
            write_evaluation_plots(run.report, mistakes, photos, self.plots, note)
        if STDOUT not in (self.json, self.markdown, self.source.failures):
            print_evaluation(run.report)
            print_kinds(run.report)
