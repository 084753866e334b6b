"""Series as a person merged and split them, in place of those that were found."""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from phototriage.series.shot import Series, SeriesKind

__all__ = ["regroup"]


def regroup(
    series: Sequence[Series],
    groups: Mapping[str, tuple[str, ...]],
    captured_at: Callable[[str], datetime | None],
) -> list[Series]:
    """Applies a person's series to those that the program found.

    Args:
        series: as the program found them.
        groups: photo → the photos that are one series with it by hand; the program's series stand for photos
            that are not in it. Photos that are not in `series` do not count.
        captured_at: of a photo, on the camera's clock.

    Returns:
        The series in the order of their first shots. A group of one is a single; any other group is a
        `series` to choose from, whatever kind the program saw. What remains of a series of the program keeps
        its kind, unless only one photo remains.
    """
    if not groups:
        return list(series)
    shots = {shot.photo: shot for each in series for shot in each.shots}
    home = {shot.photo: each for each in series for shot in each.shots}
    place = {photo: number for number, photo in enumerate(shots)}
    regrouped: list[Series] = []
    taken: set[str] = set()
    names: set[str] = set()
    for photo in shots:
        if photo in taken:
            continue
        found = home[photo]
        by_hand = photo in groups
        members = (
            sorted((each for each in groups[photo] if each in shots), key=place.__getitem__)
            if by_hand
            else [shot.photo for shot in found.shots if shot.photo not in groups]
        )
        taken.update(members)
        kind: SeriesKind = "series" if by_hand else found.kind
        if len(members) == 1 and (by_hand or len(found.shots) > 1):
            kind = "single"
        name = _name(photo, found, names)
        names.add(name)
        time = found.captured_at if photo == found.shots[0].photo else captured_at(photo)
        regrouped.append(Series(name, kind, tuple(shots[each] for each in members), time))
    return regrouped


def _name(photo: str, found: Series, names: set[str]) -> str:
    """The name of the program's series if this one starts with it, else that of the first photo."""
    if photo == found.shots[0].photo and found.name not in names:
        return found.name
    stem = posixpath.splitext(photo)[0]
    return photo if stem in names else stem
