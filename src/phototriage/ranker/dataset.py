"""Pairs of photos as rows of a feature matrix."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import FeatureError
from phototriage.features import Features
from phototriage.labels import Comparisons

__all__ = ["MultiFeaturePairwiseDataset"]


@dataclass(frozen=True)
class MultiFeaturePairwiseDataset:
    """n pairs over the m photos that stand in them.

    matrix: float32 (m, d). row_a, row_b: (n,) rows of the matrix. preference: float32 (n,), P(a over b).
    series: (n,) a number per series, from 0.
    """

    matrix: NDArray[np.float32]
    row_a: NDArray[np.intp]
    row_b: NDArray[np.intp]
    preference: NDArray[np.float32]
    series: NDArray[np.intp]

    @classmethod
    def of(cls, comparisons: Comparisons, features: Features) -> "MultiFeaturePairwiseDataset":
        """Joins labels and features by the photos' keys. Raises FeatureError for a photo without features."""
        table = comparisons.table
        photos, places = np.unique(
            np.stack([features.rows(table["photo_a"]), features.rows(table["photo_b"])]), return_inverse=True
        )
        row_a, row_b = places.reshape(2, -1)
        return cls(
            matrix=features.matrix[photos],
            row_a=row_a,
            row_b=row_b,
            preference=table["preference"].to_numpy(np.float32),
            series=np.unique(table["series"].to_numpy(str), return_inverse=True)[1],
        )

    def __post_init__(self) -> None:
        if not len(self.preference):
            raise FeatureError("no pairs: of no pair do both photos have features")

    def __len__(self) -> int:
        return len(self.preference)

    def batches(self, batch_size: int, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
        """One epoch: indices of at most `batch_size` pairs at a time, every pair once.

        Series come in random order with their pairs together, so that a batch has few distinct photos.
        """
        place_of_series = rng.permutation(self.series.max() + 1)
        order = np.lexsort((rng.permutation(len(self)), place_of_series[self.series]))
        for start in range(0, len(self), batch_size):
            yield order[start : start + batch_size]
