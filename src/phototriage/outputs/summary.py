"""A ranked folder in a few figures."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from phototriage.outputs.features.tables import human_size
from phototriage.series import RankedPhoto, RankedSeries

__all__ = ["RankingFigures", "ranking_figures"]


@dataclass(frozen=True)
class RankingFigures:
    """Counts over a ranked folder.

    photos, series, picks: how many; single photos are no series. too_close: series with photos that are too
    close to call. kept_whole: brackets, stacks and panoramas. singles: photos without a series. beside: the
    photos of series that are no picks. beside_bytes: what their files take on disk.
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
        """Name → value, as people read them."""
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
    """Counts what was ranked, and looks up the sizes of the files beside the picks."""
    photos = [each for series in ranked for each in series.photos]
    chosen = [series for series in ranked if series.kind == "series"]
    singles = sum(series.kind == "single" for series in ranked)
    beside = [each for each in photos if each.verdict in ("close", "rest")]
    return RankingFigures(
        photos=len(photos),
        series=len(ranked) - singles,
        picks=sum(each.verdict == "pick" for each in photos),
        too_close=sum(series.too_close for series in chosen),
        kept_whole=len(ranked) - singles - len(chosen),
        singles=singles,
        beside=len(beside),
        beside_bytes=_bytes(folder, beside),
    )


def _bytes(folder: Path, photos: Sequence[RankedPhoto]) -> int:
    """What the files of photos take on disk; files that are gone take nothing."""
    total = 0
    for photo in photos:
        for name in photo.files:
            with suppress(OSError):
                total += (folder / name).stat().st_size
    return total
