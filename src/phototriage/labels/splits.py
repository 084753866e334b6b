"""Training, validation and test sides that share no photo.

If `contents`, photo → content hash, is given, copies with different names count as one photo.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

import numpy as np

from phototriage.errors import LabelError
from phototriage.labels.comparisons import Comparisons
from phototriage.labels.components import connected_names

__all__ = ["Split", "k_folds", "official_split", "split_by_series"]

_Group = tuple[str, ...]


@dataclass(frozen=True)
class Split:
    """Three sides of one set of comparisons. No photo is on two sides.

    Raises:
        LabelError: a side is empty, or a photo or a series is on two sides.
    """

    train: Comparisons
    validation: Comparisons
    test: Comparisons

    def __post_init__(self) -> None:
        side_of: dict[tuple[str, str], str] = {}
        for side in (field.name for field in fields(self)):
            comparisons: Comparisons = getattr(self, side)
            if not len(comparisons):
                raise LabelError(f"the {side} side of the split is empty")
            for kind, names in (("series", comparisons.series), ("photo", comparisons.photos)):
                for name in names:
                    if side_of.setdefault((kind, name), side) != side:
                        raise LabelError(
                            f"{kind} {name} is on two sides of the split, {side_of[kind, name]} and {side}"
                        )


def split_by_series(
    comparisons: Comparisons,
    seed: int,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    contents: Mapping[str, str] | None = None,
) -> Split:
    """Draws whole series into train, validation and test, independent of the order of the rows.

    Series that share a photo stay together. Validation and test each get their rounded share of the series,
    at least the smallest group. A group that exceeds the rest of a share goes to train.

    Args:
        fractions: shares of train, validation and test; positive, with sum 1.

    Raises:
        LabelError: the fractions are invalid, or a side stays empty.
    """
    if min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-6:
        raise LabelError(f"the three fractions of a split must be positive and add up to 1, not {fractions}")
    groups = _shuffled_groups(comparisons, seed, contents)
    test, others = _draw(groups, fractions[2] * len(comparisons.series))
    validation, train = _draw(others, fractions[1] * len(comparisons.series))
    if not (train and validation and test):
        raise LabelError(
            "three sides of a split need more series without a common photo, "
            f"{_extent(comparisons, groups, contents)}"
        )
    return Split(*(_rows(comparisons, side) for side in (train, validation, test)))


def official_split(
    comparisons: Comparisons,
    test_series: Collection[str],
    seed: int,
    validation_fraction: float = 0.1,
    contents: Mapping[str, str] | None = None,
) -> Split:
    """The released test series are the test, a seeded share of the others is validation, the rest is train.

    The test stays as released, even if it contains copies of other photos.

    Raises:
        LabelError: a side is empty, validation_fraction is not between 0 and 1, or a test series shares a
            photo with another.
    """
    if not 0 < validation_fraction < 1:
        raise LabelError(f"validation_fraction must be between 0 and 1, not {validation_fraction:g}")
    if not test_series:
        raise LabelError("there is no official test: only PhotoTriage's val_pairlist.txt names one")
    in_test = comparisons.table["series"].isin(list(test_series))
    if not in_test.any():
        raise LabelError(
            f"none of the {len(test_series)} series of the official test is among these comparisons: "
            "are its photos, or their features, missing?"
        )
    others = comparisons.select(~in_test)
    groups = _shuffled_groups(others, seed, contents)
    validation, train = _draw(groups, validation_fraction * len(others.series))
    if not (train and validation):
        raise LabelError(
            "training and validation need at least two series outside the test without a common photo, "
            f"{_extent(others, groups, contents)}"
        )
    return Split(_rows(others, train), _rows(others, validation), comparisons.select(in_test))


def k_folds(
    comparisons: Comparisons, folds: int, seed: int, contents: Mapping[str, str] | None = None
) -> list[tuple[Comparisons, Comparisons]]:
    """Pairs of (train, held-out) in which every series is held out exactly once.

    Series that share a photo stay together.

    Raises:
        LabelError: fewer than two folds, or fewer (groups of) series than folds.
    """
    groups = _shuffled_groups(comparisons, seed, contents)
    if folds < 2:
        raise LabelError(f"cross-validation needs at least 2 folds, not {folds}")
    if len(groups) < folds:
        raise LabelError(
            f"{folds} folds need as many series without a common photo, "
            f"{_extent(comparisons, groups, contents)}"
        )
    held_out: list[list[_Group]] = [[] for _ in range(folds)]
    # Largest first, each into the smallest fold, so that large components keep the folds balanced.
    for group in sorted(groups, key=len, reverse=True):
        min(held_out, key=lambda fold: sum(map(len, fold))).append(group)
    return [
        (
            _rows(comparisons, [group for other in held_out if other is not fold for group in other]),
            _rows(comparisons, fold),
        )
        for fold in held_out
    ]


def _shuffled_groups(comparisons: Comparisons, seed: int, contents: Mapping[str, str] | None) -> list[_Group]:
    """Groups of series that share photos; sorted, then shuffled, to be independent of the order of rows."""
    known = contents or {}
    first_series: dict[str, str] = {}
    links: list[tuple[str, str]] = []
    for series, photos in comparisons.photos_by_series().items():
        links += [(series, first_series.setdefault(known.get(photo, photo), series)) for photo in photos]
    members: dict[str, list[str]] = {}
    for series, label in sorted(connected_names(links).items()):
        members.setdefault(label, []).append(series)
    groups = list(map(tuple, members.values()))
    return [groups[i] for i in np.random.default_rng(seed).permutation(len(groups))]


def _draw(groups: list[_Group], series: float) -> tuple[list[_Group], list[_Group]]:
    """Splits off groups with about this many series in total; returns them and the others."""
    room = max(round(series), min(map(len, groups), default=0))
    drawn: list[_Group] = []
    left: list[_Group] = []
    for group in groups:
        if len(group) <= room:
            drawn.append(group)
            room -= len(group)
        else:
            left.append(group)
    return drawn, left


def _extent(comparisons: Comparisons, groups: list[_Group], contents: Mapping[str, str] | None) -> str:
    """The number of groups, and why there are fewer groups than series."""
    series = len(comparisons.series)
    text = f"and there are {len(groups)}"
    if len(groups) == series:
        return text
    known = contents or {}
    photos = [photo for photos in comparisons.photos_by_series().values() for photo in photos]
    shared, times = Counter(known.get(photo, photo) for photo in photos).most_common(1)[0]
    name = next(photo for photo in photos if known.get(photo, photo) == shared)
    return f"{text}: {series} series are connected by photos they share, {times} of them by {name}"


def _rows(comparisons: Comparisons, groups: list[_Group]) -> Comparisons:
    return comparisons.in_series({series for group in groups for series in group})
