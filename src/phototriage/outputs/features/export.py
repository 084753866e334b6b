"""Stored features as one table, for other tools and for `--feature_table`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from phototriage.atomic_write import atomic_write
from phototriage.errors import OutputError

__all__ = ["check_ending", "write_feature_table"]

_ENDINGS = (".csv", ".parquet")


def check_ending(path: Path) -> None:
    """Raises OutputError where a feature table cannot be written under this name."""
    if path.suffix.lower() not in _ENDINGS:
        raise OutputError(f"{path}: features are written as .csv or .parquet, not as '{path.suffix}'")


def write_feature_table(
    path: Path, photos: Sequence[tuple[str, str]], columns: Sequence[str], matrix: NDArray[np.float32]
) -> None:
    """Writes series, photo and a column per number, CSV or Parquet by the ending of the name.

    `photos`: n pairs (series, photo); `matrix`: float32 (n, len(columns)). CSV has the shortest digits that
    give the same float32 back. Bytes of a file name that are no text become escapes.
    Raises OutputError for another ending, two columns of one name, or where the place cannot be written.
    """
    check_ending(path)
    names = ["series", "photo", *columns]
    if repeated := [name for place, name in enumerate(names) if name in names[:place]]:
        raise OutputError(f"{path}: two columns would be called '{repeated[0]}'")
    table = pa.table(
        [
            *(pa.array([_text(pair[side]) for pair in photos], pa.string()) for side in (0, 1)),
            *(pa.array(np.ascontiguousarray(column)) for column in matrix.T),
        ],
        names=names,
    )
    with atomic_write(path) as file:
        if path.suffix.lower() == ".csv":
            pyarrow.csv.write_csv(table, file)
        else:
            pq.write_table(table, file)


def _text(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()
