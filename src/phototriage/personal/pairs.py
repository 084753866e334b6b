"""What a person preferred, as pairs of rows of a matrix of numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phototriage.labels import Comparisons

__all__ = ["Pairs"]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of photos of a series, of which a person preferred one.

    series: intp (m,), the number of each pair's series. a, b: intp (m,), rows of the photos.
    preference: float64 (m,), P(a over b), in [0, 1]. weight: float64 (m,), > 0, how much each pair counts.
    """

    series: NDArray[np.intp]
    a: NDArray[np.intp]
    b: NDArray[np.intp]
    preference: NDArray[np.float64]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.a)

    def take(self, chosen: NDArray[np.bool_]) -> "Pairs":
        """Those pairs for which `chosen`, bool (m,), is True."""
        return Pairs(
            self.series[chosen], self.a[chosen], self.b[chosen], self.preference[chosen], self.weight[chosen]
        )

    @staticmethod
    def of(
        comparisons: Comparisons, rows: Mapping[str, int], evidence: Mapping[str, float] | None = None
    ) -> "Pairs":
        """Comparisons as pairs of rows; those of photos without a row are left out.

        A series of k compared photos counts as 2 (k − 1) / k pairs, however many of its pairs were decided:
        the choice of one of four is three pairs, and not three opinions.

        rows: photo → its row in a matrix of numbers.
        evidence: by series, how much it counts beside others, > 0; 1 where it is not named.
        """
        table = comparisons.between(rows).table
        number, series = table["series"].factorize()
        pairs = np.bincount(number, minlength=len(series))
        photos = np.array([len(each) for each in Comparisons(table).photos_by_series().values()], float)
        counts = np.array([(evidence or {}).get(name, 1.0) for name in series])
        weight = counts * 2 * (photos - 1) / (photos * pairs) if len(series) else np.zeros(0)
        return Pairs(
            series=number.astype(np.intp),
            a=np.array([rows[photo] for photo in table["photo_a"]], np.intp),
            b=np.array([rows[photo] for photo in table["photo_b"]], np.intp),
            preference=table["preference"].to_numpy(float),
            weight=weight[number],
        )
