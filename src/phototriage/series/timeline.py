"""The order in which photos were taken, camera by camera."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from phototriage.photos import Capture, natural_key
from phototriage.series.camera import Body, body_of, cameras
from phototriage.series.shot import Shot

__all__ = ["Timeline", "lay_out"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Timeline:
    """Shots in order, n of them: strand by strand, and in each by time, then by name.

    A strand holds what can be put in order: the timed photos of one camera, or the photos of one folder that
    have no time. Nothing is compared across strands, so clocks that differ do no harm.

    rows: (n,) which of the given shots each is. rank: (n,) its place by name among all.
    strand: (n,) its number. time: (n,) seconds, NaN without. exposure_time: (n,) seconds, 0 where unknown.
    level: (n,) EV, log2(time · ISO / f-number²), higher is brighter.
    bias, focal_length, f_number, distance, bracketed, manual, rendered: (n,) as of a `Capture`, NaN where
    unknown; distance is its focus_distance.
    """

    rows: NDArray[np.intp]
    rank: NDArray[np.intp]
    strand: NDArray[np.intp]
    time: Floats
    exposure_time: Floats
    level: Floats
    bias: Floats
    focal_length: Floats
    f_number: Floats
    distance: Floats
    bracketed: NDArray[np.bool_]
    manual: NDArray[np.bool_]
    rendered: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def near(self, lag: int, gap: float) -> NDArray[np.bool_]:
        """(n − lag,) whether each is of one strand with the one `lag` before and, if timed, within `gap` s.

        The time for which the earlier one was exposed does not count.
        """
        same = self.strand[lag:] == self.strand[:-lag]
        apart = self.time[lag:] - self.time[:-lag] - self.exposure_time[:-lag]
        return np.asarray(same & ~(apart > gap))

    def take(self, where: NDArray[np.intp] | NDArray[np.bool_]) -> "Timeline":
        """Some of the shots, still in order."""
        return Timeline(*(values[where] for values in vars(self).values()))


def lay_out(shots: Sequence[Shot], captures: Sequence[Capture]) -> Timeline:
    """Puts shots in order, whatever order they come in.

    Where some files of a camera say their offset from UTC and others do not, the others are taken to have
    the one that is said most often.
    """
    rank = _natural_ranks([shot.photo for shot in shots])
    camera = cameras(captures)
    strands = [_strand(shot, capture, camera) for shot, capture in zip(shots, captures, strict=True)]
    number = {strand: place for place, strand in enumerate(sorted(set(strands)))}
    strand = np.array([number[each] for each in strands], np.intp)
    time = _seconds(captures, strand)
    order = np.lexsort((rank, time, strand))
    # As a float, None is NaN.
    exposure = np.array([_exposure_of(capture) for capture in captures], np.float64)[order].T
    exposure_time, iso, f_number, bias, focal_length, distance, bracketed, manual, rendered = exposure
    level = np.log2(exposure_time * iso / f_number**2)
    return Timeline(
        rows=order,
        rank=rank[order],
        strand=strand[order],
        time=time[order],
        exposure_time=np.nan_to_num(exposure_time),
        # Without ISO or f-number, as of a lens without contacts, the time alone tells the steps.
        level=np.where(np.isnan(level), np.log2(exposure_time), level),
        bias=bias,
        focal_length=focal_length,
        f_number=f_number,
        distance=distance,
        bracketed=bracketed.astype(bool),
        manual=manual.astype(bool),
        rendered=rendered,
    )


_exposure_of = attrgetter(
    *("exposure_time", "iso", "f_number", "exposure_bias", "focal_length"),
    *("focus_distance", "bracketed", "manual", "rendered"),
)


def _natural_ranks(photos: Sequence[str]) -> NDArray[np.intp]:
    """(n,) the place of each in natural order."""
    keys = [natural_key(photo) for photo in photos]
    ranks = np.empty(len(photos), np.intp)
    ranks[sorted(range(len(photos)), key=keys.__getitem__)] = np.arange(len(photos))
    return ranks


def _strand(shot: Shot, capture: Capture, camera: Mapping[Body, Body]) -> tuple[str, ...]:
    """What a shot can be put in order with: the shots of its camera, or those of its folder."""
    if capture.time is not None and any(body := body_of(capture)):
        return "camera", *camera[body]
    folder = shot.photo.rpartition("/")[0]
    return "untimed" if capture.time is None else "timed", folder


def _seconds(captures: Sequence[Capture], strand: NDArray[np.intp]) -> Floats:
    """Seconds on a scale of each strand's own; NaN without a time."""
    times = [capture.time for capture in captures]
    local = np.array([time.local if time else None for time in times], "datetime64[us]")
    since = (local - np.datetime64("2000-01-01", "us")) / np.timedelta64(1, "s")  # NaN without a time
    offset = np.array([time.utc_offset if time else None for time in times], "timedelta64[s]")
    offset = offset / np.timedelta64(1, "s")
    usual = np.zeros(int(strand.max()) + 1)
    said = ~np.isnan(offset)
    pairs, counts = np.unique(np.stack([strand[said], offset[said]]), axis=1, return_counts=True)
    # The offset said most often comes last and stays; of equals the least does.
    for place in np.lexsort((-pairs[1], counts)):
        usual[int(pairs[0, place])] = pairs[1, place]
    return np.asarray(since - np.where(said, offset, usual[strand]))
