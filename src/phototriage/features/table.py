"""Tables of ready numbers, made by anyone: features, or scores."""

import io
import os
import posixpath
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as kinds
from numpy.typing import NDArray

from phototriage.csv_cells import unguarded
from phototriage.errors import Failure, FeatureError, LabelError
from phototriage.features.array_file import read_arrays
from phototriage.features.block import TABLE, Block, Features
from phototriage.features.extractors.iqa import IQA
from phototriage.labels import photo_key
from phototriage.labels.text_file import csv_text, is_unnamed_filler

__all__ = ["blocks_of_columns", "read_feature_table", "read_score_table"]

_PARQUET = b"PAR1"
"""The first bytes of every Parquet file."""
_KEYS = ["series", "photo"]
_WHOLE = r"\s*\d+(\.0+)?\s*"
"""A whole number; pandas writes 3.0 for 3 where a row of the column was empty once."""


def read_feature_table(path: str | os.PathLike[str]) -> Features:
    """Reads a table of `series,photo` and one column per number: Parquet, .npz or .npy, or else CSV.

    Where series and photo are both whole numbers they are PhotoTriage's, and the photo's key is its file
    name, `%06d-%02d.JPG`; elsewhere `photo` is the key, without blanks beside commas, and `./x.jpg` is
    `x.jpg`, as in tables of comparisons.
    Columns with the four names of the `iqa` block, in any order and among any others, are taken to be that
    block's numbers, which lie in [0, 1]; the others are the block `table`. A row with a number missing,
    infinite or outside becomes one of the result's `failures`.
    Raises FeatureError where the table cannot be used at all.
    """
    path = Path(path)
    numbers = _read(path)
    if numbers.columns.empty:
        raise FeatureError(f"{path}: no feature columns after series,photo")
    blocks = blocks_of_columns(list(numbers.columns))
    numbers = numbers[[name for block in blocks for name in block.columns]]
    sound = numbers.abs() <= np.finfo(np.float32).max
    if IQA.block in blocks:
        for name in IQA.columns:
            sound[name] &= numbers[name].between(0, 1)
    usable, failures = _usable(path, sound)
    kept = numbers[usable]
    return Features(tuple(kept.index), kept.to_numpy(np.float32), blocks, failures)


def read_score_table(path: str | os.PathLike[str]) -> tuple[dict[str, float], tuple[Failure, ...]]:
    """Reads anyone's `series,photo,score`; see `read_feature_table`.

    Returns the score of each photo, in double precision, so that scores of any size stay apart; and the
    photos whose score is missing or infinite. Raises FeatureError where the table cannot be used at all.
    """
    path = Path(path)
    numbers = _read(path)
    if list(numbers.columns) != ["score"]:
        names = ",".join([*_KEYS, *numbers.columns])
        raise FeatureError(f"{path}: the columns must be series,photo,score, not {names}")
    usable, failures = _usable(path, numbers.abs() < np.inf)
    kept = numbers["score"][usable]
    return dict(zip(kept.index, kept.tolist(), strict=True)), failures


def blocks_of_columns(names: Sequence[str]) -> tuple[Block, ...]:
    """The blocks of a table's numbers with these names: `iqa` if its four are among them, and `table`."""
    others = tuple(names)
    blocks = []
    if set(IQA.columns) <= set(names):
        blocks = [IQA.block]
        others = tuple(name for name in names if name not in IQA.columns)
    if others:
        blocks.append(Block(TABLE, f"{TABLE}/{','.join(others)}", others))
    return tuple(blocks)


def _usable(path: Path, sound: pd.DataFrame) -> tuple[NDArray[np.bool_], tuple[Failure, ...]]:
    """The rows all of whose numbers are sound, and what is wrong with the others. Raises for none."""
    by_column = sound.to_numpy(bool)
    usable = np.asarray(by_column.all(axis=1))
    if not usable.any():
        unsound = [name for name in sound.columns if not sound[name].any()]
        where = f"column '{unsound[0]}'" if unsound else "every column"
        if IQA.block in blocks_of_columns(list(sound.columns)) and {*unsound[:1]} & {*IQA.columns}:
            where += ", which as one of the four of iqa lies between 0 and 1: rename it if it is another"
        raise FeatureError(f"{path}: not one row has a sound number in {where}")
    return usable, tuple(
        Failure(photo, f"{path}: no sound number in column '{sound.columns[int(np.argmin(row))]}'")
        for photo, row in zip(sound.index[~usable], by_column[~usable], strict=True)
    )


def _read(path: Path) -> pd.DataFrame:
    """The numbers, float64, under the names of their columns; the index has the keys of the photos."""
    try:
        with path.open("rb") as file:
            is_parquet = file.read(len(_PARQUET)) == _PARQUET
        if path.suffix.lower() in (".npy", ".npz"):
            table = read_arrays(path)
        else:
            table = _read_parquet(path) if is_parquet else _read_csv(path)
    except OSError as error:
        where = error.filename or path
        raise FeatureError(f"cannot read {where}: {error.strerror or error}") from error
    names = table.column_names
    if names[:2] != _KEYS:
        found = ",".join(names[:2]) or "none"
        raise FeatureError(f"{path}: the first columns must be series,photo, not {found}")
    for place, name in enumerate(names):
        if not name:
            raise FeatureError(f"{path}: column {place + 1} has no name: a comma too many, or a name missing")
        if name in names[:place]:
            raise FeatureError(f"{path}: two columns have the same name, '{name}'")
        _check_kind(path, name, table.schema.field(place).type)
    if not len(table):
        raise FeatureError(f"{path}: no rows")
    series, photos = (column.cast(pa.string()).fill_null("").to_pandas() for column in table.columns[:2])
    if (series.str.strip() == "").any() or (photos.str.strip() == "").any():
        raise FeatureError(f"{path}: a row has no series or no photo")
    if series.str.fullmatch(_WHOLE).all() and photos.str.fullmatch(_WHOLE).all():
        pairs = [(_whole(one), _whole(other)) for one, other in zip(series, photos, strict=True)]
        if any(photo == 0 for _, photo in pairs):
            raise FeatureError(f"{path}: photos count from 1, and there is a photo 0: add 1 to every photo")
        keys = [photo_key(*pair) for pair in pairs]
    else:
        keys = [unicodedata.normalize("NFC", posixpath.normpath(photo.rstrip())) for photo in photos]
    numbers = pd.DataFrame(
        {name: _numbers(column) for name, column in zip(names[2:], table.columns[2:], strict=True)},
        index=range(len(table)),
    ).set_axis(pd.Index(keys, name="photo"))
    # A photo may stand in two series; its numbers are the same ones.
    numbers = numbers[~numbers.reset_index().duplicated().to_numpy()]
    repeated = numbers.index.duplicated()
    if repeated.any():
        photo = numbers.index[repeated][0]
        raise FeatureError(f"{path}: {photo} stands there twice, with different numbers")
    return numbers


def _whole(text: str) -> int:
    return int(text.partition(".")[0])


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """NaN for what is no number."""
    if not _is_text(column.type):
        column = column.cast(pa.float64(), safe=False)
    return np.asarray(pd.to_numeric(column.to_pandas(), errors="coerce"), np.float64)


def _check_kind(path: Path, name: str, kind: pa.DataType) -> None:
    """Refuses what Arrow would make numbers or names of without being either, as times and lists."""
    usable = kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_null(kind) or _is_text(kind)
    if name not in _KEYS:
        usable |= kinds.is_boolean(kind) or kinds.is_decimal(kind)
    if not usable:
        needed = "text or whole numbers" if name in _KEYS else "numbers"
        raise FeatureError(f"{path}: column '{name}' holds {kind}, not {needed}")


def _is_text(kind: pa.DataType) -> bool:
    return bool(kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind))


def _read_csv(path: Path) -> pa.Table:
    try:
        text, separator, _ = csv_text(path)
        # Series and photos are names, whatever they look like: "NA" is one, and "007" is not 7.
        table = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            dtype=str,
            keep_default_na=False,
            header=None,
            skipinitialspace=True,
        )
    except (LabelError, ValueError, pd.errors.ParserError) as error:
        raise FeatureError(f"{path} is not a CSV table: {str(error).strip()}") from error
    names = [unguarded(str(name).strip()) for name in table.iloc[0]]
    cells = table.iloc[1:]
    kept = [place for place, name in enumerate(names) if name or not is_unnamed_filler(cells[place])]
    for place in kept:
        if names[place] in _KEYS:
            cells[place] = cells[place].map(unguarded)
        elif separator != ",":
            cells[place] = cells[place].str.replace(",", ".")
    return pa.Table.from_arrays(
        [pa.array(cells[place], pa.string()) for place in kept], [names[place] for place in kept]
    )


def _read_parquet(path: Path) -> pa.Table:
    try:
        # Not `read_table`, which stops at a repeated name in words of its own.
        with pq.ParquetFile(path) as file:
            table = file.read()
        indexes = (table.schema.pandas_metadata or {}).get("index_columns", ())
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FeatureError(f"{path} is not a Parquet table: {str(error).splitlines()[0]}") from error
    for place, column in enumerate(table.columns):
        if kinds.is_dictionary(column.type):
            plain = column.cast(column.type.value_type)
            table = table.set_column(place, table.column_names[place], plain)
    # The numbers of the rows, which pandas writes beside the columns, say nothing about photos.
    kept = [place for place, name in enumerate(table.column_names) if name in _KEYS or name not in indexes]
    return table.select(kept)
