"""Numbers per photo in numpy's files, `.npz` and `.npy`, as a table."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from phototriage.errors import FeatureError

__all__ = ["read_arrays"]

_ACCEPTED = (
    "a .npz holds photos, (n,) names, and features, (n, d), and may hold names, (d,), and series, (n,); "
    "a .npy holds features, with a .txt of the same name beside it that has a photo per line"
)


def read_arrays(path: Path) -> pa.Table:
    """Columns series, photo, and one per number. Raises FeatureError, and OSError for an unreadable file.

    Nothing in the file is run: arrays of objects are refused.
    """
    try:
        with path.open("rb") as file:
            # Plain arrays only: a pickle can run code.
            loaded = np.load(file, allow_pickle=False)
            alone = isinstance(loaded, np.ndarray)
            arrays = {} if alone else {name: loaded[name] for name in loaded.files}
    except (ValueError, EOFError, BadZipFile) as error:
        raise FeatureError(
            f"{path} is not a file of plain arrays: {str(error)[:120]}; {_ACCEPTED}"
        ) from error
    if alone:
        photos = path.with_suffix(".txt").read_text("utf-8").splitlines()
        arrays = {"photos": np.array(photos, np.str_), "features": loaded}
    if not {"photos", "features"} <= arrays.keys():
        raise FeatureError(f"{path} holds {', '.join(arrays) or 'nothing'}: {_ACCEPTED}")
    photos, matrix = arrays["photos"], arrays["features"]
    if matrix.ndim != 2 or matrix.dtype.kind not in "biuf" or photos.shape != matrix.shape[:1]:
        raise FeatureError(
            f"{path}: features of the shape {matrix.shape} ({matrix.dtype}) do not fit photos of the shape "
            f"{photos.shape}: {_ACCEPTED}"
        )
    names = arrays.get("names", np.arange(matrix.shape[1]))
    series = arrays.get("series", photos)
    if names.shape != matrix.shape[1:] or series.shape != photos.shape:
        raise FeatureError(f"{path}: names or series do not fit features of the shape {matrix.shape}")
    columns: list[NDArray[np.generic]] = [series.astype(np.str_), photos.astype(np.str_)]
    return pa.Table.from_arrays(
        [
            *(pa.array(each.tolist(), pa.string()) for each in columns),
            *map(pa.array, np.array(matrix.T, float)),
        ],
        ["series", "photo", *names.astype(np.str_).tolist()],
    )
