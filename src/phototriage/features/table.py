"""Tables of ready numbers, made by anyone: features, or scores."""

from pathlib import Path

import numpy as np
import pandas as pd

from phototriage.errors import FeatureError
from phototriage.features.block import Block, Failure, Features
from phototriage.features.iqa import IqaExtractor
from phototriage.labels import photo_key

__all__ = ["read_feature_table", "read_score_table"]

_IQA = IqaExtractor.block


def read_feature_table(path: Path) -> Features:
    """Reads a CSV of `series,photo` and one column per number.

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
    if set(names) == set(_IQA.columns):
        block = _IQA
    numbers = table[list(block.columns)].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    sound = np.abs(numbers) <= np.finfo(np.float32).max
    if block is _IQA:
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
    try:
        # Series and photos are names, whatever they look like: "NA" is one, and "007" is not 7.
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", header=None)
    except OSError as error:
        raise FeatureError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, pd.errors.ParserError) as error:
        raise FeatureError(f"{path} is not a CSV table: {error}") from error
    table = table.apply(lambda column: column.str.strip())
    names = table.iloc[0].tolist()
    table = pd.DataFrame(table.iloc[1:].set_axis(names, axis=1))
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
