"""Tables of ready numbers, made by anyone: features, or scores."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from phototriage.errors import FeatureError
from phototriage.features.block import Block, Failure, Features
from phototriage.features.iqa import IQA
from phototriage.labels import photo_key

__all__ = ["read_feature_table", "read_score_table"]

_PARQUET = b"PAR1"
"""The first bytes of every Parquet file."""


def read_feature_table(path: Path) -> Features:
    """Reads a table of `series,photo` and one column per number: Parquet, or else CSV.

    Where series and photo are both whole numbers they are PhotoTriage's, and the photo's key is its file
    name, `%06d-%02d.JPG`; elsewhere `photo` is the key. Columns with the four names of the `iqa` block, in
    any order, are taken to be that block's numbers, which lie in [0, 1]. A row with a number missing,
    infinite or outside becomes one of the result's `failures`.
    Raises FeatureError where the table cannot be used at all.
    """
    table = _read(path)
    names = tuple(str(name) for name in table.columns[2:])
    if not names:
        raise FeatureError(f"{path}: no feature columns after series,photo")
    block = Block("table", f"table/{','.join(names)}", names)
    if set(names) == set(IQA.columns):
        block = IQA.block
    numbers = table[list(block.columns)].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    sound = np.abs(numbers) <= np.finfo(np.float32).max
    if block is IQA.block:
        sound &= (numbers >= 0) & (numbers <= 1)
    usable = sound.all(axis=1)
    if not usable.any():
        raise FeatureError(f"{path}: not one row has a sound number in every column")
    keys = table["photo"].to_numpy(str)
    failures = [
        Failure(str(keys[row]), f"{path}: no sound number in column '{block.columns[np.argmin(sound[row])]}'")
        for row in np.flatnonzero(~usable)
    ]
    return Features(
        tuple(keys[usable].tolist()), numbers[usable].astype(np.float32), (block,), tuple(failures)
    )


def read_score_table(path: Path) -> Features:
    """Reads anyone's `series,photo,score` as the one feature `score`; see `read_feature_table`."""
    table = _read(path)
    if list(table.columns) != ["series", "photo", "score"]:
        raise FeatureError(f"{path}: the columns must be series,photo,score, not {','.join(table.columns)}")
    return read_feature_table(path)


def _read(path: Path) -> pd.DataFrame:
    """The table under the names of its columns; series and photo are text."""
    try:
        with path.open("rb") as file:
            is_parquet = file.read(len(_PARQUET)) == _PARQUET
        table = _read_parquet(path) if is_parquet else _read_csv(path)
    except OSError as error:
        raise FeatureError(f"cannot read {path}: {error.strerror or error}") from error
    names = [str(name) for name in table.columns]
    if names[:2] != ["series", "photo"]:
        raise FeatureError(f"{path}: the first columns must be series,photo, not {','.join(names[:2])}")
    if len(set(names)) < len(names):
        raise FeatureError(f"{path}: two columns have the same name")
    if table.empty or (table[["series", "photo"]] == "").to_numpy().any():
        raise FeatureError(f"{path}: " + ("no rows" if table.empty else "a row has no series or no photo"))
    if (table["series"].str.isdecimal() & table["photo"].str.isdecimal()).all():
        table["photo"] = [
            photo_key(int(series), int(photo))
            for series, photo in zip(table["series"], table["photo"], strict=True)
        ]
    # A photo may stand in two series; its numbers are the same ones.
    table = table[~table.drop(columns="series").duplicated()].reset_index(drop=True)
    repeated = table["photo"].duplicated()
    if repeated.any():
        photo = table["photo"][repeated].iloc[0]
        raise FeatureError(f"{path}: {photo} stands there twice, with different numbers")
    return table


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        # Series and photos are names, whatever they look like: "NA" is one, and "007" is not 7.
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", header=None)
    except (ValueError, pd.errors.ParserError) as error:
        raise FeatureError(f"{path} is not a CSV table: {error}") from error
    table = table.apply(lambda column: column.str.strip())
    return pd.DataFrame(table.iloc[1:].set_axis(table.iloc[0].tolist(), axis=1))


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        table = pq.read_table(path)
    except pa.ArrowException as error:
        raise FeatureError(f"{path} is not a Parquet table: {str(error).splitlines()[0]}") from error
    columns = [column.to_pandas() for column in table.columns]
    for number, column in enumerate(columns[:2]):
        columns[number] = column.fillna("").astype(str)
    joined = pd.concat(columns, axis=1, keys=range(len(columns)))
    return pd.DataFrame(joined.set_axis(table.column_names, axis=1))
