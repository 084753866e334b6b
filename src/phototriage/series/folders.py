"""Series as a person has sorted them: by folder."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from phototriage.photos import Capture
from phototriage.series.series import Series
from phototriage.series.shot import Shot

__all__ = ["series_by_folder"]


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
