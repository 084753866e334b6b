"""phototriage: which photo of a series would people keep?

Each name is imported on first use; `import phototriage` itself loads nothing.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phototriage.evaluation.held_out import evaluate
    from phototriage.experiments.cross_validation import cross_validate
    from phototriage.features import Features, MultiFeatureExtractor
    from phototriage.labels import Comparisons
    from phototriage.rank import Ranking, RankOptions, rank_folder
    from phototriage.ranker.accuracy import compute_pairwise_accuracy
    from phototriage.ranker.config import MultiFeatureConfig
    from phototriage.ranker.dataset import MultiFeaturePairwiseDataset
    from phototriage.ranker.network import MultiFeaturePairwiseRanker
    from phototriage.ranker.training import train

    __version__: str

__all__ = [
    "Comparisons",
    "Features",
    "MultiFeatureConfig",
    "MultiFeatureExtractor",
    "MultiFeaturePairwiseDataset",
    "MultiFeaturePairwiseRanker",
    "RankOptions",
    "Ranking",
    "__version__",
    "compute_pairwise_accuracy",
    "cross_validate",
    "evaluate",
    "rank_folder",
    "train",
]

_HOME = {
    "Comparisons": "labels",
    "Features": "features",
    "MultiFeatureConfig": "ranker.config",
    "MultiFeatureExtractor": "features",
    "MultiFeaturePairwiseDataset": "ranker.dataset",
    "MultiFeaturePairwiseRanker": "ranker.network",
    "RankOptions": "rank",
    "Ranking": "rank",
    "compute_pairwise_accuracy": "ranker.accuracy",
    "cross_validate": "experiments.cross_validation",
    "evaluate": "evaluation.held_out",
    "rank_folder": "rank",
    "train": "ranker.training",
}


# Private photos call for no telemetry. On import, onnxruntime stores a device id and reports its use to its
# vendor, and the hub client reports who requests weights. Both read these variables when they are imported.
for _silence in ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ.setdefault(_silence, "1")


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("phototriage")
    if name not in _HOME:
        raise AttributeError(f"module 'phototriage' has no attribute {name!r}")
    return getattr(import_module(f"phototriage.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
