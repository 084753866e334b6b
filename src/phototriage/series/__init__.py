"""Series of near-identical photos: finding and ranking them."""

from phototriage.series.by_hand import regroup
from phototriage.series.decided import SeriesState, only_decided, state_of, with_decisions
from phototriage.series.grouping import (
    DEFAULT_GAP,
    LITE_SIMILARITY,
    LOOK_SIMILARITY,
    Fetch,
    group,
    series_by_folder,
)
from phototriage.series.ranking import RankedPhoto, RankedSeries, rank_series
from phototriage.series.reasons import Reason
from phototriage.series.shot import Series, SeriesKind, Shot, merge_copies, shots_of, shots_of_names
from phototriage.series.verdict import Verdict

__all__ = [
    "DEFAULT_GAP",
    "LITE_SIMILARITY",
    "LOOK_SIMILARITY",
    "Fetch",
    "RankedPhoto",
    "RankedSeries",
    "Reason",
    "Series",
    "SeriesKind",
    "SeriesState",
    "Shot",
    "Verdict",
    "group",
    "merge_copies",
    "only_decided",
    "rank_series",
    "regroup",
    "series_by_folder",
    "shots_of",
    "shots_of_names",
    "state_of",
    "with_decisions",
]
