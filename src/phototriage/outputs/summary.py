"""Summary figures of a ranked folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from phototriage.file_status import statuses
from phototriage.outputs.features.tables import human_size
from phototriage.series import RankedPhoto, RankedSeries

__all__ = ["RankingFigures", "ranking_figures"]

_AT_ONCE = 10_000
"""Files whose status is in memory at a time."""


@dataclass(frozen=True)
class RankingFigures:
    """Counts over a ranked folder.

    photos, series, picks: counts; a single photo is not a series. too_close: series with photos that are too
    close to call. kept_whole: brackets, stacks and panoramas. singles: photos without a series. beside:
    photos of series that are not picks. beside_bytes: the size of their files on disk.
    """

    photos: int
    series: int
    picks: int
    too_close: int
    kept_whole: int
    singles: int
    beside: int
    beside_bytes: int

    def named(self) -> dict[str, str]:
        """Name → value, formatted for people."""
        return {
            "photos": f"{self.photos:,}",
            "series": f"{self.series:,}",
            "picks": f"{self.picks:,}",
            "series too close to call": f"{self.too_close:,}",
            "series kept whole": f"{self.kept_whole:,}",
            "single photos, not shown": f"{self.singles:,}",
            f"in {self.beside:,} photos beside the picks": human_size(self.beside_bytes),
        }


def ranking_figures(folder: Path, ranked: Sequence[RankedSeries]) -> RankingFigures:
    """Counts the ranked photos and series, and adds up the file sizes of the photos that are not picks."""
    photos = [each for series in ranked for each in series.photos]
    chosen = [series for series in ranked if series.kind == "series"]
    singles = sum(series.kind == "single" for series in ranked)
    beside = [each for each in photos if each.outcome in ("close", "rest")]
    return RankingFigures(
        photos=len(photos),
        series=len(ranked) - singles,
        picks=sum(each.outcome == "pick" for each in photos),
        too_close=sum(series.too_close for series in chosen),
        kept_whole=len(ranked) - singles - len(chosen),
        singles=singles,
        beside=len(beside),
        beside_bytes=_bytes(folder, beside),
    )


def _bytes(folder: Path, photos: Sequence[RankedPhoto]) -> int:
    """The size of the photos' files on disk; missing files count as 0."""
    names = [name for photo in photos for name in photo.files]
    total = 0
    for start in range(0, len(names), _AT_ONCE):
        some = statuses([folder / name for name in names[start : start + _AT_ONCE]])
        total += sum(status.st_size for status in some if not isinstance(status, OSError))
    return total
