"""A ranked folder in a few figures."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from phototriage.outputs.features.tables import human_size
from phototriage.series import RankedPhoto, RankedSeries

__all__ = ["ranking_figures"]


def ranking_figures(folder: Path, ranked: Sequence[RankedSeries]) -> Iterator[tuple[str, str]]:
    """Name and value: photos, series, picks, and the space that the photos beside the picks take."""
    photos = [each for series in ranked for each in series.photos]
    chosen = [series for series in ranked if series.kind == "series"]
    close = sum(series.too_close for series in chosen)
    single = sum(series.kind == "single" for series in ranked)
    others = [each for each in photos if each.verdict in ("close", "rest")]
    yield "photos", f"{len(photos):,}"
    yield "series", f"{len(ranked) - single:,}"
    yield "picks", f"{sum(each.verdict == 'pick' for each in photos):,}"
    yield "series too close to call", f"{close:,}"
    yield "series kept whole", f"{len(ranked) - single - len(chosen):,}"
    yield "single photos, not shown", f"{single:,}"
    yield f"in {len(others):,} photos beside the picks", human_size(_bytes(folder, others))


def _bytes(folder: Path, photos: Sequence[RankedPhoto]) -> int:
    """What the files of photos take on disk; files that are gone take nothing."""
    total = 0
    for photo in photos:
        for name in photo.files:
            with suppress(OSError):
                total += (folder / name).stat().st_size
    return total
