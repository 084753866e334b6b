"""The ranker: network, losses, training, calibration, files."""

from phototriage.ranker.accuracy import compute_pairwise_accuracy, correctness
from phototriage.ranker.checkpoint import (
    load_default_ranker,
    load_embedded_ranker,
    load_ranker,
    load_ranker_and_notes,
    save_ranker,
)
from phototriage.ranker.config import MultiFeatureConfig
from phototriage.ranker.trained import TrainedRanker

__all__ = [
    "MultiFeatureConfig",
    "TrainedRanker",
    "compute_pairwise_accuracy",
    "correctness",
    "load_default_ranker",
    "load_embedded_ranker",
    "load_ranker",
    "load_ranker_and_notes",
    "save_ranker",
]
