"""`phototriage evaluate`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.cli.contest import Contest
from phototriage.cli.feature_source import FeatureSource, OptionalInt, OptionalPath
from phototriage.cli.label_source import LabelSource
from phototriage.cli.progress import note, note_failures
from phototriage.cli.standard_output import SOME_FAILED
from phototriage.errors import FeatureError, LabelError, OutputError
from phototriage.evaluation import EvaluationReport, Mistake, evaluate_scorers, worst_mistakes
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
    """Judge a ranker, or anyone's scores, against preferences.

    One table: a coin, single numbers and their fixed mix, networks trained by the ranker's own config (CLIP
    only, IQA only, listwise loss), the ranker, and what noise in the labels allows; each figure with a 95 %
    interval over series, and how far the ranker leads. Series that the ranker was trained on are left out, or
    the table is called in-sample.

    For instance,

      phototriage evaluate --root PhotoTriage --feature_table iqa_scores.csv
      phototriage evaluate --root PhotoTriage --feature_table iqa_scores.csv --folds 5 --markdown report.md
      phototriage evaluate --comparisons my_choices.csv --photos ~/Pictures --model mine.pt --plots figures
      phototriage evaluate --root PhotoTriage --scores other_tool.csv --against third_tool.csv
    """

    labels: LabelSource = field(default_factory=LabelSource)
    source: FeatureSource = field(default_factory=FeatureSource)
    model: OptionalPath = None
    """The ranker to judge, .pt, .safetensors, or the folder of a run; without it the embedded one."""
    scores: OptionalPath = None
    """Judge these scores in place of a ranker: CSV or Parquet of series, photo, score."""
    against: OptionalPath = None
    """Another ranker, or other scores, .csv or .parquet, to compare with on the same pairs."""
    folds: OptionalInt = None
    """Judge the ranker's recipe in place of the ranker: train it anew on all but one of this many parts of
    the series, judge it on that part, for every part."""
    no_baselines: bool = False
    """Train no networks to compare with."""
    thresholds: Annotated[tuple[float, ...], tyro.conf.arg(metavar="SHARE ...")] = ()
    """Accuracy also where at least this share of people agree, 0.5 to 1; 0.7 is always there."""
    json: OptionalPath = None
    """Write the figures as JSON; - for standard output."""
    markdown: OptionalPath = None
    """Write a report in Markdown; - for standard output."""
    plots: OptionalPath = None
    """Write pictures into this folder: calibration, accuracy by kind of pair, the worst mistakes."""
    worst: int = 12
    """How many of the worst mistakes to report and draw."""

    def run(self) -> int:
        self._check()
        labels = self.labels.labels()
        others = [self.against] if self.against else []
        contest = Contest(
            labels,
            self.labels,
            self.source,
            [self.scores or self.model, *others],
            [*filter(None, [self.scores]), *(path for path in others if path.suffix.lower() in _SCORES)],
            self.folds,
            with_baselines=not self.no_baselines,
        )
        judged, scorers, about = contest.scorers()
        report = evaluate_scorers(judged, scorers, reference=contest.names[0], thresholds=self.thresholds)
        notes = [*contest.notes, *cautions(report)]
        note(f"{about['judged']}: {extent(report)}")
        for text in notes:
            note(text)
        if self.against:
            for figure in ("accuracy", "accuracy_clear"):
                note(lead_sentence(report, contest.names[1], figure))
        main = next(scorer for scorer in scorers if scorer.name == report.reference)
        mistakes = worst_mistakes(judged, main, self.worst)
        self._write(report, labels, mistakes, notes, about)
        note_failures(contest.failures)
        return SOME_FAILED if contest.failures else 0

    def _check(self) -> None:
        if self.folds or self.plots:
            require("train")
        if self.scores and self.model:
            raise FeatureError("--scores are judged in place of a ranker: give them without --model")
        if self.folds is not None and self.folds < 2:
            raise LabelError(f"--folds must be at least 2, not {self.folds}")
        if self.folds and self.scores:
            raise FeatureError("--scores are judged as they are: give them without --folds")
        if self.worst < 0:
            raise OutputError(f"--worst must be at least 0, not {self.worst}")
        for threshold in self.thresholds:
            if not 0.5 <= threshold <= 1:
                raise LabelError(f"--thresholds are shares of people, 0.5 to 1, not {threshold:g}")
        if (self.json, self.markdown, self.source.failures).count(STDOUT) > 1:
            raise OutputError("only one of --json, --markdown and --failures can go to standard output")
        plot = self.plots / "accuracy_by_kind.png" if self.plots else None
        check_destinations(self.json, self.markdown, plot)

    def _write(
        self,
        report: EvaluationReport,
        labels: Labels,
        mistakes: Sequence[Mistake],
        notes: Sequence[str],
        about: dict[str, str | int | bool],
    ) -> None:
        if self.json:
            text = evaluation_json(report, mistakes, labels=labels.kind, notes=list(notes), **about)
            write_text(text, self.json)
        if self.markdown:
            title = f"Evaluation: {about['judged']}"
            write_text(evaluation_markdown(report, title, notes, mistakes), self.markdown)
        if self.plots:
            self._draw(report, mistakes, self.labels.photos or labels.photo_root, self.plots)
        if STDOUT not in (self.json, self.markdown, self.source.failures):
            print_evaluation(report)
            print_kinds(report)

    def _draw(
        self, report: EvaluationReport, mistakes: Sequence[Mistake], photos: Path | None, folder: Path
    ) -> None:
        # Here, so that nobody waits for matplotlib who wants no pictures.
        from phototriage.experiments.evaluation_plots import kinds_plot, reliability_plot
        from phototriage.experiments.mistakes_sheet import mistakes_sheet

        name = report.reference or ""
        if report.scorer(name).reliability:
            reliability_plot(report, folder / "reliability.png")
        others = [scorer for scorer in report.scorers if scorer.name not in (name, "coin")]
        best = max(others, key=lambda scorer: _accuracy(report, scorer.name), default=None)
        kinds_plot(report, [best.name] if best else [], folder / "accuracy_by_kind.png")
        if photos is None:
            note("no contact sheet of the worst mistakes: where the photos lie is not known, give --photos")
        elif mistakes:
            files = {photo: photos / photo for each in mistakes for photo in (each.preferred, each.other)}
            mistakes_sheet(name, mistakes, files, folder / "worst_mistakes.png")
        note(f"pictures are in {folder}")


def _accuracy(report: EvaluationReport, name: str) -> float:
    accuracy = report.scorer(name).figures["accuracy"]
    return accuracy.value if accuracy else 0.0
