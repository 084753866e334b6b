"""`phototriage train`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from phototriage.cli.feature_source import FeatureSource
from phototriage.cli.label_source import LabelSource
from phototriage.cli.progress import note
from phototriage.errors import OutputError
from phototriage.features import DEFAULT_FEATURES
from phototriage.labels import official_split, split_by_series
from phototriage.outputs import print_judgement
from phototriage.ranker.config import MultiFeatureConfig

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """Train a ranker on preferences.

    Splits the preferences by series, trains, keeps the best epoch by validation accuracy, calibrates, and
    judges on the series held out. The run folder gets best_model.pt, training_log.csv, training_curves.png
    and test_results.json.

    For instance,

      phototriage train --root PhotoTriage --feature_table iqa_scores.csv --input_normalization standardize
      phototriage train --comparisons my_choices.csv --photos ~/Pictures --output_dir outputs/mine
    """

    output_dir: Path = Path("outputs/phototriage_multifeature")
    """The run folder."""
    overwrite: bool = False
    """Replace a finished run in that folder."""
    split: Literal["random", "official"] = "random"
    """random: 80/10/10 by series and seed. official: the released validation series are the test."""
    labels: LabelSource = field(default_factory=LabelSource)
    source: FeatureSource = field(default_factory=FeatureSource)
    config: MultiFeatureConfig = field(default_factory=MultiFeatureConfig)

    def run(self) -> int:
        if not self.overwrite and (self.output_dir / "best_model.pt").exists():
            raise OutputError(
                f"{self.output_dir} holds a finished run: choose another --output_dir, or --overwrite it"
            )
        labels = self.labels.labels()
        features = self.labels.read_features(labels, self.source, DEFAULT_FEATURES)
        comparisons = labels.comparisons.between(features.photos)
        split = (
            official_split(comparisons, labels.official_test_series, self.config.seed)
            if self.split == "official"
            else split_by_series(comparisons, self.config.seed)
        )

        # Here, so that --help and mistakes in the options do not wait for torch.
        from phototriage.evaluation import evaluate_ranker
        from phototriage.outputs.run_folder import write_run
        from phototriage.ranker.training import train

        training = train(
            split,
            features,
            self.config,
            on_epoch=lambda record: note(
                f"epoch {record.epoch}: training loss {record.train_loss:.4f}, "
                f"validation accuracy {record.validation_accuracy:.1%}"
            ),
        )
        evaluation = evaluate_ranker("this ranker", training.ranker, split.test, features)
        write_run(self.output_dir, training, evaluation.judgement)
        print_judgement(evaluation.judgement)
        note(f"best epoch {training.best_epoch}; everything is in {self.output_dir}")
        return 0
