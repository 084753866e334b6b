import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from phototriage.errors import LabelError
from phototriage.labels import Comparisons, read_labels
from phototriage.labels.alignment import released_preferences
from phototriage.labels.fgaesthetics import (
    LABEL_FILES,
    RELEASED_PAIRS,
    Natural,
    Numbering,
    find_natural,
    read_natural,
)
from phototriage.labels.pairlist import read_pairlists

SERIES = 60
PLAIN = (0, 1, 2, 3, 4, 5)


def _rows() -> NDArray[np.float64]:
    """A pairlist: series from 4 on with two to five photos, preferences as PhotoTriage releases them."""
    rng = np.random.default_rng(5)
    rows = []
    for series in range(4, 4 + 3 * SERIES, 3):
        photos = int(rng.integers(2, 6))
        preferences = released_preferences(rng.integers(0, 7, (photos, photos)).astype(float)).round(3)
        ranks = (-preferences.sum(axis=1)).argsort(kind="stable").argsort() + 1
        for a, b in itertools.combinations(range(photos), 2):
            rows.append((series, a + 1, b + 1, preferences[a, b], ranks[a], ranks[b]))
    return np.array(rows)


ROWS = _rows()


def _shifted(series: int, photo: int) -> NDArray[np.float64]:
    return ROWS + np.array([series, photo, photo, 0, 0, 0])


def _lines(rows: NDArray[np.float64], columns: Sequence[int] = PLAIN) -> str:
    return "".join(" ".join(f"{row[column]:g}" for column in columns) + "\n" for row in rows)


@dataclass(frozen=True)
class Place:
    """A folder for the label files, and the pairlist of the same pairs."""

    folder: Path

    def write(self, rows: NDArray[np.float64], columns: Sequence[int] = PLAIN) -> dict[str, Path]:
        """The last fifth of the series is the test, the fifth before the validation; returns the files."""
        self.folder.mkdir(exist_ok=True)
        series = rows[:, 0]
        limits = np.quantile(np.unique(series), [0.6, 0.8])
        side = np.searchsorted(limits, series)
        for number, name in enumerate(LABEL_FILES.values()):
            (self.folder / name).write_text(_lines(rows[side == number], columns))
        return find_natural(self.folder)

    def pairlists(self) -> Comparisons:
        path = self.folder.parent / "pairlist.txt"
        path.write_text(_lines(ROWS))
        return read_pairlists([path])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "label")


def _pairs(comparisons: Comparisons) -> dict[frozenset[str], float]:
    """Preference for the photo that comes first in the alphabet, by pair."""
    columns = (comparisons.table[name].tolist() for name in ("photo_a", "photo_b", "preference"))
    return {frozenset((a, b)): round(p if a < b else 1 - p, 6) for a, b, p in zip(*columns, strict=True)}


def _digest() -> str:
    rows = sorted(
        ((int(s) * 10_000 + int(a)) * 10_000 + int(b), round(1000 * p)) for s, a, b, p, *_ in ROWS.tolist()
    )
    return hashlib.sha256(np.array(rows, dtype="<i8").tobytes()).hexdigest()


@pytest.mark.parametrize("by", ["pairlists", "digest"])
@pytest.mark.parametrize(
    ("columns", "series", "photo", "turned"),
    [
        (PLAIN, 0, 0, False),
        (PLAIN, 0, -1, False),
        (PLAIN, -1, 1, False),
        ((4, 0, 5, 2, 1, 3), 0, 0, False),
        ((1, 2, 4, 5, 3, 0), 0, -1, True),
        ((0, 4, 5, 3, 1, 2), 1, 0, True),
    ],
)
def test_columns_and_numbers_are_recognized(
    place: Place, columns: tuple[int, ...], series: int, photo: int, turned: bool, by: str
) -> None:
    rows = _shifted(series, photo)
    if turned:
        rows[:, 3] = 1 - rows[:, 3]
    known = place.pairlists()
    found = read_natural(
        place.write(rows, columns),
        known if by == "pairlists" else None,
        released=_digest(),
        released_pairs=len(ROWS),
    )
    assert found.proved
    assert found.proof.startswith("FGAesthetics' Natural is PhotoTriage: ")
    assert found.numbering == Numbering(-series, -photo)
    assert _pairs(found.comparisons) == _pairs(known)
    assert found.comparisons.best_photos() == known.best_photos()
    assert [len(each) for each in found.sides.values()] == [36, 12, 12]
    assert sum(found.rows.values()) == len(ROWS)
    peculiar = columns != PLAIN or turned
    assert ("its columns are" in found.proof) == peculiar
    assert ("its numbers of photos are 1 " in found.proof) == bool(photo)


@pytest.mark.parametrize(("changed", "accepted"), [(0.009, True), (0.02, False)])
def test_one_percent_of_the_rows_may_differ(place: Place, changed: float, accepted: bool) -> None:
    rows = np.concatenate([ROWS, _shifted(300, 0), _shifted(600, 0)])
    path = place.folder.parent / "pairlist.txt"
    path.write_text(_lines(rows))
    known = read_pairlists([path])
    # A little off, in the same direction, so that the ranks still fit.
    for row in np.linspace(0, len(rows) - 1, round(changed * len(rows))).astype(int):
        rows[row, 3] += 0.004 * np.sign(rows[row, 3] - 0.5001)
    files = place.write(rows)
    if accepted:
        assert "99." in read_natural(files, known).proof
    else:
        with pytest.raises(LabelError, match=r"not PhotoTriage's pairs\. Read as series photo1.* 98\.\d%"):
            read_natural(files, known)


def test_labels_of_other_photos_are_refused_with_what_was_seen(place: Place) -> None:
    rows = ROWS.copy()
    rows[:, 3] = np.random.default_rng(1).permutation(rows[:, 3])
    said = (
        rf"Read as series photo1 photo2 p rank1 rank2, \d+\.\d% of {len(ROWS)} rows have the same p for the "
        r"same pair as the pairlists, and in .*; 99% are needed"
    )
    with pytest.raises(LabelError, match=said):
        read_natural(place.write(rows), place.pairlists())


def test_without_a_proof_the_ranks_must_fit_and_the_reader_is_told(place: Place) -> None:
    found = read_natural(place.write(_shifted(0, -1)), None)
    assert not found.proved
    assert (
        "that these are PhotoTriage's pairs is not proved; its numbers of photos are 1 below" in found.proof
    )
    assert _pairs(found.comparisons) == _pairs(place.pairlists())
    other = ROWS.copy()
    other[7, 3] += 0.001
    files = place.write(other)
    assert not read_natural(files, None, released=_digest(), released_pairs=len(ROWS)).proved
    contradicting = ROWS.copy()
    contradicting[:, [4, 5]] = ROWS[:, [5, 4]]
    with pytest.raises(
        LabelError, match=r"columns 5 and 6 are not ranks that fit p\. Put train_pairlist\.txt"
    ):
        read_natural(place.write(contradicting), None)
    with pytest.raises(LabelError, match="the values do not allow that"):
        read_natural(place.write(ROWS, (3, 0, 1, 2, 4, 5)), None)


def test_repeated_rows_count_once_and_contradictions_are_refused(place: Place) -> None:
    again = ROWS[[0]][:, [0, 2, 1, 3, 5, 4]]
    again[0, 3] = 1 - again[0, 3]
    files = place.write(np.concatenate([ROWS, again, ROWS[[3]]]))
    assert len(read_natural(files, None).comparisons) == len(ROWS)
    other = ROWS[[0]].copy()
    other[0, 3] += 0.1 * np.sign(other[0, 3] - 0.5)
    with pytest.raises(LabelError, match="photos 1 and 2 of series 4 have two preferences"):
        read_natural(place.write(np.concatenate([ROWS, other])), None)


def test_faults_of_the_files_are_named(place: Place) -> None:
    assert find_natural(place.folder.parent) == {}
    files = place.write(ROWS)
    assert find_natural(place.folder.parent) == files
    test = files["test"]
    lines = test.read_text()
    test.write_text(lines + "7 1 2 x 1 2\n")
    with pytest.raises(
        LabelError, match=rf"natural_test.txt, line {lines.count(chr(10)) + 1}: expected six n"
    ):
        read_natural(files, None)
    test.write_text(lines + files["train"].read_text().splitlines()[0])
    with pytest.raises(LabelError, match=r"series 4 is both in natural_train\.txt and natural_t"):
        read_natural(files, None)
    test.write_text("\n")
    with pytest.raises(LabelError, match=r"natural_test\.txt has no line"):
        read_natural(files, None)
    test.unlink()
    with pytest.raises(LabelError, match=re.escape(f"{place.folder}: natural_test.txt of FGAesthetics")):
        find_natural(place.folder)


def test_commas_and_capitals_do_not_matter(place: Place) -> None:
    files = place.write(ROWS)
    for path in files.values():
        path.write_text(path.read_text().replace(" ", ", "))
        path.rename(path.with_name(path.name.upper()))
    found = read_natural(find_natural(place.folder), None)
    assert len(found.comparisons) == len(ROWS)


def test_as_labels(tmp_path: Path) -> None:
    Place(tmp_path / "label").write(ROWS)
    labels = read_labels(tmp_path)
    assert (labels.kind, labels.official_test_series, labels.photo_root) == (
        "fgaesthetics",
        frozenset(),
        None,
    )
    assert [step.name for step in labels.steps[:3]] == list(LABEL_FILES.values())
    assert sum(step.rows or 0 for step in labels.steps[:3]) == len(ROWS)
    assert labels.notes[0].startswith("FGAesthetics' Natural is read as")
    split = labels.released_split("natural", seed=0)
    assert [len(side.series) for side in (split.train, split.validation, split.test)] == [36, 12, 12]
    assert labels.test_series("natural") == set(split.test.series)
    with pytest.raises(LabelError, match="no official test"):
        labels.released_split("official", seed=0)

    photo = tmp_path / "Natural" / "000004" / "000004-01.jpg"
    photo.parent.mkdir(parents=True)
    photo.touch()
    assert read_labels(tmp_path).photo_root == tmp_path

    (tmp_path / "train_pairlist.txt").write_text(_lines(ROWS[20:]))
    (tmp_path / "val_pairlist.txt").write_text(_lines(ROWS[:20]))
    both = read_labels(tmp_path)
    assert (both.kind, both.photo_root) == ("release", tmp_path)
    assert both.test_series("official") == {str(int(series)) for series in ROWS[:20, 0]}
    assert both.test_series("natural") == set(split.test.series)
    assert both.notes[0].startswith(f"FGAesthetics' Natural is PhotoTriage: 100.0% of its {len(ROWS)} rows")
    assert len(both.files) == 5
    assert both.photo_files(tmp_path)["000004-01.JPG"] == photo


def test_the_real_pairlists_are_recognized_by_their_digest(shared: Path, place: Place) -> None:
    text = "".join((shared / "phototriage" / f"{side}_pairlist.txt").read_text() for side in ("train", "val"))
    rows = np.array([line.split() for line in text.splitlines()], float)
    assert len(rows) == RELEASED_PAIRS
    found: Natural = read_natural(place.write(rows, (2, 1, 0, 3, 5, 4)), None)
    assert found.proved
    assert found.numbering == Numbering()
    pd.testing.assert_series_equal(
        found.comparisons.table["preference"].sort_values(ignore_index=True),
        pd.Series(np.sort(1 - rows[:, 3]), name="preference"),
    )
