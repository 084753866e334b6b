"""A person's decisions about a folder of photos, as comparisons."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pandas as pd

from phototriage.choices import (
    Blind,
    ChoiceStore,
    Decision,
    FolderChoices,
    Marking,
    PhotoIdentity,
    Tie,
    read_choices,
)
from phototriage.errors import PhotoError
from phototriage.labels.comparisons import COLUMNS, Comparisons
from phototriage.labels.components import connected_names
from phototriage.photos import content_hash, discover, read_capture, read_photo
from phototriage.photos.plain_name import plain_name
from phototriage.printable import is_unicode

__all__ = ["DecisionLabels", "decided_comparisons", "read_decisions"]

_PREFERENCE = {"left": 1.0, "right": 0.0, "tie": 0.5}


@dataclass(frozen=True)
class DecisionLabels:
    """Comparisons from decisions. photos: how many photos of the folder a person said anything of."""

    comparisons: Comparisons
    photos: int


def read_decisions(folder: Path, choices_dir: Path) -> DecisionLabels | None:
    """The comparisons that a person's decisions about the photos of a folder make; None without any.

    Only files that may be photos in the store, by their size or name, are read.

    Raises OutputError if the store cannot be used.
    """
    with ChoiceStore(choices_dir, create=False) as store:
        sizes, names = store.sizes(), store.names()
    if not sizes:
        return None
    try:
        found = discover(folder, on_failure=lambda path, reason: None)
    except PhotoError:
        return None
    photos = dict(_identities(folder, found, sizes, names))
    choices = read_choices(choices_dir, photos)
    comparisons = decided_comparisons(choices)
    if not len(comparisons):
        return None
    return DecisionLabels(comparisons, len(choices.names))


def decided_comparisons(choices: FolderChoices) -> Comparisons:
    """What decisions say of pairs of photos; nothing across series.

    A pick is better than every photo that was shown beside it and is no pick. A reject is worse than every
    photo that was shown beside it and is no reject. Among photos that were shown together and have the same
    flag, the one with more stars is better, if both have any. Where the person could not tell, and has not
    flagged either photo since, p is ½. A pair that was compared several times has the mean. Photos whose
    names are not Unicode are left out: a table cannot hold them.
    """
    pairs: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one, other, preference in _judgments(choices):
        if not (is_unicode(one) and is_unicode(other)):
            continue
        if one < other:
            pairs[one, other].append(preference)
        else:
            pairs[other, one].append(1 - preference)
    series = connected_names(pairs)
    rows = [
        (series[one], one, other, sum(said) / len(said), 0, 0, 0, 0)
        for (one, other), said in sorted(pairs.items(), key=lambda pair: (series[pair[0][0]], pair[0]))
    ]
    return Comparisons(pd.DataFrame(rows, columns=list(COLUMNS)))


def _judgments(choices: FolderChoices) -> Iterator[tuple[str, str, float]]:
    """(photo, other, P(photo over other)), each pair of a kind of judgment once."""
    names = choices.names
    beside: dict[tuple[str, str], None] = {}
    for event in choices.history.counting():
        match event.action:
            case Blind(left, right, better):
                if left in names and right in names:
                    yield names[left], names[right], _PREFERENCE[better]
            case Tie(tied):
                still = {names[each] for each in tied if each in names}
                still = {each for each in still if choices.decisions.get(each, Decision()).tied}
                for one, other in combinations(sorted(still), 2):
                    yield one, other, 0.5
            case Marking(marks, context):
                shown = {*context.shown, *(mark.photo for mark in marks)}
                for mark in marks:
                    for each in shown - {mark.photo}:
                        if mark.photo in names and each in names:
                            low, high = sorted((names[mark.photo], names[each]))
                            beside[low, high] = None
    for one, other in beside:
        if choices.groups.get(one) != choices.groups.get(other):
            continue  # the person made them two series since
        order = _order(choices, one, other)
        if order is not None:
            yield one, other, order


def _order(choices: FolderChoices, one: str, other: str) -> float | None:
    """P(one over other) by what a person says of both; None where that is nothing."""
    flags = {"pick": 1, "": 0, "reject": -1}
    first, second = choices.decisions.get(one), choices.decisions.get(other)
    by_flag = (flags[first.flag] if first else 0) - (flags[second.flag] if second else 0)
    if by_flag:
        return float(by_flag > 0)
    if first and second and first.stars and second.stars and first.stars != second.stars:
        return float(first.stars > second.stars)
    return None


def _identities(
    folder: Path, photos: list[Path], sizes: set[int], names: set[str]
) -> Iterator[tuple[str, PhotoIdentity]]:
    for path in photos:
        try:
            size = path.stat().st_size
            if size not in sizes and plain_name(path.stem) not in names:
                continue
            data = read_photo(path)
        except (OSError, PhotoError):
            continue
        name = path.relative_to(folder).as_posix()
        yield name, PhotoIdentity.of(name, content_hash(data), size, read_capture(data))
