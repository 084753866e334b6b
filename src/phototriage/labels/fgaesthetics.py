"""The part "Natural" of FGAesthetics: its label files, its split, and the proof that they are PhotoTriage's.

FGAesthetics (Yang et al., Fine-grained Image Aesthetic Assessment, CVPR 2026, arXiv 2603.03907) was released
without a description of its label files. Its part "Natural" has PhotoTriage's counts, 4,755 series, 12,522
photos and 12,558 pairs, and six numeric columns, the fourth in [0, 1], as PhotoTriage's pairlists have. The
meaning of the columns and the numbering are proved by these pairlists where they are at hand, otherwise by
the digest of all their preferences. What neither proves is said to be unproven.
"""

import hashlib
import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phototriage.errors import LabelError
from phototriage.labels.alignment import EXACT
from phototriage.labels.comparisons import COLUMNS, Comparisons
from phototriage.labels.release import photo_key, photo_numbers, series_key
from phototriage.labels.text_file import read_text

__all__ = ["LABEL_FILES", "Natural", "Numbering", "find_natural", "read_natural"]

LABEL_FILES = {"train": "natural_train.txt", "validation": "natural_val.txt", "test": "natural_test.txt"}
"""The side of the split → the name of its label file."""

RELEASED_PAIRS = 12_558
RELEASED_DIGEST = "c22100886cff9fb65e220edd5207579b8a0e2d42a565f30c58f0a24866e3afaf"
"""`_digest` of all pairs of PhotoTriage's two pairlists."""

_LEAST_SHARE = 0.99
"""The proof needs the same preference for the same pair in this share of the rows."""

_SAMPLE = 1000
_DEPTH = 3
"""Archives unpack into folders of their own name; label files lie at most this many folders down."""

_EXPECTED = "series photo1 photo2 p rank1 rank2"
_COLUMNS = 6
_MOST = 10_000
"""Numbers of photos are below this; a greater number in a column shows that it holds something else."""

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Numbering:
    """What to add to the numbers of series and photos in an archive to get PhotoTriage's."""

    series: int = 0
    photo: int = 0


@dataclass(frozen=True)
class Natural:
    """FGAesthetics' part "Natural", in PhotoTriage's numbers.

    Fields:
        comparisons: the pairs of the three files, each once.
        numbering: how its numbers become PhotoTriage's.
        proved: whether the pairs are shown to be PhotoTriage's.
        proof: one line about that, for people.
        rows: the number of rows by side of the split: train, validation, test.
        sides: the series by side.
    """

    comparisons: Comparisons
    numbering: Numbering
    proved: bool
    proof: str
    rows: Mapping[str, int]
    sides: Mapping[str, frozenset[str]]

    @property
    def validation(self) -> frozenset[str]:
        """The series for early stopping."""
        return self.sides["validation"]

    @property
    def test(self) -> frozenset[str]:
        """The series that published figures are of."""
        return self.sides["test"]


def find_natural(folder: Path) -> dict[str, Path]:
    """The label files of "Natural" in the folder or a few folders below, by side; empty without any.

    Raises:
        LabelError: only some of the three files are there.
        OSError: a folder cannot be listed.
    """
    sides = {name: side for side, name in LABEL_FILES.items()}
    found: dict[str, Path] = {}
    for place, folders, names in os.walk(folder, onerror=_raise):
        if len(Path(place).relative_to(folder).parts) >= _DEPTH:
            folders.clear()
        # The numbered folders are of photos, thousands of them.
        folders[:] = sorted(name for name in folders if not (name.startswith(".") or name.isdecimal()))
        for name in names:
            if side := sides.get(name.lower()):
                found.setdefault(side, Path(place, name))
    missing = [name for side, name in LABEL_FILES.items() if side not in found]
    if found and missing:
        raise LabelError(
            f"{next(iter(found.values())).parent}: {' and '.join(missing)} of FGAesthetics' label files "
            "are missing: put all three into one folder"
        )
    return {side: found[side] for side in LABEL_FILES if side in found}


def read_natural(
    files: Mapping[str, Path],
    pairlists: Comparisons | None,
    *,
    released: str = RELEASED_DIGEST,
    released_pairs: int = RELEASED_PAIRS,
) -> Natural:
    """Reads the three label files, and proves what their columns and numbers mean.

    Every order of the columns, both directions of the preference, and shifted numbers are tried.

    Args:
        files: from `find_natural`.
        pairlists: PhotoTriage's pairs, if at hand.
        released, released_pairs: digest and number of PhotoTriage's pairs, for the proof without pairlists.
            Without either proof the files are read as `series photo1 photo2 p rank1 rank2`, if the ranks fit.

    Raises:
        LabelError: a file is malformed; the pairlists, or the ranks, contradict every reading; a pair has two
            preferences; or a series is on two sides of the split.
    """
    by_side = {side: _read(path) for side, path in files.items()}
    rows = np.concatenate(list(by_side.values()))
    where = files["train"].parent
    proved = True
    if pairlists is not None:
        reading, proof = _proved_by_pairlists(rows, pairlists, where)
    elif identical := _proved_by_digest(rows, released, released_pairs):
        reading = identical
        proof = (
            "FGAesthetics' Natural is PhotoTriage: its pairs and preferences are exactly those of the "
            f"pairlists{reading.peculiarity}"
        )
    else:
        proved, reading = False, _by_the_ranks(rows, where)
        proof = (
            f"FGAesthetics' Natural is read as {_EXPECTED}, and its ranks fit; that these are PhotoTriage's "
            f"pairs is not proved{reading.peculiarity}. Put train_pairlist.txt and val_pairlist.txt into the "
            "folder to have it proved"
        )
    sides = {
        side: frozenset(series_key(number) for number in np.unique(reading.series_of(of_side)).tolist())
        for side, of_side in by_side.items()
    }
    for one, other in itertools.combinations(sides, 2):
        if both := sides[one] & sides[other]:
            raise LabelError(
                f"{where}: series {min(both, key=int)} is both in {LABEL_FILES[one]} and {LABEL_FILES[other]}"
            )
    counts = {side: len(of_side) for side, of_side in by_side.items()}
    return Natural(_comparisons(rows, reading, where), reading.numbering, proved, proof, counts, sides)


@dataclass(frozen=True)
class _Reading:
    """What the columns, counted from 0, mean.

    of_second: the preference is for the second photo.
    """

    series: int = 0
    first: int = 1
    second: int = 2
    preference: int = 3
    of_second: bool = False
    numbering: Numbering = Numbering()

    def series_of(self, rows: Rows) -> NDArray[np.int64]:
        return rows[:, self.series].astype(np.int64) + self.numbering.series

    def photos_of(self, rows: Rows) -> NDArray[np.int64]:
        """(n, 2)."""
        return rows[:, [self.first, self.second]].astype(np.int64) + self.numbering.photo

    def preference_of(self, rows: Rows) -> NDArray[np.float64]:
        """(n,) for the first photo."""
        stated = rows[:, self.preference]
        return 1 - stated if self.of_second else stated

    def pairs(self, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(n,) a number for each unordered pair, and (n,) the preference for its photo of lower number."""
        photos, preference = self.photos_of(rows), self.preference_of(rows)
        turned = photos[:, 0] > photos[:, 1]
        numbers = (self.series_of(rows) * _MOST + photos.min(axis=1)) * _MOST + photos.max(axis=1)
        return numbers, np.where(turned, 1 - preference, preference)

    @property
    def peculiarity(self) -> str:
        """How this differs from a pairlist, as the end of a sentence."""
        names = ["rank"] * _COLUMNS
        names[self.series], names[self.first], names[self.second] = "series", "photo1", "photo2"
        names[self.preference] = "p of photo2" if self.of_second else "p"
        facts = [] if self == _Reading(numbering=self.numbering) else [f"its columns are {' '.join(names)}"]
        for what, shift in (("series", self.numbering.series), ("photos", self.numbering.photo)):
            if shift:
                facts.append(f"its numbers of {what} are {abs(shift)} {'below' if shift > 0 else 'above'}")
        return "".join(f"; {fact}" for fact in facts)


def _read(path: Path) -> Rows:
    rows: list[list[float]] = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        cells = line.replace(",", " ").split()
        if not cells:
            continue
        try:
            values = [float(cell) for cell in cells]
        except ValueError:
            values = []
        if len(values) != _COLUMNS or not np.isfinite(values).all():
            raise LabelError(f"{path}, line {number}: expected six numbers, found '{line.strip()[:80]}'")
        rows.append(values)
    if not rows:
        raise LabelError(f"{path} has no line; expected six numbers in each")
    return np.array(rows)


def _readings(rows: Rows, least_series: int) -> Iterator[_Reading]:
    """All readings that the values allow, a pairlist's first. least_series: PhotoTriage's first series."""
    whole = [not (rows[:, column] % 1).any() and rows[:, column].min() >= 0 for column in range(_COLUMNS)]
    share = [rows[:, column].min() >= 0 and rows[:, column].max() <= 1 for column in range(_COLUMNS)]
    for preference in sorted(range(_COLUMNS), key=lambda column: column != 3):
        if not share[preference]:
            continue
        numbers = [column for column in range(_COLUMNS) if whole[column] and column != preference]
        for series, (first, second) in itertools.product(numbers, itertools.combinations(numbers, 2)):
            photos = rows[:, [first, second]]
            if series in (first, second) or photos.max() >= _MOST or (photos[:, 0] == photos[:, 1]).any():
                continue
            shifts = (dict.fromkeys((0, 1, -1, least_series - int(rows[:, series].min()))), (0, 1, -1))
            for of_second, by_series, by_photo in itertools.product((False, True), *shifts):
                numbering = Numbering(by_series, by_photo)
                yield _Reading(series, first, second, preference, of_second, numbering)


def _proved_by_pairlists(rows: Rows, pairlists: Comparisons, where: Path) -> tuple[_Reading, str]:
    numbers, preferences = _known_pairs(pairlists)

    def share(reading: _Reading, some: Rows) -> float:
        pairs, preference = reading.pairs(some)
        places = np.minimum(np.searchsorted(numbers, pairs), len(numbers) - 1)
        same = (numbers[places] == pairs) & (np.abs(preferences[places] - preference) <= EXACT)
        return float(same.mean())

    sample = rows[:: max(1, len(rows) // _SAMPLE)]
    least = int(numbers[0] // _MOST**2)
    best = max(_readings(rows, least), key=lambda reading: share(reading, sample), default=_Reading())
    found = share(best, rows)
    if found < _LEAST_SHARE:
        other = "and in no other way more"
        if best.peculiarity:
            other = f"and in the best other way{best.peculiarity}, {found:.1%}"
        raise LabelError(
            f"{where}: FGAesthetics' label files are not PhotoTriage's pairs. Read as {_EXPECTED}, "
            f"{share(_Reading(), rows):.1%} of {len(rows):,} rows have the same p for the same pair as the "
            f"pairlists, {other}; {_LEAST_SHARE:.0%} are needed. Keep the two releases in folders of their "
            "own"
        )
    known = int(np.isin(numbers, best.pairs(rows)[0]).sum())
    return best, (
        f"FGAesthetics' Natural is PhotoTriage: {found:.1%} of its {len(rows):,} rows have the same p for "
        f"the same pair as the pairlists, and it has {known:,} of their {len(numbers):,} pairs"
        f"{best.peculiarity}"
    )


def _known_pairs(pairlists: Comparisons) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """As `_Reading.pairs`, sorted by number."""
    columns = (pairlists.table[name] for name in ("photo_a", "photo_b", "preference"))
    rows = np.array(
        [
            (*one, two[1], preference)
            for a, b, preference in zip(*columns, strict=True)
            if (one := photo_numbers(a)) and (two := photo_numbers(b))
        ]
    )
    pairs, preference = _Reading().pairs(rows)
    order = np.argsort(pairs)
    return pairs[order], preference[order]


def _proved_by_digest(rows: Rows, released: str, released_pairs: int) -> _Reading | None:
    for reading in _readings(rows, 1):
        if len(np.unique(reading.pairs(rows)[0])) == released_pairs and _digest(reading, rows) == released:
            return reading
    return None


def _digest(reading: _Reading, rows: Rows) -> str:
    """SHA-256 of the sorted pairs and their preferences in thousandths."""
    numbers, preference = reading.pairs(rows)
    pairs = np.unique(np.column_stack([numbers, np.rint(preference * 1000).astype(np.int64)]), axis=0)
    return hashlib.sha256(pairs.astype("<i8").tobytes()).hexdigest()


def _by_the_ranks(rows: Rows, where: Path) -> _Reading:
    """The reading of a pairlist, if the ranks are ranks that fit the preferences."""
    # PhotoTriage counts its photos from 1.
    reading = _Reading(numbering=Numbering(photo=int(rows[:, 1:3].min() == 0)))
    ranks = _ranks(rows, reading)
    is_pairlist = reading in _readings(rows, 1)
    if not is_pairlist or ranks is None:
        fault = "columns 5 and 6 are not ranks that fit p" if is_pairlist else "the values do not allow that"
        raise LabelError(
            f"{where}: FGAesthetics' label files are not {_EXPECTED}, as PhotoTriage's pairlists are: "
            f"{fault}. Put train_pairlist.txt and val_pairlist.txt into the folder, and the columns are "
            "recognized by them"
        )
    return reading


def _ranks(rows: Rows, reading: _Reading, *, turned: bool = False) -> NDArray[np.int64] | None:
    """(n, 2) the ranks of the photos, 1 the best; None if the other two columns are not such ranks.

    turned: the second photo's rank is in the earlier column.
    """
    used = {reading.series, reading.first, reading.second, reading.preference}
    ranks = rows[:, [column for column in range(_COLUMNS) if column not in used]]
    if turned:
        ranks = ranks[:, ::-1]
    if (ranks % 1).any() or ranks.min() < 1:
        return None
    if ((reading.preference_of(rows) - 0.5) * (ranks[:, 0] - ranks[:, 1]) > 0).any():
        return None
    series, photos = reading.series_of(rows), reading.photos_of(rows)
    of_photo = [(series * _MOST + photos[:, side], ranks[:, side]) for side in (0, 1)]
    table = np.unique(np.hstack(of_photo), axis=1)
    one_each = len(np.unique(table[0])) == table.shape[1]
    return ranks.astype(np.int64) if one_each else None


def _comparisons(rows: Rows, reading: _Reading, where: Path) -> Comparisons:
    numbers, preference = reading.pairs(rows)
    _, first, place = np.unique(numbers, return_index=True, return_inverse=True)
    if (contradicted := np.abs(preference - preference[first][place]) > EXACT).any():
        row = int(np.argmax(contradicted))
        series, (one, two) = reading.series_of(rows)[row], reading.photos_of(rows)[row]
        raise LabelError(f"{where}: photos {one} and {two} of series {series} have two preferences")
    once = rows[np.sort(first)]
    ranks = _ranks(once, reading)
    if ranks is None:
        ranks = _ranks(once, reading, turned=True)
    table = [
        (series_key(series), photo_key(series, one), photo_key(series, two), p, 0, 0, *of_pair)
        for series, (one, two), p, of_pair in zip(
            reading.series_of(once).tolist(),
            reading.photos_of(once).tolist(),
            reading.preference_of(once).tolist(),
            (np.zeros((len(once), 2), int) if ranks is None else ranks).tolist(),
            strict=True,
        )
    ]
    return Comparisons(pd.DataFrame(table, columns=list(COLUMNS)))


def _raise(error: OSError) -> None:
    raise error
