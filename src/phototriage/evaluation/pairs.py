"""The pairs that scorers are evaluated on, as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import LabelError
from phototriage.labels import Comparisons

__all__ = ["EvaluatedPairs"]


@dataclass(frozen=True)
class EvaluatedPairs:
    """n pairs, sorted by series, and the photos of the complete series among them.

    series: (n,) the series of each pair. starts: (s,) the first row of each series. series_size: (n,) photos
    in the pair's series. top_photos: the photos of complete series, series by series. is_best: whether people
    like them best. top_starts: the first photo of each series. top_series: the index of the series among the
    s series.
    """

    series: NDArray[np.object_]
    photo_a: NDArray[np.object_]
    photo_b: NDArray[np.object_]
    preference: NDArray[np.float64]
    votes_a: NDArray[np.int64]
    votes_b: NDArray[np.int64]
    starts: NDArray[np.intp]
    series_size: NDArray[np.int64]
    top_photos: tuple[str, ...]
    is_best: NDArray[np.bool_]
    top_starts: NDArray[np.intp]
    top_series: NDArray[np.intp]

    @classmethod
    def of(cls, comparisons: Comparisons, covered: set[str]) -> "EvaluatedPairs":
        """The pairs with both photos in `covered`. Raises LabelError if there are none."""
        between = comparisons.between(covered)
        if not len(between):
            raise LabelError("nothing to evaluate: of no pair do both photos have a score")
        table = between.table.sort_values("series", kind="stable")
        names, starts = np.unique(table["series"].to_numpy(str), return_index=True)
        photos_of, best = comparisons.photos_by_series(), comparisons.best_photos()
        complete = [row for row, name in enumerate(names) if covered.issuperset(photos_of[name])]
        top = [(photo, photo in best[names[row]]) for row in complete for photo in photos_of[names[row]]]
        sizes = np.array([len(photos_of[names[row]]) for row in complete], int)
        return cls(
            series=table["series"].to_numpy(object),
            photo_a=table["photo_a"].to_numpy(object),
            photo_b=table["photo_b"].to_numpy(object),
            preference=table["preference"].to_numpy(float),
            votes_a=table["votes_a"].to_numpy(np.int64),
            votes_b=table["votes_b"].to_numpy(np.int64),
            starts=starts,
            series_size=table["series"].map({name: len(photos_of[name]) for name in names}).to_numpy(int),
            top_photos=tuple(photo for photo, _ in top),
            is_best=np.array([is_best for _, is_best in top], bool),
            top_starts=np.cumsum(sizes) - sizes,
            top_series=np.array(complete, np.intp),
        )
