"""Stored features as one table, for other tools and for `--feature_table`."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from phototriage.atomic_write import atomic_write
from phototriage.csv_cells import guarded
from phototriage.errors import FeatureError, OutputError
from phototriage.features import Block
from phototriage.features.selection import plain_path, select_photos, select_stores

__all__ = ["check_ending", "export_features", "write_feature_table"]

_ENDINGS = (".csv", ".parquet")


def export_features(
    output: str | Path,
    cache_dir: Path,
    folder: Path | None = None,
    blocks: Sequence[str] = (),
    on_note: Callable[[str], None] = lambda text: None,
) -> tuple[int, list[str]]:
    """Writes stored features as one table; returns the number of photos and the names of their blocks.

    Args:
        output: see `write_feature_table`.
        folder: export only the photos in it, with relative paths; without it all photos, with absolute paths.
        blocks: names of blocks, of their layers or of their folders; all blocks if empty.

    Raises FeatureError if there is nothing to export or a block exists in several variants, OutputError if
    the table cannot be written.
    """
    output = Path(output)
    check_ending(output)
    stores = select_stores(cache_dir, blocks, on_note)
    names = [store.block.name for store in stores]
    doubled = [store for store in stores if names.count(store.block.name) > 1]
    if doubled:
        layers = [store.block.layers for store in doubled]
        # By their layers, where these tell them apart; else by their folders.
        chosen = (
            layers if all(layers) and len(set(layers)) == len(layers) else [s.folder.name for s in doubled]
        )
        raise FeatureError(
            f"{doubled[0].block.name} was made in several ways: "
            f"choose by --block {' or '.join(sorted(chosen))}"
        )
    known = select_photos(cache_dir, folder, on_note)
    if folder and not known:
        raise FeatureError(f"no photo in {folder} was measured yet")
    photos = {path: digest for path, digest in known.items() if all(digest in store for store in stores)}
    if not photos:
        raise FeatureError(f"no photo has numbers in all of {', '.join(names)}: nothing to export")
    base = plain_path(folder) if folder else None
    keys = [path.relative_to(base) if base else path for path in photos]
    write_feature_table(
        output,
        [(key.parent.as_posix(), key.as_posix()) for key in keys],
        _column_names([store.block for store in stores]),
        np.hstack([store.vectors(list(photos.values())) for store in stores]),
    )
    return len(keys), names


def check_ending(path: Path) -> None:
    """Raises OutputError if the name has no suffix of a feature table."""
    if path.suffix.lower() not in _ENDINGS:
        raise OutputError(f"{path}: features are written as .csv or .parquet, not as '{path.suffix}'")


def write_feature_table(
    path: Path, photos: Sequence[tuple[str, str]], columns: Sequence[str], matrix: NDArray[np.float32]
) -> None:
    """Writes series, photo and one column per number, as CSV or Parquet depending on the suffix.

    `photos`: n pairs (series, photo); `matrix`: float32 (n, len(columns)). CSV uses the shortest digits that
    restore the same float32. Invalid bytes in a file name become escapes.
    Raises OutputError for any other suffix, for duplicate column names, and if the file cannot be written.
    """
    check_ending(path)
    names = ["series", "photo", *columns]
    if repeated := [name for place, name in enumerate(names) if name in names[:place]]:
        raise OutputError(f"{path}: two columns would be called '{repeated[0]}'")
    is_csv = path.suffix.lower() == ".csv"

    def text(name: str) -> str:
        return guarded(_text(name)) if is_csv else _text(name)

    table = pa.table(
        [
            *(pa.array([text(pair[side]) for pair in photos], pa.string()) for side in (0, 1)),
            *(pa.array(np.ascontiguousarray(column)) for column in matrix.T),
        ],
        names=names,
    )
    with atomic_write(path) as file:
        if is_csv:
            pyarrow.csv.write_csv(table, file)
        else:
            pq.write_table(table, file)


def _text(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()


def _column_names(blocks: Sequence[Block]) -> list[str]:
    """A unique name per number."""
    names: list[str] = []
    for block in blocks:
        names += [f"{block.name}_{name}" if name in names else name for name in block.columns]
    return names
