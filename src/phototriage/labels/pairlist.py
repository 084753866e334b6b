"""The released pairlists of preferences."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from phototriage.errors import LabelError
from phototriage.labels.comparisons import COLUMNS, Comparisons
from phototriage.labels.release import photo_key, series_key
from phototriage.labels.text_file import read_text

__all__ = ["read_pairlists"]

_EXPECTED = (
    "'series photo1 photo2 preference rank1 rank2': two different photos counted from 1, "
    "a preference in [0, 1], ranks from 1"
)


def read_pairlists(paths: Sequence[Path]) -> Comparisons:
    """Reads pairlists into one table.

    A line is ``series photo1 photo2 p rank1 rank2``. Photos count from 1, as in the file names; p is the
    preference for photo1; rank 1 is the best of the series. Columns 5 and 6 are ranks, not winner and loser.

    Raises:
        LabelError: a file cannot be read or is empty, or a line is malformed, repeats a pair, has ranks that
            contradict its preference, gives a photo a second rank, or continues a series of another file. The
            text names file and line.
    """
    rows: list[tuple[str, str, str, float, int, int, int, int]] = []
    seen: set[tuple[int, int, int]] = set()
    ranks: dict[tuple[int, int], int] = {}
    file_of: dict[int, Path] = {}
    for path in paths:
        lines = read_text(path).splitlines()
        if not any(map(str.strip, lines)):
            raise LabelError(f"{path} has no line; expected {_EXPECTED}")
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            place = f"{path}, line {number}"
            series, one, two, preference, rank_one, rank_two = _parse(line, place)
            pair = (series, min(one, two), max(one, two))
            if pair in seen:
                raise LabelError(f"{place}: photos {one} and {two} of series {series} were compared before")
            seen.add(pair)
            if file_of.setdefault(series, path) != path:
                raise LabelError(f"{place}: series {series} is also in {file_of[series].name}")
            for photo, rank in ((one, rank_one), (two, rank_two)):
                if ranks.setdefault((series, photo), rank) != rank:
                    raise LabelError(
                        f"{place}: photo {photo} of series {series} has rank {rank} here and "
                        f"{ranks[series, photo]} above"
                    )
            if (preference - 0.5) * (rank_one - rank_two) > 0:
                raise LabelError(
                    f"{place}: preference {preference:g} for photo {one} contradicts its rank {rank_one}, "
                    f"{rank_two} for photo {two}: columns 5 and 6 are ranks, 1 the best"
                )
            photos = (photo_key(series, one), photo_key(series, two))
            rows.append((series_key(series), *photos, preference, 0, 0, rank_one, rank_two))
    return Comparisons(pd.DataFrame(rows, columns=list(COLUMNS)))


def _parse(line: str, place: str) -> tuple[int, int, int, float, int, int]:
    try:
        series, one, two, preference, rank_one, rank_two = line.split()
        numbers = (int(series), int(one), int(two), float(preference), int(rank_one), int(rank_two))
    except ValueError:
        numbers = (0, 0, 0, 0.0, 0, 0)
    in_range = 0.0 <= numbers[3] <= 1.0 and numbers[0] >= 0
    if not in_range or min(*numbers[1:3], *numbers[4:]) < 1 or numbers[1] == numbers[2]:
        raise LabelError(f"{place}: expected {_EXPECTED}, found '{line.strip()[:80]}'")
    return numbers
