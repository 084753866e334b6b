"""A digest that shows whether earlier results have the same labels, features and settings."""

import hashlib
import json
from dataclasses import asdict

from phototriage.features import Features
from phototriage.labels import Comparisons
from phototriage.ranker import MultiFeatureConfig

__all__ = ["inputs_digest"]


def inputs_digest(
    comparisons: Comparisons, features: Features, config: MultiFeatureConfig, folds: int
) -> str:
    """SHA-256, in hex, of everything that determines the result of cross-validation."""
    digest = hashlib.sha256(json.dumps([asdict(config), folds]).encode())
    digest.update(comparisons.table.to_csv(index=False).encode("utf-8", "surrogateescape"))
    digest.update("\n".join(features.photos).encode("utf-8", "surrogateescape"))
    digest.update("\n".join(features.content_hashes or ()).encode())
    digest.update(features.matrix.tobytes())
    return digest.hexdigest()
