"""Series of near-identical photos: finding and ranking them."""

from phototriage.series.grouping import CLIP_SIMILARITY, DEFAULT_GAP, LOOK_SIMILARITY, group, series_by_folder
from phototriage.series.ranking import RankedPhoto, RankedSeries, rank_series
from phototriage.series.reasons import Reason
from phototriage.series.shot import Series, SeriesKind, Shot, merge_copies, shots_of
from phototriage.series.verdict import Verdict

__all__ = [
    "CLIP_SIMILARITY",
    "DEFAULT_GAP",
    "LOOK_SIMILARITY",
    "RankedPhoto",
    "RankedSeries",
    "Reason",
    "Series",
    "SeriesKind",
    "Shot",
    "Verdict",
    "group",
    "merge_copies",
    "rank_series",
    "series_by_folder",
    "shots_of",
]
