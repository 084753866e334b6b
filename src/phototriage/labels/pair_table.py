"""Preferences given as sequences, one value per pair, as a table."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from phototriage.array_like import as_array, as_names
from phototriage.errors import LabelError
from phototriage.labels.components import connected_names

__all__ = ["pair_table"]


def pair_table(
    a: Iterable[Any],
    b: Iterable[Any],
    winner: Iterable[Any] | None,
    preference: Any,
    series: Iterable[Any] | None,
) -> pd.DataFrame:
    """Columns series, photo_a, photo_b and preference, each unordered pair of a series once.

    Arguments and errors are those of `Comparisons.from_pairs`.
    """
    if (winner is None) == (preference is None):
        raise LabelError("give either the winner of each pair or its preference")
    named = {"photo_a": a, "photo_b": b, "winner": winner, "series": series}
    columns: dict[str, Any] = {
        name: as_names(values, name, LabelError) for name, values in named.items() if values is not None
    }
    if preference is not None:
        columns["preference"] = as_array(preference)
        if columns["preference"].ndim != 1 or columns["preference"].dtype.kind not in "biuf":
            raise LabelError("the preference must be one number per pair, P(a over b) from 0 to 1")
    counts = {name: len(values) for name, values in columns.items()}
    if len(set(counts.values())) > 1 or not counts["photo_a"]:
        listed = ", ".join(f"{count} of {name}" for name, count in counts.items())
        raise LabelError(f"each pair needs one value of each kind, and there are {listed}")
    table = pd.DataFrame(columns)
    if preference is None:
        table["preference"] = _shares_of_winners(table)
    if series is None:
        components = connected_names(zip(table["photo_a"], table["photo_b"], strict=True))
        table["series"] = table["photo_a"].map(components)
    return _merged(table[["series", "photo_a", "photo_b", "preference"]])


def _shares_of_winners(table: pd.DataFrame) -> "pd.Series[float]":
    """1 where the winner is a, 0 where it is b; each is named by its side or by the photo."""
    is_a, is_b = (table["winner"].eq(side) | table["winner"].eq(table[f"photo_{side}"]) for side in "ab")
    unclear = is_a == is_b
    if unclear.any():
        place = int(np.argmax(unclear))
        row = table.iloc[place]
        if is_a[place]:
            raise LabelError(
                f"the winner of pair {place} is '{row['winner']}', which may be the side or the photo of the "
                "other side: give preference, 1 where a is preferred and 0 where b is"
            )
        raise LabelError(
            f"the winner of pair {place} must be a, b, or one of its photos {row['photo_a']} and "
            f"{row['photo_b']}, not '{row['winner']}'"
        )
    return is_a.astype("float64")


def _merged(table: pd.DataFrame) -> pd.DataFrame:
    """Each pair as it stands first, with the mean of its preferences."""
    turned = table["photo_a"] > table["photo_b"]
    pair = [
        table["series"],
        table["photo_a"].where(~turned, table["photo_b"]),
        table["photo_b"].where(~turned, table["photo_a"]),
    ]
    repeated = pd.concat(pair, axis=1, keys=range(3)).duplicated(keep=False)
    if not repeated.any():
        return table
    first_over_second = table["preference"].where(~turned, 1 - table["preference"])
    # A preference that is no number makes the mean none, and is refused.
    mean = first_over_second.groupby(pair, sort=False).transform(np.mean)
    table["preference"] = table["preference"].where(~repeated, mean.where(~turned, 1 - mean))
    return table[~pd.concat(pair, axis=1, keys=range(3)).duplicated()].reset_index(drop=True)
