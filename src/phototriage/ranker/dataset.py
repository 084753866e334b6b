"""Pairs of photos as rows of a feature matrix."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import FeatureError
from phototriage.features import Features
from phototriage.labels import Comparisons

__all__ = ["Batch", "MultiFeaturePairwiseDataset"]


@dataclass(frozen=True)
class Batch:
    """Some pairs, and the distinct photos in them.

    pairs: (n,) indices of pairs. photos: (k,) distinct rows of the matrix, in order. place_a, place_b: (n,)
    positions in `photos` of the two photos of each pair.
    """

    pairs: NDArray[np.intp]
    photos: NDArray[np.intp]
    place_a: NDArray[np.intp]
    place_b: NDArray[np.intp]


@dataclass(frozen=True)
class MultiFeaturePairwiseDataset:
    """n pairs of m photos; also a dataset for `torch.utils.data.DataLoader`, pair by pair.

    matrix: float32 (m, d). row_a, row_b: (n,) rows of the matrix. preference: float32 (n,), P(a over b).
    votes: (n,) people who rated the pair, 0 if unknown. series: (n,) a number per series, from 0.
    """

    matrix: NDArray[np.float32]
    row_a: NDArray[np.intp]
    row_b: NDArray[np.intp]
    preference: NDArray[np.float32]
    votes: NDArray[np.int64]
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
            votes=np.asarray(comparisons.votes, np.int64),
            series=np.unique(table["series"].to_numpy(str), return_inverse=True)[1],
        )

    def __post_init__(self) -> None:
        if not len(self.preference):
            raise FeatureError("no pairs: of no pair do both photos have features")

    def __len__(self) -> int:
        return len(self.preference)

    def __getitem__(self, pair: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """The features of a, float32 (d,), those of b, and P(a over b), float32 ()."""
        a, b = self.matrix[self.row_a[pair]], self.matrix[self.row_b[pair]]
        return a, b, np.asarray(self.preference[pair])

    def with_swapped(self) -> "MultiFeaturePairwiseDataset":
        """Every pair as it is, and then every pair in reverse order."""
        return replace(
            self,
            row_a=np.concatenate([self.row_a, self.row_b]),
            row_b=np.concatenate([self.row_b, self.row_a]),
            preference=np.concatenate([self.preference, 1 - self.preference]),
            votes=np.tile(self.votes, 2),
            series=np.tile(self.series, 2),
        )

    def batch(self, pairs: NDArray[np.intp]) -> Batch:
        """A batch of these pairs that lists each of their photos once, so that it is scored once."""
        rows = np.concatenate([self.row_a[pairs], self.row_b[pairs]])
        photos, places = np.unique(rows, return_inverse=True)
        return Batch(pairs, photos, places[: len(pairs)], places[len(pairs) :])

    def batches(
        self, batch_size: int, rng: np.random.Generator, whole_series: bool = False
    ) -> Iterator[Batch]:
        """One epoch: at most `batch_size` pairs at a time, every pair once.

        Series come in random order with their pairs together, so that a batch has few distinct photos. With
        `whole_series`, no series is split, so the last series of a batch may exceed `batch_size`.
        """
        place_of_series = rng.permutation(self.series.max() + 1)
        order = np.lexsort((rng.permutation(len(self)), place_of_series[self.series]))
        starts = np.arange(0, len(self), batch_size)
        if whole_series:
            series = self.series[order]
            first = np.flatnonzero(np.r_[True, series[1:] != series[:-1]])
            # The first series that starts at or after each multiple of the batch size.
            places = np.searchsorted(first, starts)
            starts = np.unique(first[places[places < len(first)]])
        for start, stop in zip(starts, [*starts[1:], len(self)], strict=True):
            yield self.batch(order[start:stop])
