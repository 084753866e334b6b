"""Tables of ready numbers, made by anyone: features, or scores."""

from pathlib import Path

import numpy as np
import pandas as pd

from phototriage.errors import FeatureError
from phototriage.features.block import Block, Failure, Features
from phototriage.features.iqa import IqaExtractor

__all__ = ["read_feature_table", "read_score_table"]

_TAKEN_AS = {IqaExtractor.block.columns: IqaExtractor.block}
"""Columns that carry an extractor's names are taken to be that extractor's numbers."""


def read_feature_table(path: Path) -> Features:
    """Reads a CSV of `series,photo` and one column per number.

    Where series and photo are both whole numbers they are PhotoTriage's, and the photo's key is its file
    name, `%06d-%02d.JPG`; elsewhere `photo` is the key. A row with a number missing or infinite becomes one
    of the result's `failures`. Raises FeatureError where the table cannot be used at all.
    """
    table = _read(path)
    names = tuple(str(name) for name in table.columns[2:])
    if not names:
        raise FeatureError(f"{path}: no feature columns after series,photo")
    numbers = table[list(names)].apply(pd.to_numeric, errors="coerce").to_numpy(np.float32)
    sound = np.isfinite(numbers).all(axis=1)
    if not sound.any():
        raise FeatureError(f"{path}: not one row has a finite number in every column")
    keys = table["photo"].to_numpy(str)
    failures = [
        Failure(str(keys[row]), f"{path}: no finite number in column '{names[column]}'")
        for row in np.flatnonzero(~sound)
        for column in [int(np.argmin(np.isfinite(numbers[row])))]
    ]
    block = _TAKEN_AS.get(names, Block("table", f"table/{','.join(names)}", names))
    return Features(tuple(keys[sound].tolist()), numbers[sound], (block,), tuple(failures))


def read_score_table(path: Path) -> Features:
    """Reads anyone's `series,photo,score` as the one feature `score`; see `read_feature_table`."""
    table = _read(path)
    if list(table.columns) != ["series", "photo", "score"]:
        raise FeatureError(f"{path}: the columns must be series,photo,score, not {','.join(table.columns)}")
    return read_feature_table(path)


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(
            path, dtype={"series": str, "photo": str}, encoding="utf-8-sig", skipinitialspace=True
        )
    except OSError as error:
        raise FeatureError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, pd.errors.ParserError) as error:
        raise FeatureError(f"{path} is not a CSV table: {error}") from error
    if list(table.columns[:2]) != ["series", "photo"]:
        raise FeatureError(
            f"{path}: the first columns must be series,photo, not {','.join(map(str, table.columns[:2]))}"
        )
    if table.empty or table[["series", "photo"]].isna().to_numpy().any():
        raise FeatureError(f"{path}: " + ("no rows" if table.empty else "a row has no series or no photo"))
    if (table["series"].str.isdecimal() & table["photo"].str.isdecimal()).all():
        table["photo"] = [
            f"{int(series):06d}-{int(photo):02d}.JPG"
            for series, photo in zip(table["series"], table["photo"], strict=True)
        ]
    # A photo may stand in two series; its numbers are the same ones.
    table = table[~table.drop(columns="series").duplicated()].reset_index(drop=True)
    repeated = table["photo"].duplicated()
    if repeated.any():
        photo = table["photo"][repeated].iloc[0]
        raise FeatureError(f"{path}: {photo} stands there twice, with different numbers")
    return table
