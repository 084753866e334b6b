"""`phototriage evaluate`."""

from dataclasses import dataclass, field
from pathlib import Path

from phototriage.cli.feature_source import FeatureSource, OptionalInt, OptionalPath
from phototriage.cli.label_source import LabelSource
from phototriage.cli.progress import note
from phototriage.errors import FeatureError, LabelError
from phototriage.evaluation import Judgement, Scorer, baselines, evaluate_ranker, judge
from phototriage.features.table import read_score_table
from phototriage.labels import Labels
from phototriage.outputs import STDOUT, judgement_json, print_judgement, write_text
from phototriage.ranker import load_embedded_ranker, load_ranker

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """Judge a ranker, or anyone's scores, against preferences.

    One table: the ranker, a coin, every single number and their fixed mix, each figure with a 95 % interval
    over series. Series that the ranker was trained on are left out, or the table is called in-sample.

    For instance,

      phototriage evaluate --root PhotoTriage --feature_table iqa_scores.csv
      phototriage evaluate --root PhotoTriage --feature_table iqa_scores.csv --folds 5
      phototriage evaluate --comparisons my_choices.csv --photos ~/Pictures --model my_ranker.pt
      phototriage evaluate --root PhotoTriage --scores other_tool.csv
    """

    labels: LabelSource = field(default_factory=LabelSource)
    source: FeatureSource = field(default_factory=FeatureSource)
    model: OptionalPath = None
    """The ranker to judge, .pt or .safetensors; without it the embedded one."""
    scores: OptionalPath = None
    """Judge these scores in place of a ranker: a CSV of series, photo, score."""
    folds: OptionalInt = None
    """Judge the ranker's recipe in place of the ranker: train it anew on all but one of this many parts of
    the series, judge it on that part, for every part."""
    json: OptionalPath = None
    """Write the judgement as JSON; - for standard output."""

    def run(self) -> int:
        if self.scores and (self.folds or self.model):
            raise FeatureError("--scores are judged as they are: give them without --model and --folds")
        if self.folds is not None and self.folds < 2:
            raise LabelError(f"--folds must be at least 2, not {self.folds}")
        labels = self.labels.labels()
        judgement, about = self._scores(labels, self.scores) if self.scores else self._ranker(labels)
        left_out = f", {judgement.uncovered_pairs} pairs left out" if judgement.uncovered_pairs else ""
        note(
            f"{about['judged']}: {judgement.pairs} pairs of {judgement.series} series "
            f"({judgement.clear_pairs} with p ≥ 0.7; top-1 on {judgement.complete_series} complete series)"
            f"{left_out}"
        )
        if self.json != STDOUT:
            print_judgement(judgement)
        if self.json:
            write_text(judgement_json(judgement, labels=labels.kind, **about), self.json)
        return 0

    def _scores(self, labels: Labels, path: Path) -> tuple[Judgement, dict[str, str | int | bool]]:
        table = read_score_table(path)
        for failure in table.failures:
            note(f"left out: {failure.photo}: {failure.reason}")
        coin, score = baselines(table)
        judged = judge(labels.comparisons, [coin, Scorer(path.stem, score.scores)])
        return judged, {"judged": f"scores in {path}"}

    def _ranker(self, labels: Labels) -> tuple[Judgement, dict[str, str | int | bool]]:
        ranker = load_ranker(self.model) if self.model else load_embedded_ranker()
        name = self.model.stem if self.model else "embedded ranker"
        features = self.labels.read_features(labels, self.source, [block.name for block in ranker.blocks])
        if self.folds:
            from phototriage.evaluation.cross_validation import cross_validated

            fresh = cross_validated(
                f"{name}, trained anew",
                labels.comparisons,
                features,
                ranker.config,
                self.folds,
                on_fold=lambda fold: note(f"fold {fold} of {self.folds} done"),
            )
            judgement = judge(labels.comparisons, [*baselines(features), fresh])
            return judgement, {"judged": f"{self.folds}-fold over series", "folds": self.folds}
        evaluation = evaluate_ranker(name, ranker, labels.comparisons, features)
        judged = f"{name} on series it never saw"
        if evaluation.in_sample:
            judged = f"IN-SAMPLE: {name} was trained on all these series, which says little about others"
        elif evaluation.seen_series:
            judged += f" ({evaluation.seen_series} that it was trained on are left out)"
        return evaluation.judgement, {
            "judged": judged,
            "in_sample": evaluation.in_sample,
            "seen_series": evaluation.seen_series,
        }
