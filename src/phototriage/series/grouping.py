"""Finds the series of a library: what was taken close in time, by one camera, and looks alike; or folders."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from phototriage.contiguous import in_one_piece
from phototriage.features.extractors.look import LOOK_LAYOUT
from phototriage.photos import Capture
from phototriage.series.patterns import brackets, focus_stacks, seen_brackets, sweeps
from phototriage.series.shot import Series, SeriesKind, Shot
from phototriage.series.timeline import Timeline, lay_out

__all__ = ["DEFAULT_GAP", "LITE_SIMILARITY", "LOOK_SIMILARITY", "Fetch", "group", "series_by_folder"]

DEFAULT_GAP = 30.0
"""Seconds within which photos of one series follow each other."""
LOOK_SIMILARITY, LITE_SIMILARITY = 0.8, 0.9
"""How alike two photos of one series are at least: the cosine of layout descriptors or of `lite` features."""

_LITE_SHARE = (1 - LITE_SIMILARITY) / (1 - LOOK_SIMILARITY)
_UNTIMED = 0.5  # of the unlikeness that is allowed with times is allowed to layouts without
_LEAST_LAYOUT = 0.5  # below, `lite` features are not asked: two photos of the night are alike to them
_PAIRS_AT_ONCE = 1024  # so that of a large library neither `lite` features nor layouts are copied
_LOOK_BACK = 3  # shots, so that one spoilt take does not cut a series in two
_AT_ONCE = 256  # shots that are compared with the first of their series, so that no work is done twice
_FROM_FIRST = 2  # times the unlikeness allowed between neighbours
_LONGEST = 10  # gaps, from the first shot of a series to its last

Rows = NDArray[np.float32]
Places = NDArray[np.intp]
Fetch = Callable[[Places], Rows]
"""From places of shots to their features, a row each."""


def group(
    shots: Sequence[Shot],
    captures: Sequence[Capture],
    looks: Rows,
    *,
    gap: float = DEFAULT_GAP,
    similarity: float | None = None,
    lite: Fetch | None = None,
) -> list[Series]:
    """Finds the series of a library; every shot is in exactly one.

    A shot belongs with one of the three before it, by the same camera, where it was taken within `gap`
    seconds of it and is as alike as `similarity` says. Without times neighbours in the order of names in one
    folder do, at half the unlikeness. A series ends where a shot is more than twice as unlike its first as
    `similarity` allows, or ten gaps later, so that what changes little by little does not run on for ever.
    Two shots whose layouts differ more are alike all the same where their `lite` features are: those follow a
    subject through a zoom or a step to the side.

    Args:
        shots, captures: the same length, in any order; the result does not depend on it.
        looks: float32 (n, 107), the layout descriptor (`look`) of each shot.
        gap: seconds, ≥ 0.
        similarity: of layouts, in [0, 1]; by default LOOK_SIMILARITY. That of `lite` features rises and falls
            with it, from LITE_SIMILARITY on, so that both are 1 together.
        lite: fetches the `lite` features of shots, float32 (m, 768), by their places in `shots`: a thousand
            at a time, so that those of a large library are never copied.

    Returns:
        Series in the natural order of their first photos; each in the order of time. A series is called after
        its first photo: the folder and the name, without the suffix where no other photo has that name.
    """
    if not shots:
        return []
    line = lay_out(shots, captures)
    looks = looks[in_one_piece(line.rows)]  # of a library in order, not a copy
    found: list[tuple[SeriesKind, NDArray[np.intp]]] = []
    rest = np.arange(len(line))
    patterns: tuple[tuple[SeriesKind, Callable[[Timeline, Rows, float], Iterable[tuple[int, int]]]], ...]
    patterns = (("exposure bracket", brackets), ("exposure bracket", seen_brackets), ("panorama", sweeps))
    for kind, find in patterns:
        free = np.ones(len(rest), bool)
        for first, end in find(line.take(rest), looks[in_one_piece(rest)], gap):
            found.append((kind, rest[first:end]))
            free[first:end] = False
        rest = rest[free]
    unlikeness = 1 - (LOOK_SIMILARITY if similarity is None else similarity)
    pictures = _Pictures(line.take(rest), looks[in_one_piece(rest), LOOK_LAYOUT], unlikeness, lite)
    linked = [rest[members] for members in _linked(pictures, gap)]
    for members, is_stack in zip(linked, focus_stacks(line, looks, linked), strict=True):
        found.append(("focus stack" if is_stack else "series" if len(members) > 1 else "single", members))
    return _named(found, line, shots, captures)


def series_by_folder(shots: Sequence[Shot], captures: Sequence[Capture]) -> list[Series]:
    """Takes every folder for one series, called after its path; the photo root's is `.`.

    Args:
        shots: in the order that is wanted.
        captures: of each of them.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place, shot in enumerate(shots):
        places[PurePosixPath(shot.photo).parent.as_posix()].append(place)
    series = []
    for folder, members in places.items():
        times = [time.local for place in members if (time := captures[place].time)]
        series.append(
            Series(
                folder,
                "series" if len(members) > 1 else "single",
                tuple(shots[place] for place in members),
                min(times, default=None),
            )
        )
    return series


class _Pictures:
    """What shots in order show: layout descriptors, `lite` features where there are some, and how far apart
    those of one series may be.
    """

    def __init__(self, line: Timeline, layouts: Rows, unlikeness: float, lite: Fetch | None) -> None:
        self.line, self._layouts, self._lite = line, layouts, lite
        self._unlikeness = np.where(np.isnan(line.time), _UNTIMED * unlikeness, unlikeness)

    def alike(self, before: Places, after: Places, times: float = 1) -> NDArray[np.bool_]:
        """(m,) whether each shot of `after` is at most `times` as unlike that of `before` as is allowed."""
        parts = len(after) // _PAIRS_AT_ONCE + 1
        pieces = zip(np.array_split(before, parts), np.array_split(after, parts), strict=True)
        return np.concatenate([self._alike(*piece, times) for piece in pieces])

    def _alike(self, before: Places, after: Places, times: float) -> NDArray[np.bool_]:
        cosine = _dots(self._layouts[after], self._layouts[before])
        alike = cosine >= 1 - times * self._unlikeness[after]
        if self._lite is None:
            return np.asarray(alike)
        rows = self.line.rows
        unsure = np.flatnonzero(~alike & (cosine >= _LEAST_LAYOUT))
        if len(unsure):
            one, other = self._lite(rows[after[unsure]]), self._lite(rows[before[unsure]])
            lengths = np.sqrt(_dots(one, one) * _dots(other, other))
            unlikeness = times * _LITE_SHARE * self._unlikeness[after[unsure]]
            alike[unsure] = _dots(one, other) >= (1 - unlikeness) * lengths
        return np.asarray(alike)


def _dots(one: Rows, other: Rows) -> Rows:
    return np.asarray(np.einsum("...d,...d->...", one, other))


def _linked(pictures: _Pictures, gap: float) -> list[Places]:
    """Shots that belong together, each as places in order."""
    line, pairs = pictures.line, []
    if not len(line):
        return []
    for lag in range(1, min(_LOOK_BACK, len(line) - 1) + 1):
        later = np.flatnonzero(line.near(lag, gap)) + lag
        alike = later[pictures.alike(later - lag, later)]
        pairs.append(np.stack([alike - lag, alike]))
    links = np.hstack(pairs) if pairs else np.empty((2, 0), np.intp)
    graph = coo_array((np.ones(links.shape[1], np.int8), (links[0], links[1])), shape=(len(line), len(line)))
    _, label = connected_components(graph, directed=False)
    order = np.argsort(label, kind="stable")
    starts = np.flatnonzero(np.diff(label[order], prepend=-1))
    first = np.repeat(order[starts], np.diff(starts, append=len(order)))
    strays = np.logical_or.reduceat(_is_far(pictures, first, order, _LONGEST * gap), starts)
    found: list[Places] = []
    for members, stray in zip(np.split(order, starts[1:]), strays.tolist(), strict=True):
        found += _cut(members, pictures, _LONGEST * gap) if stray else [members]
    return found


def _is_far(pictures: _Pictures, first: Places, members: Places, longest: float) -> NDArray[np.bool_]:
    """(m,) whether each member is too far from the first of its series, in similarity or in time."""
    time = pictures.line.time
    return ~pictures.alike(first, members, _FROM_FIRST) | (time[members] - time[first] > longest)


def _cut(members: Places, pictures: _Pictures, longest: float) -> Iterable[Places]:
    """Pieces of which none gets too far from its first member (`_is_far`)."""
    start = 0
    while start < len(members):
        end = start + 1
        while end < len(members):
            ahead = members[end : end + _AT_ONCE]
            far = _is_far(pictures, np.full(len(ahead), members[start]), ahead, longest)
            if far.any():
                end += int(far.argmax())
                break
            end += len(ahead)
        yield members[start:end]
        start = end


def _named(
    found: Iterable[tuple[SeriesKind, NDArray[np.intp]]],
    line: Timeline,
    shots: Sequence[Shot],
    captures: Sequence[Capture],
) -> list[Series]:
    stems = Counter(_stem(shot.photo) for shot in shots)
    series = []
    for kind, places in sorted(found, key=lambda one: line.rank[one[1][0]]):
        rows = line.rows[places].tolist()
        photo, time = shots[rows[0]].photo, captures[rows[0]].time
        name = _stem(photo)
        members = tuple(shots[row] for row in rows)
        series.append(
            Series(name if stems[name] == 1 else photo, kind, members, time.local if time else None)
        )
    return series


def _stem(photo: str) -> str:
    folder, slash, name = photo.rpartition("/")
    return folder + slash + (name.rpartition(".")[0] or name)
