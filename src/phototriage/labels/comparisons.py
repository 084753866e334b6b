"""The table of preferences between photos: the training and evaluation labels."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phototriage.atomic_write import atomic_write
from phototriage.csv_cells import guarded
from phototriage.errors import LabelError, OutputError
from phototriage.labels import bradley_terry
from phototriage.labels.pair_table import pair_table

__all__ = ["COLUMNS", "WRITTEN_COLUMNS", "Comparisons"]

_TEXTS = ("series", "photo_a", "photo_b")
_COUNTS = ("votes_a", "votes_b", "rank_a", "rank_b")
COLUMNS = (*_TEXTS, "preference", *_COUNTS)
WRITTEN_COLUMNS = (*_TEXTS, "preference", "votes", "votes_a", "votes_b", "vote_agreement")

_EQUAL_STRENGTH = 1e-6


@dataclass(frozen=True)
class Comparisons:
    """Preferences between photos: one row per unordered pair of photos of a series.

    Columns of ``table`` (the index is 0 … n − 1):
        series, photo_a, photo_b: str; a photo is unique within its series.
        preference: float64 in [0, 1], P(a over b). This is the label; votes are additional information.
        votes_a, votes_b: int64 ≥ 0, people who chose a, b; 0 and 0 if unknown.
        rank_a, rank_b: int64, the released rank in the series, 1 = best; 0 if unknown.

    Raises:
        LabelError: columns are missing, unknown or of the wrong type; a preference is outside [0, 1]; a photo
            is compared with itself; an unordered pair occurs twice in a series. The text names the first such
            rows.
    """

    table: pd.DataFrame

    def __post_init__(self) -> None:
        missing = [name for name in COLUMNS if name not in self.table.columns]
        unknown = [str(name) for name in self.table.columns if name not in COLUMNS]
        if missing or unknown:
            faults = [f"lacks {', '.join(missing)}"] if missing else []
            faults += [f"has unknown columns {', '.join(unknown)}"] if unknown else []
            raise LabelError(
                f"the table of comparisons {' and '.join(faults)}; its columns are {', '.join(COLUMNS)}"
            )
        table = self.table.loc[:, list(COLUMNS)].reset_index(drop=True)
        for name in _TEXTS:
            if len(table) and not pd.api.types.is_string_dtype(table[name]):
                raise LabelError(f"column {name} of the comparisons must hold text, not {table[name].dtype}")
            _refuse(table, table[name].isna() | (table[name] == ""), f"{name} is empty")
            table[name] = table[name].astype("str")
        for name in ("preference", *_COUNTS):
            if len(table) and not pd.api.types.is_numeric_dtype(table[name]):
                raise LabelError(
                    f"column {name} of the comparisons must hold numbers, not {table[name].dtype}"
                )
        table["preference"] = table["preference"].astype("float64")
        _refuse(table, ~table["preference"].between(0.0, 1.0), "preference is outside [0, 1]")
        for name in _COUNTS:
            values = table[name].astype("float64")
            _refuse(table, ~((values >= 0) & (values % 1 == 0)), f"{name} is not a whole number ≥ 0")
            table[name] = values.astype("int64")
        _refuse(table, table["photo_a"] == table["photo_b"], "a photo is compared with itself")
        _refuse(table, _unordered(table).duplicated(), "the pair stands there a second time")
        object.__setattr__(self, "table", table)

    @classmethod
    def from_pairs(
        cls,
        a: Iterable[Any],
        b: Iterable[Any],
        winner: Iterable[Any] | None = None,
        preference: Any = None,
        series: Iterable[Any] | None = None,
    ) -> "Comparisons":
        """Preferences of your own, n pairs.

        Args:
            a, b: the photos of each pair: text, paths or whole numbers.
            winner: the preferred photo of each pair: "a", "b", or its name.
            preference: instead of a winner, (n,) P(a over b) from 0 to 1: an array, a list, or a tensor.
            series: the series of each pair; by default photos that are compared, directly or through others,
                are one series, named after the smallest name.

        Repeated pairs of a series, in either order, become one with the mean preference.
        Raises LabelError if the lengths differ, neither or both of winner and preference are given, or a
        value cannot be used.
        """
        table = pair_table(a, b, winner, preference, series)
        return cls(table.assign(**dict.fromkeys(_COUNTS, 0)))

    def __len__(self) -> int:
        return len(self.table)

    @property
    def votes(self) -> "pd.Series[int]":
        """(n,) int64: people who rated the pair; 0 if unknown."""
        return (self.table["votes_a"] + self.table["votes_b"]).rename("votes")

    @property
    def vote_agreement(self) -> "pd.Series[float]":
        """(n,) float64 in [0.5, 1]: the majority's share of the votes; NaN without votes."""
        votes = self.votes
        return (self.table[["votes_a", "votes_b"]].max(axis=1) / votes.where(votes > 0)).rename(
            "vote_agreement"
        )

    @property
    def series(self) -> tuple[str, ...]:
        """The series, each once, in order of first appearance."""
        return tuple(self.table["series"].unique())

    @property
    def photos(self) -> tuple[str, ...]:
        """The photo keys, each once, in order of first appearance."""
        both = self.table[["photo_a", "photo_b"]].to_numpy(dtype=object).ravel()
        return tuple(dict.fromkeys(both))

    def photos_by_series(self) -> dict[str, tuple[str, ...]]:
        """The photos of each series, sorted; the series in order of first appearance."""
        found: dict[str, set[str]] = {}
        for series, a, b in zip(*(self.table[name] for name in _TEXTS), strict=True):
            found.setdefault(series, set()).update((a, b))
        return {series: tuple(sorted(photos)) for series, photos in found.items()}

    def best_photos(self) -> dict[str, frozenset[str]]:
        """The best photo of each series; several photos if they tie.

        If all ranks of a series are known, it is the photo with the smallest rank. This is the released rank
        1 unless that photo's rows were filtered out. Otherwise it is the photo with the greatest
        Bradley-Terry strength, fitted to the preferences with equal weights. If every pair of the series is
        compared, this is the order of the mean preference (Borda). If some pairs are missing, the fit also
        treats photos fairly that met only strong opponents.
        """
        best = dict.fromkeys(self.series, frozenset[str]())
        ranks = pd.concat(
            [
                self.table[["series", f"photo_{side}", f"rank_{side}"]].set_axis(
                    ["series", "photo", "rank"], axis=1
                )
                for side in "ab"
            ]
        )
        smallest = ranks.groupby("series")["rank"].transform("min")
        leading = ranks[(smallest > 0) & (ranks["rank"] == smallest)]
        for series, photo in zip(leading["series"], leading["photo"], strict=True):
            best[series] |= {photo}
        unranked = self.in_series([series for series, photos in best.items() if not photos]).table
        rows: dict[str, list[tuple[str, str, float]]] = {}
        for series, a, b, preference in zip(
            *(unranked[name] for name in (*_TEXTS, "preference")), strict=True
        ):
            rows.setdefault(series, []).append((a, b, preference))
        return best | {series: _strongest(pairs) for series, pairs in rows.items()}

    def select(self, mask: "pd.Series[bool] | NDArray[np.bool_]") -> "Comparisons":
        """The rows for which ``mask``, (n,) bool, is true, in their order."""
        # Skips validation: rows of a valid table are valid, and folds select many times.
        selected = object.__new__(Comparisons)
        object.__setattr__(selected, "table", self.table[np.asarray(mask, dtype=bool)].reset_index(drop=True))
        return selected

    def in_series(self, keys: Collection[str]) -> "Comparisons":
        """The rows of these series, in their order."""
        return self.select(self.table["series"].isin(list(keys)))

    def between(self, photos: Collection[str]) -> "Comparisons":
        """The rows with both photos among these, in their order."""
        listed = list(photos)
        return self.select(self.table["photo_a"].isin(listed) & self.table["photo_b"].isin(listed))

    def write(self, path: str | Path) -> None:
        """Writes a CSV or Parquet table, depending on the suffix.

        The columns are series, photo_a, photo_b, preference, votes, votes_a, votes_b, vote_agreement (empty
        without votes); ``read_labels`` reads back everything except the ranks. The file appears whole or not
        at all.

        Raises:
            OutputError: the suffix is another one, or the file cannot be written.
        """
        path = Path(path)
        ending = path.suffix.lower()
        if ending not in (".csv", ".parquet"):
            raise OutputError(f"{path}: comparisons are written as .csv or .parquet, not as '{path.suffix}'")
        with atomic_write(path) as file:
            if ending == ".csv":
                file.write(self.to_csv().encode())
            else:
                self._written().to_parquet(file, index=False)

    def to_csv(self) -> str:
        """The text that `write` writes into a .csv file, `guarded` against spreadsheets."""
        table = self._written()
        table = table.assign(**{name: table[name].map(guarded) for name in _TEXTS})
        return str(table.to_csv(index=False, lineterminator="\n"))

    def _written(self) -> pd.DataFrame:
        return self.table.assign(votes=self.votes, vote_agreement=self.vote_agreement)[list(WRITTEN_COLUMNS)]


def _unordered(table: pd.DataFrame) -> pd.DataFrame:
    a, b = (table[name].to_numpy(dtype=object) for name in ("photo_a", "photo_b"))
    swap = np.asarray(a > b, dtype=bool)
    return pd.DataFrame(
        {"series": table["series"], "low": np.where(swap, b, a), "high": np.where(swap, a, b)}
    )


def _refuse(table: pd.DataFrame, bad: "pd.Series[bool]", fault: str) -> None:
    if not bad.any():
        return
    first = table[bad].head(3)
    places = [
        f"row {row.Index} (series {row.series}: {row.photo_a}, {row.photo_b})" for row in first.itertuples()
    ]
    more = f" and {bad.sum() - len(first)} more" if bad.sum() > len(first) else ""
    raise LabelError(f"comparisons: {fault} in {', '.join(places)}{more}")


def _strongest(pairs: Iterable[tuple[str, str, float]]) -> frozenset[str]:
    place: dict[str, int] = {}
    listed = list(pairs)
    for a, b, _ in listed:
        place.setdefault(a, len(place))
        place.setdefault(b, len(place))
    wins: NDArray[Any] = np.zeros((len(place), len(place)))
    for a, b, preference in listed:
        wins[place[a], place[b]] = preference
        wins[place[b], place[a]] = 1.0 - preference
    strengths = bradley_terry.fit(wins, ridge=0.01)
    return frozenset(photo for photo, i in place.items() if strengths[i] > strengths.max() - _EQUAL_STRENGTH)
